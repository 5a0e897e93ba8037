"""Training data that is checked without being kept, and what the project does about personal data."""

from fastapi import APIRouter, Request, Response

from api.dependencies import Authenticated, AuthenticatedAlone, Held, InTransaction, UploadTurn
from api.examining import check_file
from api.schemas.file_reports import Report, TrainingDataPolicy, TrainingDataPolicyOut, policy_out
from services import file_reports

router = APIRouter(prefix="/v1/training_data", tags=["Training data"], strict_content_type=False)


@router.post("/check", summary="Check a training file without keeping it", response_model=Report)
async def check_training_data(
    request: Request, caller: AuthenticatedAlone, _: UploadTurn, held: Held
) -> Response:
    """Return the report on a file that is sent along, and forget the file.

    It is the report of `GET /v1/files/{file_id}/report`, complete at once; a file that an upload would
    refuse is told about in `errors`.
    """
    async with held.database.transaction() as session:
        policy = await file_reports.policy(session, project_id=caller.project_id)
    return Response(await check_file(request, held, policy), media_type="application/json")


@router.get("/policy", summary="Look at the policy for personal data")
async def retrieve_policy(caller: Authenticated, session: InTransaction) -> TrainingDataPolicyOut:
    """Return what the project does about personal data and secrets in the files it uploads."""
    return policy_out(await file_reports.policy(session, project_id=caller.project_id))


@router.post("/policy", summary="Change the policy for personal data")
async def change_policy(
    body: TrainingDataPolicy, caller: Authenticated, session: InTransaction
) -> TrainingDataPolicyOut:
    """Change it for files that are uploaded from now on; those that are there keep theirs."""
    await file_reports.set_policy(session, project_id=caller.project_id, policy=body.personal_data)
    return policy_out(body.personal_data)
