"""The models a project may use: those configured, their aliases, and its own tuned ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from db.queries import jobs
from db.session import Session
from domain.errors import ModelNotFound

MOST_MODELS = 1000


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is listed; `created` is None for those of the configuration."""

    id: str
    owned_by: str
    created: datetime | None = None


async def available(session: Session, *, project_id: str, configured: Mapping[str, str]) -> list[Model]:
    """Return the configured models and aliases, then this project's tuned models, newest first."""
    tuned = await jobs.tuned_models(session, project_id=project_id, limit=MOST_MODELS)
    return [Model(name, "xpulink") for name in configured] + [
        Model(name, project_id, finished_at) for name, _, finished_at in tuned
    ]


async def get(session: Session, *, project_id: str, configured: Mapping[str, str], name: str) -> Model:
    """Return a model this project may use.

    Raises:
        ModelNotFound: it is none of the configured models and not one this project has tuned.
    """
    if name in configured:
        return Model(name, "xpulink")
    made_at = None if "\x00" in name else await jobs.model_made_at(session, project_id=project_id, model=name)
    if made_at is None:
        message = f"The model {name!r:.200} does not exist or is not this project's. See GET /v1/models."
        raise ModelNotFound(message, param="model")
    return Model(name, project_id, made_at)


async def resolve(session: Session, *, project_id: str, configured: Mapping[str, str], name: str) -> str:
    """Return the platform's name for a model this project may use.

    Raises:
        ModelNotFound: see `get`.
    """
    model = await get(session, project_id=project_id, configured=configured, name=name)
    return configured.get(model.id, model.id)
