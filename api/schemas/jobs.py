"""Fine-tuning jobs and their events on the wire."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.common import Json, Storable, Text
from domain import hyperparameters, ids
from domain.errors import InvalidRequest
from domain.jobs import Job, JobEvent, NewJob

LARGEST_SEED = 2_147_483_647
METHODS = ("supervised", "dpo", "reinforcement")


class Wandb(BaseModel):
    """Where Weights & Biases shall record the job."""

    project: Text
    name: Text | None = None
    entity: Text | None = None
    tags: list[Text] | None = None


class Integration(BaseModel):
    """A service the platform shall report to."""

    type: Literal["wandb"]
    wandb: Wandb


class CreateJob(BaseModel):
    """A request for a fine-tune. Unknown keys are kept and passed on."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[Text, Json] = Field(init=False)

    model: Annotated[str, Field(min_length=1, max_length=256, description="The base model."), Storable]
    training_file: Annotated[
        str,
        Field(min_length=1, max_length=256, description="Id of a file uploaded as `fine-tune`."),
        Storable,
    ]
    validation_file: Annotated[str, Field(max_length=256), Storable] | None = None
    suffix: Annotated[str, Field(min_length=1, max_length=64), Storable] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED, strict=True)] | None = None
    metadata: (
        Annotated[
            dict[
                Annotated[str, Field(max_length=64), Storable],
                Annotated[str, Field(max_length=512), Storable],
            ],
            Field(max_length=16),
        ]
        | None
    ) = None
    integrations: Annotated[list[Integration], Field(max_length=5)] | None = None
    hyperparameters: dict[Text, Json] | None = Field(
        None, description="`n_epochs`, `learning_rate`, `lora_r` …"
    )
    method: dict[Text, Json] | None = Field(None, description="OpenAI's newer place for hyperparameters.")
    webhook_url: Annotated[str, Field(max_length=2048), Storable] | None = Field(
        None, description="Told once the job has ended, signed with the project's webhook secret."
    )

    def to_new_job(self, *, platform_model: str) -> NewJob:
        """Return the job to be created.

        Raises:
            InvalidRequest: a hyperparameter or the method is not valid.
        """
        method, tuned_by = self._method()
        return NewJob(
            model=self.model,
            platform_model=platform_model,
            training_file_id=self.training_file,
            validation_file_id=self.validation_file or None,
            suffix=self.suffix,
            seed=secrets.randbelow(LARGEST_SEED) if self.seed is None else self.seed,
            hyperparameters=hyperparameters.check(self.hyperparameters or {}) | tuned_by,
            method=method,
            integrations=[entry.model_dump(exclude_none=True) for entry in self.integrations or []] or None,
            metadata=self.metadata,
            extra=self.model_extra or {},
            webhook_url=self.webhook_url,
        )

    def _method(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return the method as it is kept and shown, and the hyperparameters in it.

        SDKs send all three sub-objects; only the one named by `type` counts.
        """
        if self.method is None:
            return None, {}
        kind = self.method.get("type", "supervised")
        if kind not in METHODS:
            message = f"Invalid method.type: {kind!r:.80} is none of {', '.join(METHODS)}."
            raise InvalidRequest(message, param="method.type")
        chosen = _object(self.method.get(kind), f"method.{kind}")
        if chosen is None:
            return {"type": kind}, {}
        inner = _object(chosen.get("hyperparameters"), f"method.{kind}.hyperparameters") or {}
        if kind == "supervised":
            inner = hyperparameters.check(inner, param=f"method.{kind}.hyperparameters")
        return {"type": kind, kind: chosen}, dict(inner) if kind == "supervised" else {}


def _object(value: Any, param: str) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, Mapping):
        raise InvalidRequest(f"Invalid {param}: {value!r:.80} is not an object.", param=param)
    return value


class JobErrorOut(BaseModel):
    """Why a job failed."""

    code: str
    message: str
    param: str | None


class JobOut(BaseModel):
    """A fine-tuning job, as OpenAI describes it, with `paused` beside it."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: int
    error: JobErrorOut | None
    fine_tuned_model: str | None
    finished_at: int | None
    hyperparameters: dict[str, Any]
    model: str
    organization_id: str
    result_files: list[str]
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    trained_tokens: int | None
    training_file: str
    validation_file: str | None
    seed: int
    integrations: list[dict[str, Any]] | None
    estimated_finish: int | None
    metadata: dict[str, str] | None


def seconds(moment: datetime | None) -> int | None:
    """Return Unix seconds."""
    return None if moment is None else int(moment.timestamp())


def job_out(job: Job) -> JobOut:
    """Show a job. `method` is left out where none was asked for, `paused` where it is not."""
    extra: dict[str, Any] = {}
    if job.method is not None:
        extra["method"] = job.method
    if job.paused_at is not None:
        extra["paused"] = True
    error = job.error
    return JobOut(
        id=job.id,
        created_at=int(job.created_at.timestamp()),
        error=JobErrorOut(code=error.code, message=error.message, param=error.param) if error else None,
        fine_tuned_model=job.fine_tuned_model,
        finished_at=seconds(job.finished_at),
        hyperparameters=dict(job.hyperparameters),
        model=job.model,
        organization_id=job.project_id,
        result_files=list(job.result_files),
        status=job.shown_status.value,
        trained_tokens=job.trained_tokens if job.finished_at else None,
        training_file=job.training_file_id,
        validation_file=job.validation_file_id,
        seed=job.seed,
        integrations=[dict(entry) for entry in job.integrations] if job.integrations else None,
        estimated_finish=None if job.finished_at else seconds(job.estimated_finish),
        metadata=dict(job.metadata) if job.metadata is not None else None,
        **extra,
    )


class EventOut(BaseModel):
    """A line of a job's history."""

    id: str
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    created_at: int
    level: Literal["info", "warn", "error"]
    message: str
    type: Literal["message", "metrics"]
    data: dict[str, Any]


def event_out(event: JobEvent) -> EventOut:
    """Show an event; `data` is always an object."""
    return EventOut.model_validate(
        {
            "id": ids.event_id(event.job_id, event.sequence),
            "created_at": int(event.created_at.timestamp()),
            "level": event.level,
            "message": event.message,
            "type": event.kind,
            "data": dict(event.details),
        }
    )


class CheckpointOut(BaseModel):
    """A model saved on the way."""

    id: str
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    created_at: int
    fine_tuned_model_checkpoint: str
    fine_tuning_job_id: str
    step_number: int
    metrics: dict[str, Any]
