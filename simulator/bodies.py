"""The JSON bodies that the platform takes. Unknown keys are kept, as OpenAI's schema allows."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]


def _unless_auto(value: Any) -> Any:
    return None if value == "auto" else value


Count = Annotated[int | None, BeforeValidator(_unless_auto)]
Rate = Annotated[float | None, BeforeValidator(_unless_auto)]


class Hyperparameters(BaseModel):
    """OpenAI's and XPULink's; "auto" is the same as nothing. Unknown ones are echoed."""

    model_config = ConfigDict(extra="allow")

    n_epochs: Count = Field(None, ge=1, le=50)
    batch_size: Count = Field(None, ge=1, le=256)
    learning_rate_multiplier: Rate = Field(None, gt=0)
    learning_rate: float | None = Field(None, gt=0)
    lora_r: int | None = Field(None, ge=1, le=256)
    lora_alpha: int | None = Field(None, ge=1, le=1024)
    lora_dropout: float | None = Field(None, ge=0, lt=1)

    def given(self) -> dict[str, Any]:
        """What was asked for, without what was left to the platform."""
        return self.model_dump(exclude_none=True)


class Recipe(BaseModel):
    """One method's own part."""

    model_config = ConfigDict(extra="allow")

    hyperparameters: Hyperparameters | None = None


class Method(BaseModel):
    """How to train; only the part that `type` names is used."""

    model_config = ConfigDict(extra="allow")

    type: Literal["supervised", "dpo", "reinforcement"]
    supervised: Recipe | None = None
    dpo: Recipe | None = None
    reinforcement: Recipe | None = None


class CreateJob(BaseModel):
    """The body of a job's create."""

    model_config = ConfigDict(extra="allow")

    model: str
    training_file: str
    validation_file: str | None = None
    suffix: str | None = Field(None, min_length=1, max_length=64)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
    metadata: Metadata | None = None
    integrations: list[dict[str, Any]] | None = Field(None, max_length=5)
    hyperparameters: Hyperparameters | None = None
    method: Method | None = None

    def chosen_hyperparameters(self) -> dict[str, Any]:
        """The platform's defaults under what was asked for, the method's own part winning."""
        recipe: Recipe | None = getattr(self.method, self.method.type) if self.method else None
        chosen: dict[str, Any] = {"n_epochs": 3, "batch_size": 4}
        for asked in (self.hyperparameters, recipe.hyperparameters if recipe else None):
            chosen |= asked.given() if asked else {}
        return chosen if "learning_rate" in chosen else {"learning_rate_multiplier": 1.0, **chosen}


class Part(BaseModel):
    """One part of a message that is more than text."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""


class Message(BaseModel):
    """One turn of a chat."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The words of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream carries beside its pieces."""

    include_usage: bool = False


class Chat(BaseModel):
    """The body of a chat completion; sampling settings are taken and change nothing, the answer is seeded."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    n: int | None = Field(1, ge=1, le=16)
    seed: int | None = None


class QuirkChoice(BaseModel):
    """The body of `POST /simulator/quirks`: what is on from now on, and nothing else is."""

    model_config = ConfigDict(extra="forbid")

    quirks: list[str]


class FaultOrder(BaseModel):
    """The body of `POST /simulator/faults`."""

    model_config = ConfigDict(extra="forbid")

    fault: str
    times: int = Field(1, ge=0)
    route: str | None = None
    retry_after: float = Field(1.0, ge=0)
    seconds: float = Field(1.0, ge=0)
