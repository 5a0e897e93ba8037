"""The models this project may use."""

from fastapi import APIRouter

from api.dependencies import Authenticated, AuthenticatedAlone, Held, InTransaction
from api.schemas.models import ModelDeleted, ModelList, ModelOut, model_out
from services import models

router = APIRouter(prefix="/v1/models", tags=["Models"])


@router.get("", summary="List models")
async def list_models(caller: Authenticated, session: InTransaction, held: Held) -> ModelList:
    """List the configured base models and aliases, then this project's tuned models, newest first."""
    found = await models.available(session, project_id=caller.project_id, configured=held.models)
    return ModelList(data=[model_out(model) for model in found])


@router.get("/{model:path}", summary="Look at a model")
async def retrieve_model(model: str, caller: Authenticated, session: InTransaction, held: Held) -> ModelOut:
    """Return a model this project may use; the id may contain slashes and colons."""
    return model_out(
        await models.get(session, project_id=caller.project_id, configured=held.models, name=model)
    )


@router.delete("/{model:path}", summary="Delete a tuned model")
async def delete_model(model: str, caller: AuthenticatedAlone, held: Held) -> ModelDeleted:
    """Delete a model that this project tuned, on the platform and here; its checkpoints go with it."""
    async with held.database.transaction() as session:
        await models.begin_delete(session, project_id=caller.project_id, configured=held.models, name=model)
    outcome = await held.tuned_models.delete_model(model)
    async with held.database.transaction() as session:
        await models.finish_delete(session, project_id=caller.project_id, name=model, outcome=outcome)
    return ModelDeleted(id=model)
