"""A job as everybody but the database sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.job_state import JobState, ShownStatus, shown_status
from domain.methods import Tuning
from domain.platform import JobError
from domain.presets import Variant

CANCELLING = frozenset({"canceling", "cancelling"})
"""The platform's words for a job that is about to be cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of `jobs`, as read inside a transaction; times are aware UTC datetimes.

    `read_at` is what Postgres's clock said then: ages count from it, since a worker's own clock may be off.
    """

    id: str
    project_id: str
    credential_id: str
    webhook_endpoint_id: str | None
    created_at: datetime
    model: str
    platform_model: str
    training_file_id: str
    validation_file_id: str | None
    suffix: str | None
    seed: int
    hyperparameters: Mapping[str, Any]
    method: Mapping[str, Any] | None
    integrations: Sequence[Mapping[str, Any]] | None
    metadata: Mapping[str, str] | None
    extra: Mapping[str, Any]
    state: JobState
    state_since: datetime
    sequence: int
    paused_at: datetime | None
    cancel_requested_at: datetime | None
    cancel_sent_at: datetime | None
    next_step_at: datetime | None
    claim_token: UUID | None
    crashes: int
    failures: int
    polls: int
    key_refused_at: datetime | None
    warned_at: datetime | None
    open_submission_id: str | None
    not_found_since: datetime | None
    not_found_count: int
    platform_training_file: str | None
    platform_validation_file: str | None
    platform_job_id: str | None
    platform_status: str | None
    running_since: datetime | None
    estimated_finish: datetime | None
    platform_end: Mapping[str, Any] | None
    finished_at: datetime | None
    fine_tuned_model: str | None
    model_deleted_at: datetime | None
    trained_tokens: int | None
    result_files: Sequence[str]
    error_code: str | None
    error_message: str | None
    error_param: str | None
    read_at: datetime = field(compare=False)

    @property
    def shown_status(self) -> ShownStatus:
        """What a client sees; it never moves backwards."""
        return shown_status(self.state, platform_running=self.running_since is not None)

    @property
    def is_cancelling(self) -> bool:
        """A cancel is on its way to the platform, or the platform says that it is ending the job."""
        wished = self.cancel_requested_at is not None and self.cancel_sent_at is None
        word = (self.platform_status or "").casefold()
        return self.finished_at is None and (wished or word in CANCELLING)

    @property
    def error(self) -> JobError | None:
        """Why the job failed, if it did."""
        if self.error_code is None or self.error_message is None:
            return None
        return JobError(self.error_code, self.error_message, self.error_param)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A create request after it was checked; what `services.jobs.create` turns into a row."""

    model: str
    platform_model: str
    training_file_id: str
    validation_file_id: str | None = None
    suffix: str | None = None
    seed: int
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    """As they were asked for."""
    tuning: Tuning | None = None
    """All that was said about the hyperparameters, checked."""
    variants: Sequence[Variant | None] = ()
    """What they come to by the size of the file, see `presets.variants`; what was asked for if empty."""
    method: Mapping[str, Any] | None = None
    integrations: Sequence[Mapping[str, Any]] | None = None
    metadata: Mapping[str, str] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None


def accepted(
    new: NewJob,
    *,
    job_id: str,
    project_id: str,
    credential_id: str,
    webhook_endpoint_id: str | None,
    created_at: datetime,
    variant: Variant,
) -> Job:
    """Return the job that a request becomes at the moment it is committed, its first events being written."""
    asked = {name: getattr(new, name) for name in _ASKED_FOR}
    return Job(
        **_UNTOUCHED,
        **asked,
        hyperparameters=variant.hyperparameters,
        sequence=1 if variant.warning is None else 2,
        id=job_id,
        project_id=project_id,
        credential_id=credential_id,
        webhook_endpoint_id=webhook_endpoint_id,
        created_at=created_at,
        state_since=created_at,
        next_step_at=created_at,
        read_at=created_at,
    )


_NOT_KEPT = {"webhook_url", "hyperparameters", "tuning", "variants"}
_ASKED_FOR = [each.name for each in fields(NewJob) if each.name not in _NOT_KEPT]
_COUNTERS = ("crashes", "failures", "polls", "not_found_count")
_GIVEN = {
    "id",
    "project_id",
    "credential_id",
    "webhook_endpoint_id",
    "created_at",
    "state_since",
    "next_step_at",
    "read_at",
    "hyperparameters",
    "sequence",
}
_UNTOUCHED: dict[str, Any] = {
    **{each.name: None for each in fields(Job) if each.name not in {*_GIVEN, *_ASKED_FOR}},
    **dict.fromkeys(_COUNTERS, 0),
    "state": JobState.RECEIVED,
    "result_files": [],
}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A line for a job's history, before it has a sequence."""

    message: str
    level: str = "info"
    kind: str = "message"
    details: Mapping[str, Any] = field(default_factory=dict)
    platform_event_id: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model saved on the way; `created_at` is the platform's time where it gave one."""

    id: str
    job_id: str
    created_at: datetime
    model: str
    step_number: int
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A line of a job's history."""

    job_id: str
    sequence: int
    created_at: datetime
    level: str
    kind: str
    message: str
    details: Mapping[str, Any]
