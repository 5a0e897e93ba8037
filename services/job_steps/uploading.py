"""RECEIVED, HELD, UPLOADING: from an accepted request to its files on the platform."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from db.queries import files, platform_credentials, platform_uploads
from db.session import AnyRow, Session
from domain import ids, parking
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable
from domain.platform import JobError, PlatformFile
from domain.platform_uploads import platform_filename
from domain.wording import sentence
from services import transitions
from services.job_steps.retrying import retry_later

HELD_LOOK = timedelta(seconds=5)
EXAMINATION_LOOK = timedelta(seconds=5)
"""How soon a job looks again whether a worker is done with its file, should nobody wake it before."""
_WAITS = NewEvent(
    "The job waits until its files have been examined",
    platform_event_id="tuneward.examination",  # told once, however often the job looks
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be uploaded: where its bytes lie, what it is called there, how many there are.

    `upload_id` is the intent; the name carries it.
    """

    file_id: str
    upload_id: str
    filename: str
    size: int
    blob_key: str


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What to upload for a job; `copies` are the platform's ids of files that are there already."""

    job: Job
    sources: tuple[Source, ...]
    copies: Mapping[str, str]
    shared: bool


async def begin_upload(session: Session, job: Job) -> UploadPlan | None:
    """Decide whether the job's files go to the platform now; None if the job moved elsewhere."""
    if job.cancel_requested_at is not None:
        await transitions.cancel(session, job)
        return None
    credential = await platform_credentials.credential_state(session, credential_id=job.credential_id)
    if job.paused_at is not None or credential.parked:
        await _hold(session, job, credential)
        return None
    if await files.awaits_examination(session, file_ids=_file_ids(job)):
        await transitions.stay(session, job, wait=EXAMINATION_LOOK, events=[_WAITS], progress=False)
        return None
    # Else the copy is the job's own: it is what a create without metadata is recognised by.
    shared = credential.echoes_metadata is True and not credential.refuses_metadata
    rows = await files.sources_of_job(
        session,
        file_ids=_file_ids(job),
        credential_id=job.credential_id,
        job_id=job.id,
        shared=shared,
    )
    fault = _unusable(job, rows)
    if fault is not None:
        await transitions.fail(session, job, fault)
        return None
    return await _plan(session, job, rows, shared=shared)


def _file_ids(job: Job) -> list[str]:
    return [job.training_file_id] + ([job.validation_file_id] if job.validation_file_id else [])


async def _hold(session: Session, job: Job, credential: AnyRow) -> None:
    if job.paused_at is not None:
        event, wait = NewEvent("The job is held: the job is paused"), transitions.WHILE_PAUSED
    else:
        event, wait = _parked(credential), HELD_LOOK
    if job.state is JobState.HELD:
        await transitions.stay(session, job, wait=wait, progress=False)
    else:
        told = {"key_refused_at": credential.refused_at} if job.paused_at is None else {}
        await transitions.hold(session, job, event, wait=wait, changes=told)


def _parked(credential: AnyRow) -> NewEvent:
    if credential.refused_at is None:
        return NewEvent(f"The job is held: the platform account is parked ({credential.parked_reason})")
    details = {"error_code": "platform_unauthorized"}
    message = f"The job is held. {parking.REFUSED}"
    return NewEvent(message, level="error", details=details)


def _unusable(job: Job, rows: Mapping[str, AnyRow]) -> JobError | None:
    for param, file_id in (
        ("training_file", job.training_file_id),
        ("validation_file", job.validation_file_id),
    ):
        row = rows.get(file_id) if file_id else None
        if file_id and (row is None or row.status != "processed" or not row.blob_key):
            why = row.status_details if row is not None and row.status_details else "its content is gone"
            remedy = "Upload a corrected file and create a new job."
            message = f"The file {file_id} cannot be used: {sentence(why)} {remedy}"
            return JobError("invalid_training_file", message, param)
    return None


