"""Plans: what a job would come to; and what may be asked of a model."""

from fastapi import APIRouter

from api.dependencies import Authenticated, Held, InTransaction, Recognised
from api.planning import planned
from api.schemas.jobs import CreateJob
from api.schemas.plans import LimitsOut, PlanOut, limits_out
from domain.model_limits import FileLimits, model_limits
from domain.presets import EXAMPLES_WORK_WELL
from services import models

router = APIRouter(prefix="/v1", strict_content_type=False)


@router.post("/fine_tuning/plans", summary="Plan a fine-tuning job", tags=["Fine-tuning"])
async def plan_job(body: CreateJob, caller: Recognised, held: Held) -> PlanOut:
    """Return what a create with this body would come to; nothing is made, and nothing is sent.

    `POST /v1/fine_tuning/jobs` with `"dry_run": true` answers the same.
    """
    return await planned(body, held, caller)


@router.get("/models/{model:path}/limits", summary="Look at what may be asked of a model", tags=["Models"])
async def retrieve_limits(model: str, caller: Authenticated, session: InTransaction, held: Held) -> LimitsOut:
    """Return hyperparameters with their limits, presets and advice, and what a training file may be."""
    platform_model = await models.resolve(
        session, project_id=caller.project_id, configured=held.models, name=model
    )
    files = FileLimits(
        max_file_bytes=held.limits.max_file_bytes,
        max_line_bytes=held.limits.max_line_bytes,
        min_examples=max(1, held.limits.fewest_examples),
        recommended_examples=EXAMPLES_WORK_WELL,
    )
    return limits_out(model_limits(platform_model, files=files))
