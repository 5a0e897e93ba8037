"""Models on the wire."""

from typing import Literal

from pydantic import BaseModel

from services.models import Model


class ModelOut(BaseModel):
    """A model this project may use."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """All models this project may use; OpenAI does not page them."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


def model_out(model: Model) -> ModelOut:
    """Show a model; configured ones have no date and show 0."""
    created = int(model.created.timestamp()) if model.created else 0
    return ModelOut(id=model.id, created=created, owned_by=model.owned_by)
