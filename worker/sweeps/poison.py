"""Jobs and deliveries that killed their worker five times."""

from domain.stages import Stage
from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many jobs were failed as `worker_crash_loop`, and how many deliveries exhausted."""
    async with context.database.transaction() as session:
        failed = await upkeep.fail_poisonous(session)
    if failed:
        context.wake(Stage.DELIVER)
    async with context.database.transaction() as session:
        return {"failed": failed, "exhausted": await upkeep.exhaust_poisonous(session)}
