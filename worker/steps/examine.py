"""A training file looked at: read piece by piece, looked at in processes of their own, recorded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from crash_points import CrashPoint, reach
from domain.deadlines import CRASHES_ALLOWED
from domain.errors import NotFound, Unavailable
from domain.stages import Stage
from domain.training_data.examination import Examined, Observed
from domain.training_data.personal_data.policies import Policy
from domain.training_data.report import examined_record
from examining import pool
from examining.gathering import Gathering
from examining.pool import ExaminationBroke, Pool, observe_all
from examining.wanted import Copy, Kept, Wanted
from services import file_reports
from services.file_reports import Examination
from services.transitions import ClaimLost
from worker.context import Context
from worker.heartbeat import BEATS_PER_LEASE
from worker.recording import record

NOTHING: Final = Examined((), {})
_WORKERS_STOPPED: Final = "the workers that looked at it stopped in the middle"
_log = structlog.get_logger(__name__)


async def examine(context: Context, examination: Examination) -> None:
    """Look at a file, and say what was found; the claim is renewed meanwhile."""
    looking_at = asyncio.create_task(_look(context, examination))
    renewing = asyncio.create_task(_renew_on(context, examination))
    try:
        await asyncio.wait({looking_at, renewing}, return_when=asyncio.FIRST_COMPLETED)
        if looking_at.done():
            looking_at.result()
        else:
            renewing.result()  # the claim is lost
    finally:
        looking_at.cancel()
        renewing.cancel()
        await asyncio.gather(looking_at, renewing, return_exceptions=True)


async def _renew_on(context: Context, examination: Examination) -> None:
    lease = context.pace.lease
    while True:
        await asyncio.sleep(lease.total_seconds() / BEATS_PER_LEASE)
        try:
            async with context.database.transaction() as session:
                await file_reports.renew(session, examination, lease=lease)
        except Unavailable as error:
            _log.warning("not renewed", error=str(error.__cause__ or error))


async def _look(context: Context, examination: Examination) -> None:
    if examination.attempt > CRASHES_ALLOWED:
        await _failed(context, examination, _WORKERS_STOPPED)
        return
    try:
        found = await _found(context, examination)
    except (ExaminationBroke, NotFound) as error:
        await _failed(context, examination, str(error))
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - whatever a look stumbles over, it is that file's trouble alone
        _log.exception("a look at a file broke")
        await _failed(context, examination, "one of the looks at it broke")
    else:
        reach(CrashPoint.FILE_EXAMINED)
        await _record(context, examination, found)
        context.wake(Stage.ADVANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look came to; `kept` is None where the file was empty, `copy` where none was to be made."""

    examined: Examined
    kept: Kept | None
    copy: file_reports.Copy | None


@asynccontextmanager
async def _examiners(context: Context, examination: Examination) -> AsyncIterator[Pool]:
    """Give a file that broke a process before one of its own, so that no other breaks with it again."""
    if examination.attempt == 1:
        yield context.examiners
        return
    alone = context.examiners.alone()
    try:
        yield alone
    finally:
        alone.close()


async def _found(context: Context, examination: Examination) -> Found:
    async with _examiners(context, examination) as examiners:
        seen, copy = await _observe(context, examination, examiners)
        try:
            if not seen:
                return Found(examined=NOTHING, kept=None, copy=copy)
            return Found(examined=await seen.conclude(), kept=await seen.keep(), copy=copy)
        except BaseException:
            if copy is not None:
                await context.blobs.delete(copy.blob_key)
            raise


async def _observe(
    context: Context, examination: Examination, examiners: Pool
) -> tuple[Gathering, file_reports.Copy | None]:
    """Look at all pieces, and write the copy that jobs train on, if the file waits for one."""
    wanted = _wanted(examination)
    chunks = context.blobs.read(examination.blob_key, chunk_size=pool.CHUNK_BYTES)
    seen = Gathering(examiners)
    async with aclosing(observe_all(examiners, chunks, lambda: wanted)) as pieces:
        if wanted.copy is not None:
            return seen, await _copied(context, examination, pieces, seen)
        async for piece in pieces:
            await seen.add(piece)
    return seen, None


def _wanted(examination: Examination) -> Wanted:
    redacts = examination.policy is Policy.REDACT
    copy = Copy.REDACTED if redacts else Copy.CLEANED
    faulty = examination.structure["faulty_count"] > 0
    return Wanted(
        kind=examination.structure["kind"],
        personal_data=examination.policy is not Policy.ALLOW,
        copy=copy if examination.decides and (redacts or faulty) else None,
    )


async def _copied(
    context: Context, examination: Examination, pieces: AsyncGenerator[Observed, None], seen: Gathering
) -> file_reports.Copy | None:
    """Write the copy while the pieces come; there is none if it would be the same as the file."""
    size = dropped = changed = 0
    async with context.blobs.writer(examination.copy_key) as writer:
        async for piece in pieces:
            content = piece.copy or b""
            await writer.write(content)
            size, dropped, changed = size + len(content), dropped + piece.dropped, changed + piece.changed
            await seen.add(piece)
    if not dropped and not changed:
        await context.blobs.delete(examination.copy_key)
        return None
    return file_reports.Copy(blob_key=examination.copy_key, size=size, dropped=dropped, changed=changed)


async def _record(context: Context, examination: Examination, found: Found) -> None:
    examined, kept, copy = examined_record(found.examined), found.kept, found.copy
    try:
        await record(
            context.database,
            lambda session: file_reports.finish(
                session,
                examination,
                examined=examined,
                copy=copy,
                token_counts=kept.token_counts if kept else None,
                fingerprints=kept.fingerprints if kept else None,
            ),
        )
    except ClaimLost:
        # It seems lost, too, if an earlier try of this record was kept, and only its answer was not heard.
        if copy is None or not await _is_used(context, examination, copy):
            raise
    else:
        if copy is not None:
            await _is_used(context, examination, copy)


async def _is_used(context: Context, examination: Examination, copy: file_reports.Copy) -> bool:
    """Tell whether jobs train on the copy; delete it if they do not."""
    async with context.database.transaction() as session:
        used = await file_reports.uses_copy(session, examination, copy)
    if not used:
        await context.blobs.delete(copy.blob_key)
    return used


async def _failed(context: Context, examination: Examination, reason: str) -> None:
    _log.warning("a file could not be examined", reason=reason, attempt=examination.attempt)
    await record(context.database, lambda session: file_reports.fail(session, examination, reason))
    context.wake(Stage.ADVANCE)
