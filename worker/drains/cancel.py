"""Cancels that are due: with room of their own, so that polls of a slow platform cannot keep them waiting.

Nobody rings for it. Where there is room, the stage of the jobs that are tracked takes them sooner.
"""

from domain.jobs import Job
from domain.stages import Stage
from services import claims
from worker.context import Context
from worker.drain import Drain
from worker.drains import jobs
from worker.heartbeat import Heartbeat

CONCURRENCY = 4


def drain(context: Context, heartbeat: Heartbeat) -> Drain[Job]:
    """Return the stage."""
    return jobs.drain(
        context, heartbeat, stage=Stage.CANCEL, concurrency=CONCURRENCY, claim=claims.claim_cancelling
    )
