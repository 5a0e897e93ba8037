"""Models on the wire."""

from typing import Literal

from pydantic import BaseModel, Field

from services.models import Model


class ModelOut(BaseModel):
    """A model this project may use."""

    id: str = Field(description="Its name, as `model` takes it in jobs and chats.")
    object: Literal["model"] = "model"
    created: int = Field(description="When it was tuned, in Unix seconds; 0 for a base model or alias.")
    owned_by: str = Field(description="Id of the project that tuned it; `xpulink` for a base model or alias.")


class ModelList(BaseModel):
    """All models this project may use; OpenAI does not page them."""

    object: Literal["list"] = "list"
    data: list[ModelOut] = Field(description="Base models and aliases, then tuned models, newest first.")


class ModelDeleted(BaseModel):
    """A tuned model that is gone."""

    id: str = Field(description="The model's name.")
    object: Literal["model"] = "model"
    deleted: Literal[True] = Field(default=True, description="Always true.")


def model_out(model: Model) -> ModelOut:
    """Show a model; configured ones have no date and show 0."""
    created = int(model.created.timestamp()) if model.created else 0
    return ModelOut(id=model.id, created=created, owned_by=model.owned_by)
