"""`/models`."""

from itertools import chain

from fastapi import APIRouter
from starlette.responses import Response

from simulator import life, wire
from simulator.errors import JsonResponse, Refusal, missing_model
from simulator.routes.jobs import BASE_MODELS
from simulator.rows import JobRow
from simulator.stand_in import Here

router = APIRouter(prefix="/models")
BASE_CREATED = 1_745_884_800


@router.get("")
async def list_models(here: Here) -> Response:
    """List the base models, and the tuned ones newest first."""
    bases = (wire.model(name, BASE_CREATED) for name in BASE_MODELS)
    tuned = (_tuned(job) for job in here.store.tuned_models(here.clock()))
    return JsonResponse({"object": "list", "data": list(chain(bases, tuned))})


@router.get("/{model:path}")
async def retrieve_model(model: str, here: Here) -> Response:
    """Show one model."""
    if model in BASE_MODELS:
        return JsonResponse(wire.model(model, BASE_CREATED))
    job = here.store.tuned(model, here.clock())
    if job is None:
        raise missing_model(model)
    return JsonResponse({**_tuned(job), "id": model})


@router.delete("/{model:path}")
async def delete_model(model: str, here: Here) -> Response:
    """Take one tuned model away."""
    if model in BASE_MODELS:
        raise Refusal(403, "A base model cannot be deleted.", code="insufficient_permissions", param="model")
    job = here.store.tuned(model, here.clock())
    if job is None or job.fine_tuned_model != model:
        raise Refusal(404, "That model does not exist", code="model_not_found", param="model")
    here.store.delete_model(model)
    return JsonResponse({"id": model, "object": "model", "deleted": True})


def _tuned(job: JobRow) -> wire.Json:
    return wire.model(job.fine_tuned_model, life.planned_end(job), wire.ORGANIZATION)
