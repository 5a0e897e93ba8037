"""`/files`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.responses import Response

from simulator import upload, wire
from simulator.errors import JsonResponse, Refusal, missing
from simulator.rows import FileRow
from simulator.stand_in import Here, StandIn

router = APIRouter()
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")


@router.post("/files")
async def upload_file(request: Request, here: Here) -> Response:
    """Take a file."""
    now, id_ = here.clock(), here.store.mint("file-")
    path = here.store.blob(id_)
    arrived = await upload.receive(request, path)
    purpose = arrived.fields.get("purpose")
    if purpose not in PURPOSES:
        path.unlink()
        message = f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'"
        raise Refusal(400, message, code="invalid_value", param="purpose")
    scan = arrived.scan
    row = FileRow(id_, now, str(arrived.filename), purpose, arrived.bytes, scan.examples, scan.fault)
    here.store.add_file(row)
    return JsonResponse(wire.file(row))


@router.get("/files")
async def list_files(
    here: Here,
    purpose: str | None = None,
    limit: Annotated[int, Query(ge=0, le=10_000)] = 10_000,
    order: Literal["asc", "desc"] = "desc",
    after: str = "",
) -> Response:
    """List files, results included, newest first unless asked otherwise."""
    rows = here.store.files_from(after, here.clock(), newest_first=order == "desc")
    wanted = (_measured(here, row) for row in rows if purpose in {None, row.purpose})
    return JsonResponse(wire.ends(wire.page(map(wire.file, wanted), limit), nothing=""))


@router.get("/files/{id_}")
async def retrieve_file(id_: str, here: Here) -> Response:
    """Show one file."""
    return JsonResponse(wire.file(_measured(here, _found(here, id_))))


@router.delete("/files/{id_}")
async def delete_file(id_: str, here: Here) -> Response:
    """Forget one file."""
    here.store.delete_file(_found(here, id_))
    return JsonResponse({"id": id_, "object": "file", "deleted": True})


@router.get("/files/{id_}/content")
async def file_content(id_: str, here: Here) -> Response:
    """Send the bytes of one file."""
    row = _found(here, id_)
    if row.job is not None:
        return Response(here.store.results(row), media_type="application/octet-stream")
    return FileResponse(here.store.blob(id_), media_type="application/octet-stream")


def _found(here: StandIn, id_: str) -> FileRow:
    row = here.store.file(id_, here.clock())
    if row is None:
        raise missing("File object", id_)
    return row


def _measured(here: StandIn, row: FileRow) -> FileRow:
    """Results are computed when somebody first asks for them, their size as well."""
    if row.job is not None and row.bytes == 0:
        here.store.results(row)
    return row
