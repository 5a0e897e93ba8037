"""Deliveries that wait for an endpoint that was disabled or deleted."""

from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many deliveries now stand in the log as exhausted."""
    async with context.database.transaction() as session:
        return {"exhausted": await upkeep.exhaust_unreachable(session)}
