"""A drain: claims due rows of its stage in batches and works them concurrently until none is due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

from crash_points import CrashPoint, reach
from domain.errors import Unavailable
from domain.stages import Stage
from services.transitions import ClaimLost
from worker import metrics
from worker.wake import Wakes

Row = TypeVar("Row")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Generic[Row]):
    """What is particular to a stage.

    `claim(limit)` returns rows that are now ours; `work(row)` does one row to its end; `hand_back(row)`
    gives up a row whose work was cut short by the shutdown; `describe(row)` goes into every log line.
    """

    stage: Stage
    concurrency: int
    claim: Callable[[int], Awaitable[Sequence[Row]]]
    work: Callable[[Row], Awaitable[None]]
    hand_back: Callable[[Row], Awaitable[None]]
    describe: Callable[[Row], dict[str, str]]


class RunningDrain(Generic[Row]):
    """A drain at work."""

    def __init__(self, drain: Drain[Row], wakes: Wakes, interval: timedelta) -> None:
        self._drain = drain
        self._wakes = wakes
        self._interval = interval
        self._tasks: dict[asyncio.Task[None], Row] = {}
        self._stopping = False

    async def run(self) -> None:
        """Claim and work until `stop`."""
        while not self._stopping:
            await self._wakes.wait(self._drain.stage, self._interval)
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
        for row in cut.values():
            await self._hand_back(row)

    async def _hand_back(self, row: Row) -> None:
        try:
            await self._drain.hand_back(row)
        except Unavailable as error:
            _log.warning("cannot hand back; the claim runs out", error=str(error.__cause__ or error))

    async def _claim_once(self) -> bool:
        """Claim as many rows as there is room for; tell whether more may be due."""
        room = self._drain.concurrency - len(self._tasks)
        if room <= 0:
            return False
        try:
            rows = await self._drain.claim(room)
        except Unavailable as error:
            _log.warning("cannot claim", stage=self._drain.stage, error=str(error.__cause__ or error))
            return False
        except Exception:  # noqa: BLE001 - one stage that cannot claim must not stop the others
            _log.exception("claiming broke", stage=self._drain.stage)
            return False
        if rows:
            reach(CrashPoint.CLAIMED)
        for row in rows:
            task = asyncio.create_task(self._work(row), name=f"{self._drain.stage}")
            self._tasks[task] = row
            task.add_done_callback(self._done)
        return len(rows) == room

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        # There is room again, and what was due may have been left for want of it.
        if len(self._tasks) + 1 >= self._drain.concurrency:
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
            _log.warning("a part is away; the claim runs out", error=str(error.__cause__ or error))
            return "unavailable"
        except Exception:  # noqa: BLE001 - whatever broke, the other rows go on
            # The claim runs out and counts as a crash: five of them end the row.
            _log.exception("a step broke", stage=self._drain.stage)
            return "broke"
        return "done"
