"""An upload's parts taken in, and put together into its file: claim, move the bytes, record.

No transaction is open while bytes move; whoever died in between leaves a row that tells the sweep where
bytes may lie.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request

from api.intake import Inspection, take_part
from api.resources import Resources
from domain.errors import InvalidRequest, Unavailable, UploadCompleting
from domain.uploads import LEASE, Part, Upload
from services import files, uploads
from services.files import StoredFile
from services.uploads import Arrival, Assembly

BEATS_PER_LEASE = 3


async def add_part(held: Resources, request: Request, *, project_id: str, upload_id: str) -> Part:
    """Take the request's part into an upload.

    Raises:
        NotFound: this project has no such upload.
        Conflict: the upload takes no parts, or none any more by the time this one was here.
        InvalidRequest: the form is not right, or the part is empty, too large or one too many.
    """
    async with held.database.transaction() as session:
        arrival = await uploads.begin_part(session, project_id=project_id, upload_id=upload_id)
    try:
        size, md5 = await take_part(request, held.blobs, arrival)
        async with held.database.transaction() as session:
            return await uploads.finish_part(session, arrival, size=size, md5=md5)
    except Exception as error:
        await _discard(held, arrival, error)
        raise


async def _discard(held: Resources, arrival: Arrival, error: Exception) -> None:
    """Leave nothing of a part that was not taken; where it may have been, the sweep finds out."""
    if isinstance(error, Unavailable):
        return
    await held.blobs.delete(arrival.blob_key)
    async with held.database.transaction() as session:
        await uploads.discard_part(session, arrival)


async def complete(
    held: Resources, *, project_id: str, upload_id: str, part_ids: Sequence[str], md5: str | None
) -> Upload:
    """Make a file of an upload's parts; whatever is refused leaves the upload as it was.

    Raises:
        NotFound: this project has no such upload.
        Conflict: the upload ended, or another request completes it just now.
        InvalidRequest: these parts are not the file that was announced; `param` says by what.
        InvalidFile: the training file is not JSON Lines at all.
    """
    async with held.database.transaction() as session:
        begun = await uploads.begin_complete(
            session, project_id=project_id, upload_id=upload_id, part_ids=part_ids
        )
    if isinstance(begun, Upload):
        return begun
    try:
        stored = await _put_together(held, begun, md5)
    except Exception as error:
        async with held.database.transaction() as session:
            left_nothing = isinstance(error, InvalidRequest)
            await uploads.give_up_complete(session, begun, left_nothing=left_nothing)
        raise
    return await _record(held, begun, stored)


async def _record(held: Resources, assembly: Assembly, stored: StoredFile) -> Upload:
    try:
        async with held.database.transaction() as session:
            return await uploads.finish_complete(
                session, assembly, stored, fewest_examples=held.limits.fewest_examples
            )
    except UploadCompleting:
        await held.blobs.delete(stored.blob_key)
        raise


async def _put_together(held: Resources, assembly: Assembly, md5: str | None) -> StoredFile:
    upload = assembly.upload
    inspection = Inspection(held.limits.max_line_bytes)
    digest = hashlib.md5(usedforsecurity=False)
    async with held.blobs.writer(assembly.blob_key) as writer:
        async for chunk in _bytes(held, assembly):
            digest.update(chunk)
            inspection.see(chunk, purpose=upload.purpose)
            await writer.write(chunk)
        _demand_md5(md5, digest.hexdigest())
        return inspection.stored(
            files.new_file_id(),
            assembly.blob_key,
            filename=upload.filename,
            purpose=upload.purpose,
            max_invalid_ratio=upload.max_invalid_ratio or 0.0,
            life=upload.file_life,
        )


async def _bytes(held: Resources, assembly: Assembly) -> AsyncIterator[bytes]:
    """Yield the parts' bytes in their order, and keep the upload ours meanwhile."""
    now = asyncio.get_running_loop().time
    beat = LEASE.total_seconds() / BEATS_PER_LEASE
    due = now() + beat
    for source in assembly.sources:
        async for chunk in held.blobs.read(source):
            yield chunk
            if now() >= due:
                async with held.database.transaction() as session:
                    await uploads.renew(session, assembly)
                due = now() + beat


def _demand_md5(wanted: str | None, found: str) -> None:
    if wanted is not None and wanted.lower() != found:
        message = (
            f"Invalid md5: the parts in this order have {found}. Check their order, or send what broke on "
            "the way again and name the new part."
        )
        raise InvalidRequest(message, param="md5", code="md5_mismatch")