async def _plan(session: Session, job: Job, rows: Mapping[str, AnyRow], *, shared: bool) -> UploadPlan:
    copies = {file_id: row.platform_file_id for file_id, row in rows.items() if row.platform_file_id}
    sources = tuple(_source(row) for file_id, row in rows.items() if file_id not in copies)
    intents = [platform_uploads.new_uploads([_intent(job, source) for source in sources])] if sources else []
    if job.state is not JobState.UPLOADING:
        event = NewEvent("Uploading the files to the platform")
        job = await transitions.move(
            session, job, JobState.UPLOADING, events=[event], riders=intents, keep_claim=True
        )
    else:
        for intent in intents:
            await session.execute(intent)
    return UploadPlan(job, sources, copies, shared)


def _source(row: AnyRow) -> Source:
    upload_id = ids.new_id(ids.PLATFORM_UPLOAD)
    filename = platform_filename(row.filename, upload_id)
    if row.training_blob_key is not None:  # without faulty lines, or without personal data
        return Source(row.id, upload_id, filename, row.training_size, row.training_blob_key)
    return Source(row.id, upload_id, filename, row.size, row.blob_key)


def _intent(job: Job, source: Source) -> Mapping[str, Any]:
    return {
        "id": source.upload_id,
        "file_id": source.file_id,
        "credential_id": job.credential_id,
        "job_id": job.id,
        "claim_token": job.claim_token,
    }


async def finish_upload(
    session: Session, plan: UploadPlan, outcomes: Mapping[str, Outcome[PlatformFile]]
) -> Job | None:
    """Record the uploads; return the job, still claimed, if all of its files are there now."""
    uploaded = {
        file_id: outcome.value.id for file_id, outcome in outcomes.items() if isinstance(outcome, Answered)
    }
    riders = [_copy(plan, file_id, platform_id) for file_id, platform_id in uploaded.items()]
    riders += [_ended(source.upload_id, outcomes[source.file_id]) for source in plan.sources
               if source.file_id in outcomes]  # fmt: skip
    for file_id, outcome in outcomes.items():
        if not isinstance(outcome, Answered):
            await _not_uploaded(session, plan.job, file_id, outcome, riders)
            return None
    copies = {**plan.copies, **uploaded}
    job = plan.job
    return await transitions.move(
        session,
        job,
        JobState.SUBMITTING,
        events=[NewEvent("The files are on the platform")],
        changes={
            "platform_training_file": copies[job.training_file_id],
            "platform_validation_file": copies[job.validation_file_id] if job.validation_file_id else None,
        },
        riders=riders,
        keep_claim=True,
    )


def _copy(plan: UploadPlan, file_id: str, platform_file_id: str) -> Any:
    return files.new_platform_file(
        row_id=ids.new_id("pf_"),
        file_id=file_id,
        credential_id=plan.job.credential_id,
        job_id=None if plan.shared else plan.job.id,
        platform_file_id=platform_file_id,
    )


def _ended(upload_id: str, outcome: Outcome[PlatformFile]) -> Any:
    """Return the statement that records what became of one upload."""
    match outcome:
        case Answered(file):
            return platform_uploads.used(upload_id, file.id)
        case Ambiguous(reason):
            return platform_uploads.ambiguous(upload_id, reason)
        case _:
            return platform_uploads.failed(upload_id)


async def _not_uploaded(
    session: Session, job: Job, file_id: str, outcome: Outcome[PlatformFile], riders: list[Any]
) -> None:
    match outcome:
        case Retryable():
            await retry_later(session, job, outcome, what="Uploading a file to the platform", riders=riders)
        case Ambiguous(reason):
            # A second copy identifies nothing: it may simply be repeated. A sweep looks for the first.
            again = Retryable(reason)
            await retry_later(session, job, again, what="Uploading a file to the platform", riders=riders)
        case Rejected(message=message) | NotFound(message) | NotOffered(message):
            param = "training_file" if file_id == job.training_file_id else "validation_file"
            text = f"The platform refused the file {file_id}: {message}"
            await transitions.fail(
                session, job, JobError("platform_refused_file", text, param), riders=riders
            )
        case Answered():  # pragma: no cover - the caller sorted these out
            raise AssertionError
