"""What clients do with jobs: create, list, look at, cancel."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from db.queries import (
    files,
    idempotency_keys,
    job_creation,
    job_records,
    job_wishes,
    jobs,
    platform_credentials,
    projects,
    webhooks,
)
from db.queries.projects import Caller
from db.session import Session
from domain import ids, presets
from domain.create_requests import Try
from domain.errors import (
    AlreadyEnded,
    IdempotencyMismatch,
    InvalidRequest,
    InvalidTrainingFile,
    NotFound,
    PlatformCannotCancel,
    Unauthenticated,
)
from domain.job_state import BEFORE_SUBMISSION, TERMINAL, JobState
from domain.jobs import Checkpoint, Job, JobEvent, NewJob, accepted
from domain.presets import Variant
from domain.wording import sentence
from services import transitions


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's key and the hash of the body it came with."""

    key: str
    body_hash: bytes


def idempotency(key: str, body: bytes) -> Idempotency:
    """Bind a key to a body."""
    return Idempotency(key, hashlib.sha256(body).digest())


async def create(
    session: Session,
    *,
    caller: Caller,
    credential_id: str,
    new: NewJob,
    repeat: Idempotency | None = None,
    this: Try | None = None,
) -> Job:
    """Accept a job; from the commit on it will reach an end.

    Args:
        session: the transaction.
        caller: whom the API key speaks for.
        credential_id: the platform account that will run the job.
        new: what is asked for.
        repeat: the client's own key; the job is made once for it.
        this: which try this is; the job is kept for the retries that may come. See `create_requests`.

    Raises:
        Unauthenticated: the caller's key was revoked.
        IdempotencyMismatch: the key was used with another body.
        InvalidTrainingFile: a file is missing or has faults.
    """
    row = await _row(session, caller, credential_id, new, repeat)
    created = await job_creation.create_job(session, this=this, **row)
    if created is None:
        return await _earlier_or_refused(session, caller, new, repeat)
    created_at, size = created
    variant = _variants(new)[size]
    assert variant is not None  # noqa: S101 - the statement takes none that is null
    return accepted(
        new,
        job_id=row["id"],
        project_id=caller.project_id,
        credential_id=credential_id,
        webhook_endpoint_id=row["webhook_endpoint_id"],
        created_at=created_at,
        variant=variant,
    )


def _variants(new: NewJob) -> Sequence[Variant | None]:
    return new.variants or (Variant(new.hyperparameters),)


async def _earlier_or_refused(
    session: Session, caller: Caller, new: NewJob, repeat: Idempotency | None
) -> Job:
    """Find out why nothing was created: a revoked key, a repeated request, or a file; in this order."""
    if not await projects.is_live_key(session, key_id=caller.api_key_id):
        raise Unauthenticated
    earlier = await _earlier(session, caller.project_id, repeat) if repeat is not None else None
    if earlier is None:
        raise await _file_fault(session, caller.project_id, new)
    return earlier


async def _earlier(session: Session, project_id: str, repeat: Idempotency) -> Job | None:
    used = await idempotency_keys.use_of_key(session, project_id=project_id, key=repeat.key)
    if used is None:
        return None
    if used.body_hash != repeat.body_hash:
        raise IdempotencyMismatch(param="Idempotency-Key")
    return await jobs.job_of_project(session, project_id=project_id, job_id=used.job_id)


async def _row(
    session: Session, caller: Caller, credential_id: str, new: NewJob, repeat: Idempotency | None
) -> dict[str, Any]:
    project_id = caller.project_id
    endpoint_id = None
    if new.webhook_url is not None:
        endpoint_id = await webhooks.ensure_hidden_endpoint(
            session, endpoint_id=ids.new_id(ids.ENDPOINT), project_id=project_id, url=new.webhook_url
        )
    return {
        "id": ids.new_id(ids.JOB),
        "project_id": project_id,
        "api_key_id": caller.api_key_id,
        "credential_id": credential_id,
        "webhook_endpoint_id": endpoint_id,
        "model": new.model,
        "platform_model": new.platform_model,
        "training_file_id": new.training_file_id,
        "validation_file_id": new.validation_file_id,
        "suffix": new.suffix,
        "seed": new.seed,
        "variants": _json(_variants(new)),
        "method": _json(new.method),
        "integrations": _json(new.integrations),
        "metadata": _json(new.metadata),
        "extra": _json(new.extra),
        "idempotency_key": repeat.key if repeat else None,
        "body_hash": repeat.body_hash if repeat else None,
    }


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def _file_fault(session: Session, project_id: str, new: NewJob) -> InvalidRequest:
    """Say which of the two files stands in the way, and why."""
    for param, file_id in (
        ("training_file", new.training_file_id),
        ("validation_file", new.validation_file_id),
    ):
        if file_id is None:
            continue
        file = await files.file_of_project(session, project_id=project_id, file_id=file_id)
        if file is None:
            message = f"There is no file {file_id!r} in this project. Upload it with POST /v1/files first."
            return InvalidTrainingFile(message, param=param)
        if file.purpose != "fine-tune":
            message = f"The file {file_id} has the purpose {file.purpose!r}; upload it as 'fine-tune'."
            return InvalidTrainingFile(message, param=param)
        if file.status == "error":
            why = sentence(file.status_details or file.status)
            message = f"The file {file_id} cannot be used: {why} Upload a corrected file."
            return InvalidTrainingFile(message, param=param)
        if param == "training_file" and _fits_no(new, file.examples):
            return presets.contradiction(new.hyperparameters)
    return InvalidTrainingFile("A file was deleted while the job was created.", param="training_file")


