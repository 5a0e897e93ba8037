"""Taking a file in: from the request to the blob store in constant memory, checked and hashed on the way."""

import hashlib
from datetime import UTC, datetime

from starlette.requests import Request

from api.multipart import Upload, UploadLimits
from api.resources import Limits
from domain.errors import InvalidFile
from domain.files import TRAINING, check_purpose, life_of
from domain.training_data.structure import StructureCheck
from services import files
from services.files import StoredFile
from storage.blobs import BlobStore


async def take_in(request: Request, blobs: BlobStore, limits: Limits) -> StoredFile:
    """Store the request's file; whatever is refused leaves nothing behind.

    The purpose may come after the file, so every file is checked on the way and the verdict counts
    once the purpose is known.

    Raises:
        InvalidRequest: the form is not right; `param` names the field.
        InvalidFile: the file is too large, or a training file is not JSON Lines at all.
    """
    upload = Upload(request, limits=UploadLimits(max_file_bytes=limits.max_file_bytes))
    file_id = files.new_file_id()
    check, digest = StructureCheck(limits.max_line_bytes), hashlib.sha256()
    async with blobs.writer(files.blob_key(file_id)) as writer:
        async for chunk in upload:
            digest.update(chunk)
            check.feed(chunk)
            if check.refusal is not None and upload.fields.get("purpose") == TRAINING:
                raise check.refusal
            await writer.write(chunk)
        return _described(upload, file_id, digest.digest(), check)


def _described(upload: Upload, file_id: str, sha256: bytes, check: StructureCheck) -> StoredFile:
    purpose = check_purpose(upload.fields["purpose"])
    life = life_of(upload.fields)
    if upload.size == 0:
        raise InvalidFile("The file is empty.", param="file")
    structure = check.finish() if purpose == TRAINING else None
    return StoredFile(
        id=file_id,
        filename=upload.filename,
        purpose=purpose,
        size=upload.size,
        sha256=sha256,
        blob_key=files.blob_key(file_id),
        status="processed" if structure is None or structure.usable else "error",
        status_details=structure.summary if structure and not structure.usable else None,
        examples=structure.examples if structure else None,
        expires_at=datetime.now(UTC) + life if life else None,
    )
