"""Jobs on their way to the platform, or being collected after their end."""

from collections.abc import Sequence
from functools import partial

from domain.jobs import Job
from domain.stages import Stage
from services import claims
from worker.context import Context
from worker.drain import Drain
from worker.drains import jobs
from worker.heartbeat import Heartbeat

CONCURRENCY = 16
"""Uploads and creates under way in one worker."""


def drain(context: Context, heartbeat: Heartbeat) -> Drain[Job]:
    """Return the stage."""

    async def claim(limit: int) -> Sequence[Job]:
        async with context.database.transaction() as session:
            return await claims.claim_advancing(session, lease=context.pace.lease, limit=limit)

    return Drain(
        stage=Stage.ADVANCE,
        concurrency=CONCURRENCY,
        claim=claim,
        work=partial(jobs.work, context, heartbeat),
        hand_back=partial(jobs.hand_back, context),
        describe=jobs.describe,
    )
