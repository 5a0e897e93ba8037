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
from services.transitions import ClaimLost
from worker import metrics

T = TypeVar("T")
Work = Callable[[Session], Awaitable[T]]

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
GIVE_UP_AFTER = 600.0
"""Seconds. A record that fails for longer while its claim is prolonged has a trouble of its own."""
_log = structlog.get_logger(__name__)


async def record(database: Database, work: Work[T], *, instead: Work[T] | None = None) -> T:
    """Run a transaction until Postgres has answered it.

    Args:
        database: where.
        work: what to write; run again, it must meet its own fence, so that nothing is written twice.
        instead: what to answer where the fence refuses `work` after a try of which nobody knows whether it
            was kept: that try may be who gave the claim back.

    Raises:
        ClaimLost: another worker holds what this is about.
        Unavailable: the server did not take it for ten minutes.
    """
    undecided = False
    pauses = _pauses()
    while True:
        try:
            return await _once(database, work, instead if undecided else None)
        except Unavailable as error:
            undecided = undecided or isinstance(error, Undecided)
            if (pause := next(pauses, None)) is None:
                raise
            _log.warning("not recorded yet", error=str(error.__cause__ or error), undecided=undecided)
            metrics.RECORDS_REPEATED.inc()
            await asyncio.sleep(pause)


async def record_job(database: Database, job: Job, work: Work[Job | None]) -> Job | None:
    """Record what became of a step; return the job if its next step may follow under the same claim.

    An earlier try that was kept unnoticed is found out about: then the job is as that one left it.
    """
    return await record(database, work, instead=lambda session: claims.still_held(session, job=job))


async def _once(database: Database, work: Work[T], instead: Work[T] | None) -> T:
    try:
        async with database.transaction() as session:
            return await work(session)
    except ClaimLost:
        if instead is None:
            raise
    _log.info("an earlier try of this record was kept, or another worker went on since")
    async with database.transaction() as session:
        return await instead(session)


def _pauses() -> Iterator[float]:
    """Yield longer and longer pauses, jittered so that many records do not come back at once."""
    longest, waited = FIRST_PAUSE, 0.0
    while waited < GIVE_UP_AFTER:
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - jitter
        waited += pause
        longest = min(LONGEST_PAUSE, longest * 2)
        yield pause
