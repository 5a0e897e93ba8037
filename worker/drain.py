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
from leaving import cut, within
from services.transitions import ClaimLost
from worker import metrics
from worker.quarantine import Quarantine
from worker.wake import Wakes

Row = TypeVar("Row")
RETURN_EVERY = timedelta(milliseconds=200)
"""How often it is tried to hand claims back that could not be: sooner than anybody claims again."""
CLAIMING = timedelta(seconds=2)
"""What a claim that is under way at a stop may take before what has not begun is handed back without it."""
LETTING_GO = timedelta(milliseconds=500)
"""What a step may take to end once it is cut short."""
HANDING_BACK = timedelta(seconds=2)
"""What the database may take for it at a stop; then the claims run out instead."""
AGAIN_AFTER = 0.2
"""Seconds until the next try to hand back, if the database did not take it."""
_log = structlog.get_logger(__name__)


class NotBegun(Exception):  # noqa: N818 - it says what happened
    """The worker stops before the next call; nothing of it has left, and the row is given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Generic[Row]):
    """What is particular to a stage.

    `claim(limit)` returns rows that are now ours; `work(row)` does one row to its end, or raises `NotBegun`
    at a stop; `hand_back(rows)` gives up, in one transaction, rows whose work a stop prevented or cut short;
    `begun(row)` tells whether anything of it has left; `describe(row)` goes into every log line. Where
    crashes are counted, `claim` leaves suspects alone, and `claim_suspect(crashes)` returns one of that many.
    """

    stage: Stage
    concurrency: int
    claim: Callable[[int], Awaitable[Sequence[Row]]]
    work: Callable[[Row], Awaitable[None]]
    hand_back: Callable[[Sequence[Row]], Awaitable[None]]
    begun: Callable[[Row], bool]
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
        self._claiming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Before anything else is begun, try one row that will be given up if its worker dies once more."""
        for row in await self._claimed(self._quarantine.first):
            await asyncio.wait({self._begin(row)}, timeout=OPENING.total_seconds())

    def start(self, after: asyncio.Task[None] | None = None) -> asyncio.Task[None]:
        """Begin to claim and to work; return the loop of claims, which ends with `finish` and not before."""
        self._claiming = asyncio.create_task(self._run(after), name=f"{self._drain.stage} claims")
        return self._claiming

    async def finish(self, grace: timedelta) -> None:
        """Claim no more, and be through with what is in hand.

        What has not begun is handed back at once; the rest gets `grace` to end, is then cut short and handed
        back as well. Takes at most `grace`, `LETTING_GO` and `HANDING_BACK`, whatever hangs.
        """
        give_up = _now() + grace.total_seconds()
        self._stop()
        if self._claiming is not None:
            await asyncio.wait({self._claiming}, timeout=min(grace, CLAIMING).total_seconds())
        await cut([task for task, row in self._tasks.items() if not self._drain.begun(row)], LETTING_GO)
        await self._hand_back(give_up)
        while (under_way := self._under_way()) and _now() < give_up:
            left = give_up - _now()
            await asyncio.wait(under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await self._hand_back(give_up)
        await cut(self._under_way(), LETTING_GO)
        self._to_return += self._tasks.values()  # their fence keeps out what they might still write
        await self._hand_back(_now() + HANDING_BACK.total_seconds())

    def _under_way(self) -> set[asyncio.Task[None]]:
        claiming = set() if self._claiming is None else {self._claiming}
        return {task for task in (*claiming, *self._tasks) if not task.done()}

    def _stop(self) -> None:
        self._stopping = True
        self._wakes.wake(self._drain.stage)

    async def _hand_back(self, give_up: float) -> None:
        """Hand back what can be by now, in good time; what the database does not take, is tried once more."""
        rows, self._to_return = self._to_return, []
        longest = min(HANDING_BACK, timedelta(seconds=max(0.0, give_up - _now())))
        if rows and not await within(longest, self._hand_back_in_the_end(rows)):
            _log.warning("not handed back; if so it stays, the claims run out", count=len(rows))
            self._to_return += rows

    async def _hand_back_in_the_end(self, rows: Sequence[Row]) -> None:
        while True:
            try:
                await self._drain.hand_back(rows)
            except Unavailable as error:
                _log.warning("not handed back yet", error=str(error.__cause__ or error))
                await asyncio.sleep(AGAIN_AFTER)
            except Exception:  # noqa: BLE001 - their claims run out; the other stages have to stop as well
                _log.exception("handing back broke", stage=self._drain.stage)
                return
            else:
                _log.info("handed back", stage=self._drain.stage, count=len(rows))
                return

    async def _run(self, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        while not self._stopping:
            longest = min(self._interval, RETURN_EVERY) if self._to_return else self._interval
            await self._wakes.wait(self._drain.stage, longest)
            more = not self._stopping
            while more:
                more = await self._claim_once() and not self._stopping

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

    async def _return(self) -> None:
        """Hand back rows whose work was cut short; what cannot be now stays on the list."""
        rows, self._to_return = self._to_return, []
        try:
            await self._drain.hand_back(rows)
        except Unavailable as error:
            _log.warning("cannot hand back", count=len(rows), error=str(error.__cause__ or error))
            self._to_return += rows
        except Exception:  # noqa: BLE001 - their claims run out
            _log.exception("handing back broke", stage=self._drain.stage)

    async def _claimed(self, claim: Callable[[], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
        """Claim and return what is to be worked on: nothing once the worker stops."""
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
        if self._stopping:
            self._to_return += rows
            return []
        return rows

    def _begin(self, row: Row) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(row), name=f"{self._drain.stage}")
        self._tasks[task] = row
        task.add_done_callback(self._done)
        self._quarantine.watch(row, task)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        row = self._tasks.pop(task)
        if self._stopping and task.cancelled():
            self._to_return.append(row)
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
        except NotBegun:
            self._to_return.append(row)
            return "handed_back"
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


def _now() -> float:
    return asyncio.get_running_loop().time()
