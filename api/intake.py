"""Bytes on their way in: from the request to the blob store in constant memory, checked and hashed."""

import hashlib
from datetime import timedelta

from starlette.requests import Request

from api.multipart import WANTED, Upload, UploadLimits
from api.resources import Limits
from domain.errors import InvalidFile
from domain.files import TRAINING, check_purpose, life_of
from domain.training_data.admission import ratio_of
from domain.training_data.structure import StructureCheck
from services import files
from services.files import StoredFile
from services.uploads import Arrival
from storage.blobs import BlobStore

MAX_INVALID_RATIO = "max_invalid_ratio"


class Inspection:
    """What is found out about a file while its bytes pass by, whichever way they come."""

    def __init__(self, max_line_bytes: int) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._check = StructureCheck(max_line_bytes)

    def see(self, chunk: bytes, *, purpose: str | None) -> None:
        """Look at the next bytes; every file is checked, and the verdict counts once the purpose is known.

        Raises:
            InvalidFile: a training file is not JSON Lines at all.
        """
        self.size += len(chunk)
        self._sha256.update(chunk)
        self._check.feed(chunk)
        if self._check.refusal is not None and purpose == TRAINING:
            raise self._check.refusal

    def stored(
        self,
        file_id: str,
        blob_key: str,
        *,
        filename: str,
        purpose: str,
        max_invalid_ratio: float,
        life: timedelta | None,
    ) -> StoredFile:
        """Describe the file after its last byte.

        Raises:
            InvalidFile: it is empty, or a training file without one line of JSON.
        """
        if self.size == 0:
            raise InvalidFile("The file is empty.", param="file")
        structure = self._check.finish() if purpose == TRAINING else None
        if structure is not None and structure.refusal is not None:
            raise structure.refusal
        return StoredFile(
            id=file_id,
            filename=filename,
            purpose=purpose,
            size=self.size,
            sha256=self._sha256.digest(),
            blob_key=blob_key,
            structure=structure,
            max_invalid_ratio=max_invalid_ratio,
            life=life,
        )


async def take_file(request: Request, blobs: BlobStore, limits: Limits) -> StoredFile:
    """Store the request's file; whatever is refused leaves nothing behind.

    Raises:
        InvalidRequest: the form is not right; `param` names the field.
        InvalidFile: the file is too large, or a training file is not JSON Lines at all.
    """
    form = Upload(
        request,
        limits=UploadLimits(max_file_bytes=limits.max_file_bytes),
        wanted=(*WANTED, MAX_INVALID_RATIO),
    )
    file_id = files.new_file_id()
    blob_key = files.blob_key(file_id)
    inspection = Inspection(limits.max_line_bytes)
    async with blobs.writer(blob_key) as writer:
        async for chunk in form:
            inspection.see(chunk, purpose=form.fields.get("purpose"))
            await writer.write(chunk)
        return inspection.stored(
            file_id,
            blob_key,
            filename=form.filename,
            purpose=check_purpose(form.fields["purpose"]),
            max_invalid_ratio=ratio_of(form.fields.get(MAX_INVALID_RATIO)),
            life=life_of(form.fields),
        )


async def take_part(request: Request, blobs: BlobStore, arrival: Arrival) -> tuple[int, bytes]:
    """Store the bytes of a part; return how many there are and their MD5. A refused one leaves nothing.

    Raises:
        InvalidRequest: the form is not right; `param` names the field.
        InvalidFile: the part is empty or too large.
    """
    form = Upload(
        request, limits=UploadLimits(max_file_bytes=arrival.largest), file="data", wanted=(), required=()
    )
    md5 = hashlib.md5(usedforsecurity=False)
    async with blobs.writer(arrival.blob_key) as writer:
        async for chunk in form:
            md5.update(chunk)
            await writer.write(chunk)
        if form.size == 0:
            raise InvalidFile("The part is empty.", param="data")
    return form.size, md5.digest()
