"""Rows that were kept long enough."""

from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many rows of each kind were deleted."""
    async with context.database.transaction() as session:
        return await upkeep.forget_old(session, retention=context.pace.retention)
