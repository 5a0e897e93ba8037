"""Copies of training files on the platform whose jobs have ended: customers' data that nobody needs there."""

import asyncio
from contextlib import suppress

from domain.outcomes import Answered, NotFound
from services import platform_uploads
from services.platform_uploads import SpentCopy
from worker.context import Context
from worker.sweeps.platform_uploads import PATIENCE


async def run_once(context: Context) -> dict[str, int]:
    """Return how many copies were deleted on the platform; what is left stays due."""
    async with context.database.transaction() as session:
        spent = await platform_uploads.claim_spent(session, checks=context.pace.duplicate_checks)
    deleted = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE.total_seconds()):
            for copy in spent:
                if not await _delete(context, copy):
                    break
                deleted += 1
    return {"deleted": deleted}


async def _delete(context: Context, copy: SpentCopy) -> bool:
    """Delete one copy; tell whether it is gone and the next may follow."""
    async with context.database.transaction() as session:
        if await platform_uploads.lacks_routes(
            session, credential_id=copy.credential_id, of=platform_uploads.DELETION
        ):
            return False
    outcome = await context.platform.delete_file(copy.platform_file_id)
    async with context.database.transaction() as session:
        await platform_uploads.finish_spent(session, copy, outcome)
    return isinstance(outcome, Answered | NotFound)
