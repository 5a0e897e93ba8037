"""Bytes that nobody needs: of files deleted or expired, and of uploads that a killed process left."""

from datetime import timedelta

from services import upkeep
from worker.context import Context

UNFINISHED_FOR = timedelta(hours=1)


async def run_once(context: Context) -> dict[str, int]:
    """Return how many blobs were deleted."""
    async with context.database.transaction() as session:
        unused = await upkeep.unused_blobs(session)
    for file_id, blob_keys in unused:
        for blob_key in blob_keys:
            await context.blobs.delete(blob_key)
        async with context.database.transaction() as session:
            await upkeep.blob_deleted(session, file_id=file_id)
    return {"deleted": len(unused), "unfinished": await context.blobs.delete_unfinished(UNFINISHED_FOR)}
