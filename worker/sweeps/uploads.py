"""Uploads: the late ones expire, and of those that ended no byte stays but the file."""

from services import upkeep
from worker.context import Context

MOST_BATCHES = 20
"""So that one run ends; the next goes on."""


async def run_once(context: Context) -> dict[str, int]:
    """Return how many uploads expired, and how many parts and uploads were swept up or forgotten."""
    async with context.database.transaction() as session:
        expired = await upkeep.expire_uploads(session)
    parts = 0
    for _ in range(MOST_BATCHES):
        swept = await _sweep_parts(context)
        parts += swept
        if swept < upkeep.BATCH:
            break
    ended = await _sweep_uploads(context)
    async with context.database.transaction() as session:
        forgotten = await upkeep.forget_old_uploads(session, retention=context.pace.retention)
    return {"expired": expired, "parts": parts, "swept": ended, "forgotten": forgotten}


async def _sweep_parts(context: Context) -> int:
    async with context.database.transaction() as session:
        unneeded = await upkeep.unneeded_parts(session)
    for _, blob_key in unneeded:
        await context.blobs.delete(blob_key)
    if unneeded:
        async with context.database.transaction() as session:
            await upkeep.parts_deleted(session, part_ids=[part_id for part_id, _ in unneeded])
    return len(unneeded)


async def _sweep_uploads(context: Context) -> int:
    """Delete what attempts to complete an upload may have left, once its parts are gone."""
    async with context.database.transaction() as session:
        ended = await upkeep.uploads_without_parts(session)
    for _, blob_keys in ended:
        for blob_key in blob_keys:
            await context.blobs.delete(blob_key)
    if ended:
        async with context.database.transaction() as session:
            await upkeep.uploads_swept(session, upload_ids=[upload_id for upload_id, _ in ended])
    return len(ended)
