"""A training file looked at: read piece by piece, looked at in processes of their own, recorded."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import structlog

from crash_points import CrashPoint, reach
from domain.errors import NotFound, Unavailable
from domain.stages import Stage
from domain.training_data.examination import Examined, Observed
from domain.training_data.personal_data.policies import Policy
from domain.training_data.quality import leak
from domain.training_data.report import examined_record
from domain.training_data.tokens import joined
from examining import pool
from examining.pool import ExaminationBroke, observe_all
from examining.wanted import Copy, Wanted
from services import file_reports
from services.file_reports import Examination
from services.transitions import ClaimLost
from worker.context import Context
from worker.heartbeat import BEATS_PER_LEASE
from worker.recording import record

NOTHING: Final = Examined((), {})
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
    try:
        observed, copy = await _observe(context, examination)
        examined = await context.examiners.conclude(observed) if observed else NOTHING
    except (ExaminationBroke, NotFound) as error:
        await _failed(context, examination, str(error))
        return
    reach(CrashPoint.FILE_EXAMINED)
    await _record(context, examination, observed, examined, copy)
    context.wake(Stage.ADVANCE)


async def _observe(
    context: Context, examination: Examination
) -> tuple[list[Observed], file_reports.Copy | None]:
    """Look at all pieces, and write the copy that jobs train on, if the file waits for one."""
    wanted = _wanted(examination)
    chunks = context.blobs.read(examination.blob_key, chunk_size=pool.CHUNK_BYTES)
    async with aclosing(observe_all(context.examiners, chunks, lambda: wanted)) as pieces:
        if wanted.copy is None:
            return [piece async for piece in pieces], None
        return await _copied(context, examination, pieces)


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
    context: Context, examination: Examination, pieces: AsyncGenerator[Observed, None]
) -> tuple[list[Observed], file_reports.Copy | None]:
    """Write the copy while the pieces come; there is none if it would be the same as the file."""
    observed: list[Observed] = []
    size = dropped = changed = 0
    async with context.blobs.writer(examination.copy_key) as writer:
        async for piece in pieces:
            content = piece.copy or b""
            await writer.write(content)
            size, dropped, changed = size + len(content), dropped + piece.dropped, changed + piece.changed
            observed.append(Observed(piece.seen))
    if not dropped and not changed:
        await context.blobs.delete(examination.copy_key)
        return observed, None
    return observed, file_reports.Copy(
        blob_key=examination.copy_key, size=size, dropped=dropped, changed=changed
    )


async def _record(
    context: Context,
    examination: Examination,
    observed: list[Observed],
    examined: Examined,
    copy: file_reports.Copy | None,
) -> None:
    seen: dict[str, list[Any]] = {
        name: [piece.seen[name] for piece in observed] for name in ("tokens", "fingerprints")
    }
    try:
        await record(
            context.database,
            lambda session: file_reports.finish(
                session,
                examination,
                examined=examined_record(examined),
                copy=copy,
                token_counts=joined(seen["tokens"]).to_bytes() if observed else None,
                fingerprints=leak.combined(seen["fingerprints"]).to_bytes() if observed else None,
            ),
        )
    except ClaimLost:
        if copy is not None:
            await context.blobs.delete(copy.blob_key)
        raise


async def _failed(context: Context, examination: Examination, reason: str) -> None:
    _log.warning("a file could not be examined", reason=reason, attempt=examination.attempt)
    await record(context.database, lambda session: file_reports.fail(session, examination, reason))
    context.wake(Stage.ADVANCE)
