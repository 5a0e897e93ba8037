"""Bytes of files that were deleted or have expired, and that no living job needs."""

from services import upkeep
from worker.context import Context


async def run_once(context: Context) -> dict[str, int]:
    """Return how many blobs were deleted."""
    async with context.database.transaction() as session:
        unused = await upkeep.unused_blobs(session)
    for file_id, blob_key in unused:
        await context.blobs.delete(blob_key)
        async with context.database.transaction() as session:
            await upkeep.blob_deleted(session, file_id=file_id)
    return {"deleted": len(unused)}
