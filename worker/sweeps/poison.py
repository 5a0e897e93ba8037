"""Jobs that killed their worker five times."""

from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many jobs were failed as `worker_crash_loop`."""
    async with context.database.transaction() as session:
        return {"failed": await upkeep.fail_poisonous(session)}
