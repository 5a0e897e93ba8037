"""Looks at the jobs of a run while it goes on: changes of state, when they came, stale claims."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from chaos import truth
from chaos.world import World

if TYPE_CHECKING:
    from concurrent.futures import Future

EVERY: Final = 0.15
SLACK: Final = 5.0
"""Seconds beyond lease and sweep that a machine under load may take to free a claim."""


@dataclass(frozen=True)
class Seen:
    """A job at one look."""

    state: str
    sequence: int
    ran: bool


@dataclass
class Watch:
    """Use it as a context manager around a run; `calm_at` is set when the fault has ended."""

    world: World
    run: str
    courses: dict[str, list[Seen]] = field(default_factory=dict)
    moved_at: list[float] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)
    calm_at: float | None = None
    _looking: "Future[None] | None" = None

    def __enter__(self) -> Self:
        self._looking = asyncio.run_coroutine_threadsafe(self._look_on(), self.world.background.loop)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._looking is not None
        self._looking.cancel()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
            except truth.AWAY:
                continue

    async def _look(self) -> None:
        for row in await self.world.truth.ask(truth.STATES, truth.of_run(self.run)):
            seen = Seen(row["state"], row["sequence"], row["ran"])
            course = self.courses.setdefault(row["id"], [])
            if not course or course[-1] != seen:
                course.append(seen)
                self.moved_at.append(time.monotonic())
        pace = self.world.pace
        grace = pace.lease + pace.sweep + SLACK
        if self.calm_at is not None and time.monotonic() > self.calm_at + grace:
            overdue = timedelta(seconds=pace.sweep + SLACK)
            self.stale |= {row["what"] for row in await self.world.truth.ask(truth.STALE, overdue)}

    def first_move_after(self, moment: float) -> float | None:
        """Return how many seconds after this moment something moved, or None if nothing has."""
        return min((moved - moment for moved in self.moved_at if moved >= moment), default=None)
