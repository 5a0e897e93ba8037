"""Blobs that no row knows, left by a process that died after it had published them."""

from collections.abc import AsyncIterator
from datetime import datetime

import structlog

from services import stray_blobs
from worker.context import Context

BATCH = 1000
MOST_DELETED = 1000
"""In one run; the next goes on."""

_log = structlog.get_logger(__name__)


async def run_once(context: Context) -> dict[str, int]:
    """Return how many stray blobs were deleted, and how many were kept because there are too many of them.

    `refused` is there, and 1, where the store is not this database's alone, or was not before this turn.
    """
    async with context.database.transaction() as session:
        before = await stray_blobs.take_turn(session, age=context.pace.stray_blob_age)
        mark = await stray_blobs.mark(session)
    if before is None:
        return {"deleted": 0, "kept": 0}
    if not await _belongs_to_us(context, mark):
        return {"deleted": 0, "kept": 0, "refused": 1}
    return await _sweep(context, before)


async def _belongs_to_us(context: Context, mark: str) -> bool:
    """Tell whether our mark, and no other database's, lay there before this turn; see to it that ours does.

    In the turn in which it is written nothing is deleted: the other database finds it and leaves its own.
    """
    marks = {blob.key async for blob in context.blobs.keys(stray_blobs.MARKS)}
    if mark not in marks:
        async with context.blobs.writer(mark):
            pass
    if others := marks - {mark}:
        _log.error(
            "another database sweeps this storage, or did; nothing is deleted. Give each its own "
            "TUNEWARD_STORAGE_URL, or delete the mark of the one that is no more",
            ours=mark,
            others=sorted(others),
        )
    return marks == {mark}


async def _sweep(context: Context, before: datetime) -> dict[str, int]:
    looked_at = 0
    strays: list[str] = []
    async for keys in _batches(context, before):
        async with context.database.transaction() as session:
            strays += await stray_blobs.unknown_keys(session, keys=keys)
        looked_at += len(keys)
    if stray_blobs.are_suspiciously_many(len(strays), looked_at):
        _warn(strays, looked_at)
        return {"deleted": 0, "kept": len(strays)}
    for key in strays[:MOST_DELETED]:
        await context.blobs.delete(key)
    return {"deleted": len(strays[:MOST_DELETED]), "kept": 0}


def _warn(strays: list[str], looked_at: int) -> None:
    _log.warning(
        "the storage holds many files that the database does not know; none is deleted. Check that "
        "TUNEWARD_STORAGE_URL and DATABASE_URL belong together",
        unknown=len(strays),
        looked_at=looked_at,
        example=strays[0],
    )


async def _batches(context: Context, before: datetime) -> AsyncIterator[list[str]]:
    """Yield the keys of our blobs that are old enough, a batch at a time."""
    batch: list[str] = []
    for folder in stray_blobs.FOLDERS:
        async for blob in context.blobs.keys(folder):
            if blob.modified_at < before and stray_blobs.is_ours(blob.key):
                batch.append(blob.key)
            if len(batch) == BATCH:
                yield batch
                batch = []
    yield batch
