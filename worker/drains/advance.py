"""Jobs on their way to the platform, or being collected after their end."""

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
    return jobs.drain(
        context, heartbeat, stage=Stage.ADVANCE, concurrency=CONCURRENCY, claim=claims.claim_advancing
    )
