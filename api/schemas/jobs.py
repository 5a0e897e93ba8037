"""Fine-tuning jobs and their events on the wire."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.common import Json, ListOf, Storable, Text, Whole, sometimes
from api.schemas.hyperparameters import HYPERPARAMETERS, METHOD
from domain import ids, methods
from domain.jobs import Checkpoint, Job, JobEvent, NewJob

LARGEST_SEED = 2_147_483_647


class Wandb(BaseModel):
    """Where Weights & Biases shall record the job."""

    project: Text = Field(description="Name of the project there.")
    name: Text | None = Field(None, description="Name of the run; the job's id if there is none.")
    entity: Text | None = Field(None, description="Team or user that the run belongs to.")
    tags: list[Text] | None = Field(None, description="Tags of the run.")


class Integration(BaseModel):
    """A service the platform shall report to."""

    type: Literal["wandb"] = Field(description="Weights & Biases; there is no other yet.")
    wandb: Wandb = Field(description="Where it shall record the job.")


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
    validation_file: Annotated[str, Field(max_length=256), Storable] | None = Field(
        None, description="Id of a second such file, which is measured on and not trained on."
    )
    suffix: Annotated[str, Field(min_length=1, max_length=64), Storable] | None = Field(
        None, description="Becomes part of the tuned model's name."
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED, strict=True), Whole] | None = Field(
        None, description="Same seed and same parameters, same result; one is drawn if you send none."
    )
    metadata: (
        Annotated[
            dict[
                Annotated[str, Field(max_length=64), Storable],
                Annotated[str, Field(max_length=512), Storable],
            ],
            Field(max_length=16),
        ]
        | None
    ) = Field(
        None, description="Up to 16 pairs of your own: kept with the job, told in webhooks, filtered by."
    )
    integrations: Annotated[list[Integration], Field(max_length=5)] | None = Field(
        None, description="Services that the platform shall report to."
    )
    hyperparameters: dict[Text, Json] | None = Field(
        None,
        description="`n_epochs`, `learning_rate`, `lora_r` …; the size of the file decides on the rest.",
        json_schema_extra=HYPERPARAMETERS,
    )
    method: dict[Text, Json] | None = Field(
        None, description="OpenAI's newer place for hyperparameters.", json_schema_extra=METHOD
    )
    webhook_url: Annotated[str, Field(max_length=2048), Storable] | None = Field(
        None,
        description="Told how the job ended, signed with the project's webhook secret. Public, `https://`.",
        json_schema_extra={"format": "uri"},
    )

    dry_run: bool = Field(
        default=False, strict=True, description="Answer with the plan of this job, and make none."
    )

    def to_new_job(self, *, platform_model: str) -> NewJob:
        """Return the job to be created.

        Raises:
            InvalidRequest: a hyperparameter or the method is not valid.
        """
        tuning = methods.tuning(self.hyperparameters or {}, self.method)
        return NewJob(
            model=self.model,
            platform_model=platform_model,
            training_file_id=self.training_file,
            validation_file_id=self.validation_file or None,
            suffix=self.suffix,
            seed=secrets.randbelow(LARGEST_SEED) if self.seed is None else self.seed,
            hyperparameters=tuning.given,
            tuning=tuning,
            variants=tuning.variants,
            method=tuning.method,
            integrations=[entry.model_dump(exclude_none=True) for entry in self.integrations or []] or None,
            metadata=self.metadata,
            extra=self.model_extra or {},
            webhook_url=self.webhook_url,
        )


class JobErrorOut(BaseModel):
    """Why a job failed."""

    code: str = Field(description="For programs: stays the same.")
    message: str = Field(description="For people: what happened, and what to do.")
    param: str | None = Field(description="The parameter of the create that was at fault, if one was.")


class JobOut(BaseModel):
    """A fine-tuning job, as OpenAI describes it, with `paused` and `cancelling` beside it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra=sometimes(
            method={
                "type": "object",
                "additionalProperties": True,
                "description": "As it was asked for; left out if none was.",
            },
            paused={"const": True, "description": "There while the job is paused, before it is submitted."},
            cancelling={"const": True, "description": "There while a cancel is on its way."},
        ),
    )

    id: str = Field(description="Id of the job.")
    object: Literal["fine_tuning.job"] = "fine_tuning.job"
    created_at: int = Field(description="When it was accepted, in Unix seconds.")
    error: JobErrorOut | None = Field(description="Why it failed; null unless it did.")
    fine_tuned_model: str | None = Field(
        description="Name of the tuned model, on the platform as well; null unless the job succeeded."
    )
    finished_at: int | None = Field(description="When it ended, in Unix seconds; null before.")
    hyperparameters: dict[str, Any] = Field(
        description="What it is tuned with: what was sent, and what the size of the file suggests."
    )
    model: str = Field(description="The base model, as the create named it.")
    organization_id: str = Field(description="Id of the project that the job belongs to.")
    result_files: list[str] = Field(description="Ids of files with what was measured, once it has ended.")
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"] = Field(
        description="Where it is. Never moves backwards; the last three are ends, for ever."
    )
    trained_tokens: int | None = Field(description="Tokens trained on, as billed; null before the end.")
    training_file: str = Field(description="Id of the training file.")
    validation_file: str | None = Field(description="Id of the validation file, if there is one.")
    seed: int = Field(description="The seed that was sent or drawn.")
    integrations: list[dict[str, Any]] | None = Field(description="Services that are reported to, if any.")
    estimated_finish: int | None = Field(
        description="When it may end, in Unix seconds; null if nobody knows, or once it has."
    )
    metadata: dict[str, str] | None = Field(description="Your own pairs, if you sent any.")


