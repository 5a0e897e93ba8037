"""The models a project may use: those configured, their aliases, and its own tuned ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from db.queries import models
from db.session import Session
from domain.errors import Forbidden, ModelNotFound, PlatformFailed, Unavailable
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable, Trouble

MOST_MODELS = 1000
OUR_KEY_REFUSED = "The platform refused this service's own key. Its operator has to check XPULINK_API_KEY."


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is listed; `created` is None for those of the configuration."""

    id: str
    owned_by: str
    created: datetime | None = None
    checkpoint: bool = False


async def available(session: Session, *, project_id: str, configured: Mapping[str, str]) -> list[Model]:
    """Return the configured models and aliases, then this project's tuned models, newest first."""
    tuned = await models.tuned_models(session, project_id=project_id, limit=MOST_MODELS)
    return [Model(name, "xpulink") for name in configured] + [
        Model(name, project_id, finished_at) for name, _, finished_at in tuned
    ]


async def get(session: Session, *, project_id: str, configured: Mapping[str, str], name: str) -> Model:
    """Return a model this project may use; the checkpoints of a tuned one are models as well.

    Raises:
        ModelNotFound: it is none of the configured models and not one this project has tuned.
    """
    if name in configured:
        return Model(name, "xpulink")
    found = None if "\x00" in name else await models.tuned_model(session, project_id=project_id, name=name)
    if found is None:
        message = f"The model {name!r:.200} does not exist or is not this project's. See GET /v1/models."
        raise ModelNotFound(message, param="model")
    return Model(name, project_id, found.made_at, found.checkpoint)


async def resolve(session: Session, *, project_id: str, configured: Mapping[str, str], name: str) -> str:
    """Return the platform's name for a model this project may use.

    Raises:
        ModelNotFound: see `get`.
    """
    model = await get(session, project_id=project_id, configured=configured, name=name)
    return configured.get(model.id, model.id)


async def begin_delete(
    session: Session, *, project_id: str, configured: Mapping[str, str], name: str
) -> None:
    """Make sure that a model is this project's to delete.

    Raises:
        ModelNotFound: see `get`.
        Forbidden: it is a base model, an alias, or a checkpoint.
    """
    model = await get(session, project_id=project_id, configured=configured, name=name)
    if name in configured:
        message = f"{name!r:.200} is a base model or an alias; only models that this project tuned can go."
        raise Forbidden(message, param="model")
    if model.checkpoint:
        message = f"{name!r:.200} is a checkpoint; it goes when the model of its job is deleted."
        raise Forbidden(message, param="model")


async def finish_delete(session: Session, *, project_id: str, name: str, outcome: Outcome[None]) -> None:
    """Record what became of a deletion on the platform; a model that it does not have is gone as well.

    Raises:
        PlatformFailed: the platform said no, or refused our key.
        Unavailable: nothing is known to have changed; asking again does no harm.
    """
    match outcome:
        case Answered() | NotFound() | NotOffered():
            await models.mark_deleted(session, project_id=project_id, name=name)
        case Retryable(trouble=Trouble.UNAUTHORIZED):
            raise PlatformFailed(OUR_KEY_REFUSED, param="model")
        case Rejected(message=reason):
            raise PlatformFailed(f"The platform does not delete the model: {reason:.500}", param="model")
        case Retryable(retry_after=wait):
            raise Unavailable(_UNDELETED, param="model", retry_after=wait)
        case Ambiguous():
            raise Unavailable(_UNDELETED, param="model")


_UNDELETED = "The platform did not confirm the deletion, so the model is kept here. Try again shortly."
