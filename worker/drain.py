"""A drain: claims due rows of its stage in batches and works them concurrently until none is due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar

import structlog

from crash_points import CrashPoint, reach
from domain.crashes import OPENING, Crashes
from domain.errors import Unavailable
from domain.stages import Stage
from services.transitions import ClaimLost
from worker import metrics
from worker.quarantine import Quarantine
from worker.wake import Wakes

Row = TypeVar("Row")
RETURN_EVERY = timedelta(milliseconds=200)
"""How often it is tried to hand claims back that could not be: sooner than anybody claims again."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Generic[Row]):
    """What is particular to a stage.

    `claim(limit)` returns rows that are now ours; `work(row)` does one row to its end; `hand_back(row)`
    gives up a row whose work was cut short; `describe(row)` goes into every log line. Where crashes are
    counted, `claim` leaves suspects alone, and `claim_suspect(crashes)` returns one of that many, or none.
    """

    stage: Stage
    concurrency: int
    claim: Callable[[int], Awaitable[Sequence[Row]]]
    work: Callable[[Row], Awaitable[None]]
    hand_back: Callable[[Row], Awaitable[None]]
    describe: Callable[[Row], dict[str, str]]
    claim_suspect: Callable[[Crashes], Awaitable[Sequence[Row]]] | None = None


class RunningDrain(Generic[Row]):
    """A drain at work."""

    def __init__(self, drain: Drain[Row], wakes: Wakes, interval: timedelta) -> None:
        self._drain = drain
        self._wakes = wakes
        self._interval = interval
        self._tasks: dict[asyncio.Task[None], Row] = {}
        self._to_return: list[Row] = []
        self._quarantine = Quarantine(drain.claim_suspect, interval)
        self._stopping = False

    async def open(self) -> None:
        """Before anything else is begun, try one row that will be given up if its worker dies once more."""
        for row in await self._claimed(self._quarantine.first):
            await asyncio.wait({self._begin(row)}, timeout=OPENING.total_seconds())

    async def run(self) -> None:
        """Claim and work until `stop`."""
        while not self._stopping:
            longest = min(self._interval, RETURN_EVERY) if self._to_return else self._interval
            await self._wakes.wait(self._drain.stage, longest)
            more = not self._stopping
            while more:
                more = await self._claim_once() and not self._stopping

    def stop(self) -> None:
        """Claim no more; what is under way goes on."""
        self._stopping = True
        self._wakes.wake(self._drain.stage)

    async def finish(self, grace: timedelta) -> None:
        """Wait for what is under way, at most `grace`; cut the rest short and hand it back."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace.total_seconds())
        cut = dict(self._tasks)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        self._to_return += [row for row in cut.values() if row not in self._to_return]
        await self._return()

    async def _return(self) -> None:
        """Hand back rows whose work was cut short; what cannot be now stays on the list."""
        for row in list(self._to_return):
            try:
                await self._drain.hand_back(row)
            except Unavailable as error:
                _log.warning("cannot hand back", row=str(row), error=str(error.__cause__ or error))
                return
            except Exception:  # noqa: BLE001 - its claim runs out
                _log.exception("handing back broke", stage=self._drain.stage)
            self._to_return.remove(row)

    async def _claim_once(self) -> bool:
        """Claim as many rows as there is room for; tell whether more may be due."""
        if self._to_return:
            # Before any claim, of other workers as well: what is claimed when it ran out counts as a crash.
            await self._return()
            return False
        room = self._drain.concurrency - len(self._tasks)
        if room <= 0:
            return False
        for row in await self._claimed(self._quarantine.next):
            self._begin(row)
            room -= 1
        rows = await self._claimed(partial(self._drain.claim, room)) if room else []
        for row in rows:
            self._begin(row)
        return room > 0 and len(rows) == room

    async def _claimed(self, claim: Callable[[], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
        try:
            rows = await claim()
        except Unavailable as error:
            _log.warning("cannot claim", stage=self._drain.stage, error=str(error.__cause__ or error))
            return []
        except Exception:  # noqa: BLE001 - one stage that cannot claim must not stop the others
            _log.exception("claiming broke", stage=self._drain.stage)
            return []
        if rows:
            reach(CrashPoint.CLAIMED)
        return rows

    def _begin(self, row: Row) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(row), name=f"{self._drain.stage}")
        self._tasks[task] = row
        task.add_done_callback(self._done)
        self._quarantine.watch(row, task)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        # There is room again, and what was due may have been left for want of it.
        if len(self._tasks) + 1 >= self._drain.concurrency or self._quarantine.holds(task):
            self._wakes.wake(self._drain.stage)

    async def _work(self, row: Row) -> None:
        with structlog.contextvars.bound_contextvars(**self._drain.describe(row)):
            outcome = await self._outcome(row)
        metrics.STEPS.labels(self._drain.stage, outcome).inc()

    async def _outcome(self, row: Row) -> str:
        try:
            await self._drain.work(row)
        except ClaimLost:
            _log.info("another worker holds this now; nothing was kept", stage=self._drain.stage)
            return "claim_lost"
        except Unavailable as error:
            # No crash: this process lives, so that the claim is handed back as soon as that is possible.
            _log.warning("a part is away; the claim is handed back", error=str(error.__cause__ or error))
            self._to_return.append(row)
            return "unavailable"
        except Exception:  # noqa: BLE001 - whatever broke, the other rows go on
            # The claim runs out and counts as a crash: five of them end the row.
            _log.exception("a step broke", stage=self._drain.stage)
            return "broke"
        return "done"
