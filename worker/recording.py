"""Records that are kept trying: what was done outside must not be forgotten because Postgres is away.

While it is away nobody can take a claim over, and when it is back the fence decides. So a record goes on
until it is answered, through an outage of minutes; the end of the process cuts it short, no attempt is lost
by that and none is made twice.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import structlog

from db.session import Database, Session
from domain.errors import Unavailable, Undecided
from domain.jobs import Job
from services import claims
from worker import metrics
from worker.heartbeat import recording

T = TypeVar("T")
Work = Callable[[Session], Awaitable[T]]

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
GIVE_UP_AFTER = 600.0
"""Seconds. A record that fails for longer while its claim is prolonged has a trouble of its own."""
_log = structlog.get_logger(__name__)


async def record(database: Database, work: Work[T], *, again: Work[T] | None = None) -> T:
    """Run a transaction until Postgres has answered it.

    Args:
        database: where.
        work: what to write; it must meet its own fence if it was written before.
        again: what to run instead after a try of which nobody knows whether it was kept.

    Raises:
        ClaimLost: another worker holds what this is about.
        Unavailable: the server did not take it for ten minutes.
    """
    with recording():
        return await _until_answered(database, work, again)


async def _until_answered(database: Database, work: Work[T], again: Work[T] | None) -> T:
    pauses = _pauses()
    while True:
        try:
            async with database.transaction() as session:
                return await work(session)
        except Unavailable as error:
            if isinstance(error, Undecided):
                work = again or work
            if (pause := next(pauses, None)) is None:
                raise
            _log.warning("not recorded yet", error=str(error.__cause__ or error))
            metrics.RECORDS_REPEATED.inc()
            await asyncio.sleep(pause)


async def record_job(database: Database, job: Job, work: Work[Job | None]) -> Job | None:
    """Record what became of a step; return the job if its next step may follow under the same claim.

    An earlier try that was kept unnoticed is found out about: then the job is as that one left it. So is a
    take-over by another worker, and nothing is written.

    Args:
        database: where.
        job: as it was when it was claimed, or as the step's own transactions have left it since.
        work: what to write.
    """

    async def again(session: Session) -> Job | None:
        current = await claims.still_held(session, job=job)
        if current is not None and current.state is job.state:
            return await work(session)
        _log.info("an earlier try of this record was kept, or another worker went on since")
        return current

    return await record(database, work, again=again)


def _pauses() -> Iterator[float]:
    """Yield longer and longer pauses, jittered so that many records do not come back at once."""
    longest, waited = FIRST_PAUSE, 0.0
    while waited < GIVE_UP_AFTER:
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter
        waited += pause
        longest = min(LONGEST_PAUSE, longest * 2)
        yield pause
