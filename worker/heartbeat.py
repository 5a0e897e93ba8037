"""The heartbeat: prolongs the claims on everything that is under way, and stops work whose claim is not sure.

A claim is surely ours until a lease after it was last asked for, by this machine's own clock of passing time.
Work does not go on beyond that when the database does not answer. After this process itself stood still the
next beat decides, within a sixth of a lease; what leaves for the platform asks a `worker.clock.Sure` itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

import structlog

from db.session import Database
from domain.errors import Unavailable
from domain.jobs import Job
from services import claims, webhook_deliveries
from services.transitions import ClaimLost
from services.webhook_deliveries import Delivery
from worker.clock import RELIED_ON
from worker.clock import now as passing_time
from worker.context import Pace

BEATS_PER_LEASE = 3
WITHIN = 6
"""A beat that was not answered within this part of a lease is tried anew."""
MARGIN = 10
"""The last part of a lease in which nothing is done any more on a claim that was not renewed."""
MISSES = 2
"""Beats in a row that came to nothing, before the database counts as away: by three quarters of a lease."""
LAST_BEAT = 2.0
"""Seconds that a beat under way has when the worker stops."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Hold:
    """A claim in this process's hands, surely until `sure_until`; `stopped` is why its work was cut short.

    What is `recording` is not cut short: it only writes, and the fence refuses what is not ours to write.
    """

    task: asyncio.Task[None] | None
    sure_until: float
    stopped: Exception | None = None
    recording: bool = False

    def stop(self, why: Exception) -> None:
        """Cut the work short, once."""
        if self.stopped is None and self.task is not None and not self.recording:
            self.stopped = why
            self.task.cancel()


Holds = dict[tuple[str, UUID], Hold]
"""By row and claim: this process may claim anew what ran out while it stood still, beside the old work."""
_HELD: ContextVar[Hold | None] = ContextVar("held", default=None)


@contextmanager
def recording() -> Iterator[None]:
    """Let the block go on though the claim of its task is not sure any more: it writes behind the fence."""
    hold = _HELD.get()
    if hold is None:
        yield
        return
    hold.recording = True
    try:
        yield
    finally:
        hold.recording = False