def seconds(moment: datetime | None) -> int | None:
    """Return Unix seconds."""
    return None if moment is None else int(moment.timestamp())


def job_out(job: Job) -> JobOut:
    """Show a job; of `method`, `paused` and `cancelling` what does not apply is left out."""
    extra: dict[str, Any] = {}
    if job.method is not None:
        extra["method"] = methods.with_hyperparameters(job.method, job.hyperparameters)
    if job.paused_at is not None and job.finished_at is None:
        extra["paused"] = True
    if job.is_cancelling:
        extra["cancelling"] = True
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

    id: str = Field(description="Id of the event: the job's, and a number that grows.")
    object: Literal["fine_tuning.job.event"] = "fine_tuning.job.event"
    created_at: int = Field(description="When it happened, in Unix seconds.")
    level: Literal["info", "warn", "error"] = Field(description="How bad it is.")
    message: str = Field(description="What happened, for people.")
    type: Literal["message", "metrics"] = Field(description="`metrics`: `data` has what was measured.")
    data: dict[str, Any] = Field(description="Details for programs; `{}` if there are none.")


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
    """A model saved on the way; it can be chatted with once its job has succeeded."""

    id: str = Field(description="Id of the checkpoint, in order of steps.")
    object: Literal["fine_tuning.job.checkpoint"] = "fine_tuning.job.checkpoint"
    created_at: int = Field(description="When it was saved, in Unix seconds.")
    fine_tuned_model_checkpoint: str = Field(description="The name of the saved model.")
    fine_tuning_job_id: str = Field(description="The job on whose way it was saved.")
    step_number: int = Field(description="The training step after which it was saved.")
    metrics: dict[str, Any] = Field(
        description="What the platform measured at this step: `train_loss`, `valid_loss` and others."
    )


class CheckpointList(ListOf[CheckpointOut]):
    """A page of a job's checkpoints."""

    first_id: str | None = Field(description="Id of the first checkpoint, null if there is none.")
    last_id: str | None = Field(description="Id of the last checkpoint, null if there is none.")


def checkpoint_out(checkpoint: Checkpoint) -> CheckpointOut:
    """Show a checkpoint."""
    return CheckpointOut(
        id=checkpoint.id,
        created_at=int(checkpoint.created_at.timestamp()),
        fine_tuned_model_checkpoint=checkpoint.model,
        fine_tuning_job_id=checkpoint.job_id,
        step_number=checkpoint.step_number,
        metrics=dict(checkpoint.metrics),
    )


def checkpoint_list(checkpoints: Sequence[Checkpoint], *, has_more: bool) -> CheckpointList:
    """Show a page of checkpoints and name its ends."""
    shown = [checkpoint_out(checkpoint) for checkpoint in checkpoints]
    first, last = (shown[0].id, shown[-1].id) if shown else (None, None)
    return CheckpointList(data=shown, has_more=has_more, first_id=first, last_id=last)
