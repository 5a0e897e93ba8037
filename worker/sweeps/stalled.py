"""Jobs that stand still: an event first, then a failure with a code a person can act on."""

from domain.deadlines import DEADLINES
from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many jobs were warned about and how many were given up."""
    warned = failed = 0
    for state in DEADLINES:
        async with context.database.transaction() as session:
            failed += await upkeep.fail_stalled(session, state)
        async with context.database.transaction() as session:
            warned += await upkeep.warn_stalled(session, state)
    return {"warned": warned, "failed": failed}