class Heartbeat:
    """Knows what this process holds."""

    def __init__(self, database: Database, pace: Pace, clock: Callable[[], float] = passing_time) -> None:
        self._database = database
        self._lease = pace.lease
        self._seconds = pace.lease.total_seconds()
        self._clock = clock
        self._asked: dict[UUID, float] = {}
        self._jobs: Holds = {}
        self._deliveries: Holds = {}
        self._beats: set[asyncio.Task[None]] = set()
        self._missed = 0

    def now(self) -> float:
        """Return the time that `sure_until` is told in."""
        return self._clock()

    def claimed(self, token: UUID, *, asked: float) -> None:
        """Note when rows were asked for that `token` holds now: no later does their lease begin."""
        old = [known for known, at in self._asked.items() if at < asked - 10 * self._seconds]
        for known in old:
            del self._asked[known]
        self._asked[token] = asked

    @asynccontextmanager
    async def holding(self, job: Job) -> AsyncIterator[None]:
        """Keep the claim on a job alive while the block runs.

        Raises:
            ClaimLost: another worker has it by now; the block was cut short.
            Unavailable: it could not be renewed in time; the block was cut short.
        """
        assert job.claim_token is not None  # noqa: S101 - it was just claimed
        async with self._holding(self._jobs, job.id, job.claim_token):
            yield

    @asynccontextmanager
    async def holding_delivery(self, delivery: Delivery, token: UUID) -> AsyncIterator[None]:
        """Keep the claim on a delivery alive while the block runs; raises as `holding` does."""
        async with self._holding(self._deliveries, delivery.id, token):
            yield

    @asynccontextmanager
    async def _holding(self, holds: Holds, row_id: str, token: UUID) -> AsyncIterator[None]:
        asked = self._asked.get(token, self._clock())
        task = asyncio.current_task()
        hold = holds[row_id, token] = Hold(task, asked + self._seconds)
        before = _HELD.set(hold)
        try:
            yield
        except asyncio.CancelledError:
            if hold.stopped is None or task is None:
                raise
            task.uncancel()
            raise hold.stopped from None
        finally:
            _HELD.reset(before)
            holds.pop((row_id, token), None)

    def surely_holds(self, delivery: Delivery, token: UUID) -> bool:
        """Tell whether the claim on a delivery was taken or renewed so lately that nobody else has it."""
        hold = self._deliveries.get((delivery.id, token))
        end = self._clock() + self._seconds * (1 - RELIED_ON)
        return hold is not None and end < hold.sure_until

    async def run(self) -> None:
        """Beat three times in a lease, more often while it is in vain, for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat_on())
                group.create_task(self._watch())
        finally:
            if self._beats:
                await asyncio.wait(self._beats, timeout=LAST_BEAT)
            for beat in self._beats:
                beat.cancel()

    async def _beat_on(self) -> None:
        pause = self._seconds / BEATS_PER_LEASE
        while True:
            await asyncio.sleep(pause)
            beat = asyncio.create_task(self.beat())
            self._beats.add(beat)
            beat.add_done_callback(self._beaten)
            # One that hangs is left alone: to wait for it, or for its end, is what must not happen here.
            await asyncio.wait({beat}, timeout=self._seconds / WITHIN)
            in_time = beat.done() and not beat.cancelled() and beat.exception() is None
            self._missed = 0 if in_time else self._missed + 1
            pause = self._seconds / (BEATS_PER_LEASE if in_time else 2 * WITHIN)

    def _beaten(self, beat: asyncio.Task[None]) -> None:
        self._beats.discard(beat)
        if not beat.cancelled() and (error := beat.exception()) is not None:
            _log.warning("no heartbeat", error=str(error.__cause__ or error))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / MARGIN / BEATS_PER_LEASE)
            # A process that merely was late asks first: a beat says whether the claims are still ours, and
            # on a busy machine work that is cut short again and again would never end.
            if self._missed >= MISSES:
                self.stop_unsure()

    def stop_unsure(self) -> None:
        """Cut short what is done on claims that may soon be somebody else's."""
        end = self._clock() + self._seconds / MARGIN
        for (row_id, _), hold in [*self._jobs.items(), *self._deliveries.items()]:
            if hold.sure_until < end and hold.stopped is None and not hold.recording:
                _log.warning("the claim could not be renewed in time; its work stops", row_id=row_id)
                hold.stop(Unavailable("The claim could not be renewed in time."))

    async def beat(self) -> None:
        """Prolong every claim, and stop the work on those that are not ours any more.

        Raises:
            Unavailable: the database is away.
        """
        jobs, deliveries = dict(self._jobs), dict(self._deliveries)
        if not jobs and not deliveries:
            return
        asked = self._clock()
        async with self._database.transaction() as session:
            kept = await claims.renew(session, claims=_tokens(jobs), lease=self._lease) if jobs else set()
            if deliveries:
                kept |= await webhook_deliveries.renew(session, claims=_tokens(deliveries), lease=self._lease)
        newest = {**_tokens(jobs), **_tokens(deliveries)}
        for (row_id, token), hold in {**jobs, **deliveries}.items():
            if row_id in kept and newest[row_id] == token:
                hold.sure_until = max(hold.sure_until, asked + self._seconds)
            elif self._is_under_way(row_id, token) and not hold.recording:
                _log.warning("the claim was lost; its work stops", row_id=row_id)
                hold.stop(ClaimLost(row_id))

    def _is_under_way(self, row_id: str, token: UUID) -> bool:
        return (row_id, token) in self._jobs or (row_id, token) in self._deliveries


def _tokens(holds: Holds) -> dict[str, UUID]:
    """Return the token that each row was claimed with last: only that one can still be ours."""
    return dict(holds.keys())