def _fits_no(new: NewJob, examples: int | None) -> bool:
    """Tell whether the hyperparameters contradict each other for a file of this size."""
    return presets.chosen(_variants(new), examples) is None


async def page(
    session: Session,
    *,
    project_id: str,
    after: str | None,
    limit: int,
    metadata: Mapping[str, str] | None = None,
    without_metadata: bool = False,
) -> list[Job]:
    """Return up to `limit` jobs behind the position `after`, newest first."""
    return await jobs.jobs_page(
        session,
        project_id=project_id,
        after=after,
        limit=limit,
        metadata=metadata,
        without_metadata=without_metadata,
    )


async def get(session: Session, *, project_id: str, job_id: str) -> Job:
    """Return a job of this project.

    Raises:
        NotFound: it has none with this id.
    """
    if not ids.is_id(ids.JOB, job_id):  # not looked up: Postgres takes no NUL
        raise NotFound(param="fine_tuning_job_id")
    job = await jobs.job_of_project(session, project_id=project_id, job_id=job_id)
    if job is None:
        raise NotFound(param="fine_tuning_job_id")
    return job


async def events(
    session: Session, *, project_id: str, job_id: str, before: int | None, limit: int
) -> list[JobEvent]:
    """Return up to `limit` events of a job with a sequence under `before`, newest first."""
    await get(session, project_id=project_id, job_id=job_id)
    return await jobs.events_page(session, job_id=job_id, before=before, limit=limit)


async def checkpoints(
    session: Session, *, project_id: str, job_id: str, after: str | None, limit: int
) -> list[Checkpoint]:
    """Return up to `limit` checkpoints of a job behind the position `after`, newest first."""
    await get(session, project_id=project_id, job_id=job_id)
    return await job_records.checkpoints_page(session, job_id=job_id, after=after, limit=limit)


async def lock_living(session: Session, *, project_id: str, job_id: str, to: str) -> Job:
    """Return a job of this project that has not ended; nobody else changes it before the commit.

    Raises:
        NotFound: this project has no such job.
        AlreadyEnded: it has ended; the message says that it cannot be `to` any more.
    """
    known = ids.is_id(ids.JOB, job_id)
    job = await jobs.lock_job_of_project(session, project_id=project_id, job_id=job_id) if known else None
    if job is None:
        raise NotFound(param="fine_tuning_job_id")
    if job.state in TERMINAL:
        raise AlreadyEnded(f"The job {job.id} has ended ({job.state}); it cannot be {to} any more.")
    return job


async def cancel(session: Session, *, project_id: str, job_id: str) -> Job:
    """Cancel a job: at once if it never left us, else as a wish that the next step carries out.

    Raises:
        NotFound: this project has no such job.
        AlreadyEnded: it has ended.
        PlatformCannotCancel: it was submitted, and the platform is known to have no way to cancel.
    """
    job = await lock_living(session, project_id=project_id, job_id=job_id, to="cancelled")
    if is_unsubmitted(job):
        try:
            return await transitions.cancel(session, transitions.unclaimed(job))
        except transitions.ClaimLost:
            pass  # nothing was written; the worker that has it honours the wish before it sends anything
    await _wish_to_cancel(session, job)
    return await get(session, project_id=project_id, job_id=job_id)


def is_unsubmitted(job: Job) -> bool:
    """Tell whether no create call of a job that lives was sent, or may still have an effect."""
    between_tries = job.state is JobState.SUBMITTING and job.open_submission_id is None
    return job.state in BEFORE_SUBMISSION or between_tries


async def _wish_to_cancel(session: Session, job: Job) -> None:
    if job.state in {JobState.TRACKING, JobState.COLLECTING} and await _cannot_cancel(session, job):
        raise PlatformCannotCancel
    await job_wishes.request_cancel(session, job_id=job.id, message="Cancellation was asked for")


async def _cannot_cancel(session: Session, job: Job) -> bool:
    missing = await platform_credentials.missing_routes(session, credential_id=job.credential_id)
    return "cancel" in missing
