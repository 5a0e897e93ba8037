"""COLLECTING: keep what the platform has about a job that ended, then end it with us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from db.queries import job_records
from db.session import Session
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.outcomes import Retryable
from domain.platform import JobError, PlatformCheckpoint, PlatformEvent, PlatformJob, PlatformStatus
from services import credentials, transitions
from services.job_steps.recording import new_events
from services.job_steps.retrying import retry_later

MOST_STEPS = 200_000
"""As many as a results file of our own has lines: some 16 MB."""


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result file that lies in the blob store."""

    file_id: str
    blob_key: str
    size: int
    sha256: bytes
    filename: str = "step_metrics.csv"


@dataclass(frozen=True, slots=True)
class Collected:
    """What was fetched.

    Attributes:
        missing: Names what the platform does not offer or did not give, for the job's history.
        missing_routes: Routes that were asked for and are not there.
        end: The end, if the platform had more to say of it than when it reported it.
    """

    events: tuple[PlatformEvent, ...] = ()
    checkpoints: tuple[PlatformCheckpoint, ...] = ()
    results: tuple[StoredResult, ...] = ()
    missing: tuple[str, ...] = field(default=())
    missing_routes: frozenset[str] = frozenset()
    end: PlatformJob | None = None


def platform_end(job: Job) -> PlatformJob:
    """Return the end the platform reported, as it was kept with the transition to COLLECTING."""
    return msgspec.convert(job.platform_end, PlatformJob)


async def kept_metrics(session: Session, job: Job) -> Mapping[int, Mapping[str, Any]]:
    """Return the numbers of each step that were recorded while the job ran."""
    return await job_records.metrics_of_job(session, job_id=job.id, limit=MOST_STEPS)


async def finish_collect(session: Session, job: Job, collected: Collected) -> None:
    """Record everything, and the end, in one transaction."""
    end = collected.end or platform_end(job)
    target, changes, line = _end(job, end)
    changes = {
        **changes,
        "result_files": [result.file_id for result in collected.results],
        "platform_end": msgspec.to_builtins(end),
    }
    await credentials.remember_routes(
        session, credential_id=job.credential_id, missing=collected.missing_routes
    )
    riders = [
        *job_records.metric_riders(job.id, collected.events),
        *job_records.checkpoint_riders(job.id, collected.checkpoints),
        *job_records.file_riders([_file_row(job, result) for result in collected.results]),
    ]
    lines = [*new_events(collected.events), *_missing(collected), line]
    await transitions.move(session, job, target, events=lines, changes=changes, riders=riders)


def _end(job: Job, end: PlatformJob) -> tuple[JobState, dict[str, Any], NewEvent]:
    if end.status is PlatformStatus.SUCCEEDED and end.fine_tuned_model:
        tokens = end.trained_tokens if end.trained_tokens is not None else job.trained_tokens
        changes = {"fine_tuned_model": end.fine_tuned_model, "trained_tokens": tokens}
        return (
            JobState.SUCCEEDED,
            changes,
            NewEvent(f"The job succeeded; its model is {end.fine_tuned_model}"),
        )
    if end.status is PlatformStatus.CANCELLED:
        return JobState.CANCELLED, {}, NewEvent("The platform cancelled the job")
    error = _error(job, end)
    changes = {"error_code": error.code, "error_message": error.message, "error_param": error.param}
    details = {"error_code": error.code, "error_param": error.param}
    return (
        JobState.FAILED,
        changes,
        NewEvent(f"The job failed: {error.message}", level="error", details=details),
    )


def _error(job: Job, end: PlatformJob) -> JobError:
    name = f"the platform's job {job.platform_job_id}"
    if end.status is PlatformStatus.SUCCEEDED and end.unusable_model is not None:
        text = (
            f"Success is reported for {name}, but the name of its model holds characters that cannot be "
            f"passed on: {end.unusable_model}. Ask its support to rename it."
        )
        return JobError("platform_model_unusable", text)
    if end.status is PlatformStatus.SUCCEEDED:
        text = f"Success is reported for {name}, but no tuned model is named. Ask its support with this id."
        return JobError("platform_named_no_model", text)
    text = f"A failure is reported for {name}, and no reason is given. Ask its support with this id."
    return end.error or JobError("platform_job_failed", text)


def _missing(collected: Collected) -> list[NewEvent]:
    if not collected.missing:
        return []
    return [NewEvent(f"The platform did not give: {', '.join(collected.missing)}", level="warn")]


def _file_row(job: Job, result: StoredResult) -> Mapping[str, Any]:
    return {
        "id": result.file_id,
        "project_id": job.project_id,
        "filename": result.filename,
        "purpose": "fine-tune-results",
        "size": result.size,
        "sha256": result.sha256,
        "blob_key": result.blob_key,
        "status": "processed",
    }


async def known_missing(session: Session, job: Job) -> frozenset[str]:
    """Return the routes that are not worth asking for."""
    return await credentials.missing_routes(session, credential_id=job.credential_id)


async def try_again(session: Session, job: Job, outcome: Retryable) -> None:
    """Leave the job in COLLECTING for another round."""
    await retry_later(session, job, outcome, what="Collecting what the platform has about the job")
