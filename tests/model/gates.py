"""Where a worker can be made to stand still, to die, or to lose a commit's answer: around each way out.

Real processes are interrupted anywhere; what another process can tell apart is only what had left by then.
So every call to the platform and to a receiver has a point before and one behind it, every transaction one
before its commit and one behind it. A fate is carried out at a point, which makes a story repeatable.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from db.session import Database, Session
from domain.errors import Undecided

COMMIT = "behind commit"
PLACES = (
    "before upload_file",
    "behind upload_file",
    "before create_job",
    "behind create_job",
    "behind jobs",
    "behind job",
    "behind events",
    "before cancel_job",
    "behind cancel_job",
    "behind attempt",
)
"""Where a blow is worst: around what cannot be taken back."""


class Blow(StrEnum):
    """What happens to a worker in the middle of its work."""

    NONE = "none"
    HALT = "halt"  # it stands still: a slow network, or the whole process is frozen
    DIE = "die"  # SIGKILL: nothing is cleaned up, nothing handed back
    LOSE = "lose"  # a commit succeeds, and its answer is lost


@dataclass(frozen=True, slots=True)
class Fate:
    """A blow at the `at`-th point from now on, or the next time at this place."""

    blow: Blow = Blow.NONE
    at: int | str = 1


UNHURT = Fate()


class Died(BaseException):
    """No `except Exception` of the product stops it, as none would stop a SIGKILL."""


class Gates:
    """The points of one worker."""

    def __init__(self) -> None:
        self._fate = UNHURT
        self._passed = 0
        self._go = asyncio.Event()
        self.halted = asyncio.Event()
        self.place = ""
        """Where it stands still."""

    def decree(self, fate: Fate) -> None:
        self._fate, self._passed = fate, 0

    def open(self) -> None:
        self._go.set()

    async def reach(self, place: str) -> None:
        """Be at a point at which no transaction is open."""
        if not self._struck(place):
            return
        if self._fate.blow is Blow.HALT:
            self.decree(UNHURT)
            self.place = place
            await self._stand()
        elif place == COMMIT:
            self.decree(UNHURT)
            raise Undecided from ConnectionResetError("the answer to the commit was lost")

    async def _stand(self) -> None:
        self._go.clear()
        self.halted.set()
        try:
            await self._go.wait()
        finally:
            self.halted.clear()

    def reach_commit(self) -> None:
        """Be about to commit: nobody can stand still here without standing in others' way."""
        self._struck("before commit")

    def _struck(self, place: str) -> bool:
        self._passed += 1
        at = self._fate.at
        here = at == place if isinstance(at, str) else self._passed >= at
        if here and self._fate.blow is Blow.DIE:
            raise Died
        return here and self._fate.blow is not Blow.NONE


class GatedDatabase(Database):
    """Another process's way to the same pool, behind gates."""

    def __init__(self, database: Database, gates: Gates) -> None:  # no pool of its own
        self.engine = database.engine
        self._gates = gates

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with super().transaction() as session:
            yield session
            self._gates.reach_commit()
        await self._gates.reach(COMMIT)


class Watch(Protocol):
    """Who is told of each call as it leaves, may change what comes back, and knows the time."""

    def left(self, name: str, args: Any) -> None: ...

    def came(self, name: str, outcome: Any) -> Any: ...

    def passing_time(self) -> float: ...


class Gated:
    """A platform or a sender behind gates."""

    def __init__(self, way_out: Any, gates: Gates, watch: Watch) -> None:
        self._way_out = way_out
        self._gates = gates
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._way_out, name)

        async def passing(*args: Any, **named: Any) -> Any:
            await self._gates.reach(f"before {name}")
            self._watch.left(name, args)
            outcome = self._watch.came(name, await call(*args, **named))
            await self._gates.reach(f"behind {name}")
            return outcome

        return passing
