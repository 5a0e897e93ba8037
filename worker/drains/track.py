"""Jobs the platform is working on."""

from domain.jobs import Job
from domain.stages import Stage
from services import claims
from worker.context import Context
from worker.drain import Drain
from worker.drains import jobs
from worker.heartbeat import Heartbeat

CONCURRENCY = 32
"""Polls under way in one worker."""


def drain(context: Context, heartbeat: Heartbeat) -> Drain[Job]:
    """Return the stage."""
    return jobs.drain(
        context, heartbeat, stage=Stage.TRACK, concurrency=CONCURRENCY, claim=claims.claim_tracked
    )
