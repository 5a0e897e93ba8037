"""Uploads: large files in parts, in parallel and resumable."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from api import assembly
from api.dependencies import Authenticated, AuthenticatedAlone, Held, InTransaction, RequestLimits, UploadTurn
from api.pagination import LARGEST_PAGE, After, cut, limit_of
from api.schemas.common import ListWithIds, list_with_ids
from api.schemas.uploads import CompleteUpload, CreateUpload, PartOut, UploadOut, part_out, upload_out
from domain.files import TRAINING
from domain.stages import Stage
from services import uploads

router = APIRouter(prefix="/v1/uploads", tags=["Uploads"], strict_content_type=False)
PART_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {
                        "data": {
                            "type": "string",
                            "format": "binary",
                            "description": "The bytes of the part, 64 MiB at most.",
                        }
                    },
                }
            }
        },
    }
}


@router.post("", summary="Create an upload", response_model_exclude_none=True)
async def create_upload(
    body: CreateUpload, caller: Authenticated, session: InTransaction, limits: RequestLimits
) -> UploadOut:
    """Announce a file that arrives in parts of up to 64 MiB; they can be added for one hour."""
    upload = await uploads.create(
        session,
        project_id=caller.project_id,
        filename=body.safe_filename,
        purpose=body.purpose,
        size=body.bytes,
        file_life=body.file_life,
        max_invalid_ratio=body.max_invalid_ratio,
        max_file_bytes=limits.max_file_bytes,
    )
    return upload_out(upload)


@router.get("/{upload_id}", summary="Look at an upload", response_model_exclude_none=True)
async def retrieve_upload(upload_id: str, caller: Authenticated, session: InTransaction) -> UploadOut:
    """Return an upload of this project. OpenAI has no such route: it is for clients that resume."""
    return upload_out(await uploads.get(session, project_id=caller.project_id, upload_id=upload_id))


@router.post("/{upload_id}/parts", summary="Add a part to an upload", openapi_extra=PART_FORM)
async def add_part(
    upload_id: str, request: Request, caller: AuthenticatedAlone, _: UploadTurn, held: Held
) -> PartOut:
    """Take a part as multipart/form-data with `data`; parts may be sent in parallel and in any order."""
    part = await assembly.add_part(held, request, project_id=caller.project_id, upload_id=upload_id)
    return part_out(part)


@router.get("/{upload_id}/parts", summary="List an upload's parts")
async def list_parts(
    upload_id: str,
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = LARGEST_PAGE,
) -> ListWithIds[PartOut]:
    """List the parts that arrived whole, oldest first: what a client that was interrupted need not resend."""
    rows = await uploads.parts(
        session, project_id=caller.project_id, upload_id=upload_id, after=after, limit=limit + 1
    )
    shown, has_more = cut([part_out(part) for part in rows], limit)
    return list_with_ids(shown, has_more=has_more)


@router.post("/{upload_id}/complete", summary="Complete an upload", response_model_exclude_none=True)
async def complete_upload(
    upload_id: str, body: CompleteUpload, caller: AuthenticatedAlone, _: UploadTurn, held: Held
) -> UploadOut:
    """Make a file of the parts, in the order of `part_ids`; it is checked as any file that is uploaded.

    What is refused leaves the upload as it was, and it can be completed anew. The same complete sent
    again answers with the same file.
    """
    upload = await assembly.complete(
        held, project_id=caller.project_id, upload_id=upload_id, part_ids=body.part_ids, md5=body.md5
    )
    if upload.file is not None and upload.file.purpose == TRAINING:
        held.doorbell.ring(Stage.EXAMINE)
    return upload_out(upload)


@router.post("/{upload_id}/cancel", summary="Cancel an upload", response_model_exclude_none=True)
async def cancel_upload(upload_id: str, caller: Authenticated, session: InTransaction) -> UploadOut:
    """End an upload and delete its parts; one that was cancelled already is answered alike."""
    return upload_out(await uploads.cancel(session, project_id=caller.project_id, upload_id=upload_id))
