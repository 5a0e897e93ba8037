"""Files: taken in streaming, given out streaming, listed, deleted."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.content import Form, content_of
from api.dependencies import (
    Authenticated,
    AuthenticatedAlone,
    Blobs,
    Held,
    InTransaction,
    RequestLimits,
    UploadTurn,
)
from api.examining import report_json
from api.intake import take_file
from api.pagination import After, cut, limit_of
from api.schemas.common import ListWithIds, list_with_ids
from api.schemas.file_reports import FileReportOut, TokenList
from api.schemas.files import FileDeleted, FileOut, file_out
from crash_points import CrashPoint, reach
from domain.stages import Stage
from services import file_reports, files

router = APIRouter(prefix="/v1/files", tags=["Files"])
PAGE = 10_000
LAST_LINE = 2**32 - 1
AskedForm = Annotated[
    Form | None,
    Query(alias="format", description="The form of a results file; it wins over `Accept`. Others have one."),
]


@router.post("", summary="Upload a file")
async def upload_file(
    request: Request,
    caller: AuthenticatedAlone,
    _: UploadTurn,
    held: Held,
    blobs: Blobs,
    limits: RequestLimits,
) -> FileOut:
    """Take a file as multipart/form-data with `purpose` and `file`, in any order.

    A training file is checked line by line while it arrives: one with faults is kept with
    `status: "error"` and `status_details`, one that is no JSON Lines at all is refused. It is `uploaded`, and
    its jobs wait, while lines are left out or personal data is looked for, as the project's policy asks.
    """
    stored = await take_file(request, blobs, limits)
    reach(CrashPoint.FILE_STORED)
    async with held.database.transaction() as session:
        file = await files.keep(
            session,
            project_id=caller.project_id,
            stored=stored,
            fewest_examples=limits.fewest_examples,
        )
    if stored.structure is not None:
        held.doorbell.ring(Stage.EXAMINE)
    return file_out(file)


@router.get("", summary="List files")
async def list_files(
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of(PAGE)] = PAGE,
    purpose: Annotated[str | None, Query(description="Only files of this purpose.")] = None,
    order: Literal["asc", "desc"] = "desc",
) -> ListWithIds[FileOut]:
    """List this project's files, newest first unless `order` says `asc`."""
    rows = await files.page(
        session,
        project_id=caller.project_id,
        after=after,
        limit=limit + 1,
        purpose=purpose,
        descending=order == "desc",
    )
    shown, has_more = cut([file_out(row) for row in rows], limit)
    return list_with_ids(shown, has_more=has_more)


@router.get("/{file_id}", summary="Look at a file")
async def retrieve_file(file_id: str, caller: Authenticated, session: InTransaction) -> FileOut:
    """Return a file of this project."""
    return file_out(await files.get(session, project_id=caller.project_id, file_id=file_id))


@router.delete("/{file_id}", summary="Delete a file")
async def delete_file(file_id: str, caller: Authenticated, session: InTransaction) -> FileDeleted:
    """Delete a file that no unfinished job uses."""
    await files.delete(session, project_id=caller.project_id, file_id=file_id)
    return FileDeleted(id=file_id)


@router.get(
    "/{file_id}/report", summary="Read what is wrong with a training file", response_model=FileReportOut
)
async def file_report(file_id: str, caller: AuthenticatedAlone, held: Held) -> Response:
    """Return every fault and every warning, with its line and how to mend it, and what the file comes to.

    The faults are there from the upload on. Exact tokens, duplicates, quality and personal data follow when
    a worker has looked at the file: `status` is `pending` until then, and tokens are an estimate.
    """
    async with held.database.transaction() as session:
        kept = await file_reports.get(session, project_id=caller.project_id, file_id=file_id)
    return Response(await asyncio.to_thread(report_json, kept), media_type="application/json")


@router.get("/{file_id}/tokens", summary="List the tokens of a training file's examples")
async def file_tokens(
    file_id: str,
    caller: Authenticated,
    session: InTransaction,
    after: Annotated[int, Query(ge=0, le=LAST_LINE, description="Begin behind this line.")] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE, description="At most so many.")] = 1000,
) -> TokenList:
    """List line, tokens and trained tokens of the first 200,000 examples, in their order, once counted."""
    return TokenList.model_validate(
        await file_reports.tokens(
            session, project_id=caller.project_id, file_id=file_id, after=after, limit=limit
        )
    )


@router.get("/{file_id}/content", summary="Download a file", response_class=StreamingResponse)
async def file_content(
    file_id: str,
    request: Request,
    caller: AuthenticatedAlone,
    held: Held,
    form: AskedForm = None,
    version: Annotated[
        Literal["original", "training"],
        Query(description="`training`: what jobs train on, without faulty lines or personal data."),
    ] = "original",
) -> StreamingResponse:
    """Return the file's bytes as they were uploaded, or as jobs train on them.

    A `fine-tune-results` file is CSV in base64, as OpenAI serves it; `Accept: text/csv` or `?format=csv`
    gives the plain CSV.
    """
    async with held.database.transaction() as session:
        file = await files.get(session, project_id=caller.project_id, file_id=file_id)
    return await content_of(file, held.blobs, request, form, training=version == "training")
