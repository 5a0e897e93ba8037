"""A file's bytes on their way out, in the form the client asked for."""

from collections.abc import AsyncIterator
from typing import Literal

from starlette.requests import Request
from starlette.responses import StreamingResponse

from domain.errors import NotFound
from domain.files import RESULTS, File
from domain.results import PlainReader
from storage.blobs import BlobStore

Form = Literal["base64", "csv"]
CSV = "text/csv"
_NOSNIFF = {"x-content-type-options": "nosniff"}


async def content_of(
    file: File, blobs: BlobStore, request: Request, form: Form | None, *, training: bool = False
) -> StreamingResponse:
    """Return the answer that streams a file: as it is kept, as jobs train on it, or results as plain CSV.

    Raises:
        NotFound: its bytes are gone, which is found out before the answer begins; or no job can train on it.
    """
    if training and file.status != "processed":
        raise NotFound(
            f"Jobs cannot train on the file {file.id}, or not yet; its status tells.", param="version"
        )
    key = (file.training_blob_key if training else None) or file.blob_key
    size = await blobs.size(key)
    chunks = blobs.read(key)
    results = file.purpose == RESULTS
    headers = _NOSNIFF | ({"vary": "accept"} if results else {})
    if results and (form == "csv" or (form is None and _accepts_csv(request.headers.getlist("accept")))):
        return StreamingResponse(_plain(chunks), media_type=CSV, headers=headers)
    headers["content-length"] = str(size)
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)


def _accepts_csv(accept: list[str]) -> bool:
    """Tell whether CSV is asked for by name; `*/*` is what everybody sends who does not care."""
    for asked in ",".join(accept).split(","):
        kind, *parameters = (part.strip().lower() for part in asked.split(";"))
        if kind == CSV:
            return not any(parameter in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters)
    return False


async def _plain(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    reader = PlainReader()
    async for chunk in chunks:
        if text := reader.read(chunk):
            yield text
