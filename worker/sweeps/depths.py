"""How much waits in each stage, for the metrics: the first thing to look at when something is slow."""

from domain.job_state import TERMINAL, JobState
from services import upkeep
from worker import metrics
from worker.context import Context

STAGES = (*(state.value for state in JobState if state not in TERMINAL), "delivery")


async def run_once(context: Context) -> dict[str, int]:
    """Set the gauges; counts nothing."""
    async with context.database.transaction() as session:
        found = {stage: rest for stage, *rest in await upkeep.queue_depths(session)}
    for stage in STAGES:
        waiting, due, overdue = found.get(stage, (0, 0, 0.0))
        metrics.WAITING.labels(stage).set(waiting)
        metrics.DUE.labels(stage).set(due)
        metrics.OVERDUE.labels(stage).set(overdue)
    return {}
