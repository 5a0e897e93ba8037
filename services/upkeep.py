"""What sweeps do inside a transaction: free, warn, give up, forget."""

from collections.abc import Sequence
from datetime import timedelta

from db.queries import create_requests, files, platform_uploads, sweeps, uploads, webhook_deliveries, webhooks
from db.session import Session
from domain import ids
from domain.create_requests import MERGED_WITHIN
from domain.deadlines import CRASHES_ALLOWED, DEADLINES
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.platform import JobError
from services import transitions
from services.uploads import attempt_key, part_key

BATCH = 100
DELIVERY_CRASH_LOOP = (
    f"worker_crash_loop: {CRASHES_ALLOWED} workers stopped while they delivered this. Look for the "
    "delivery's id in the workers' logs, mend the cause, then replay it."
)
IDEMPOTENCY_KEPT = timedelta(hours=24)
ARRIVING_FOR = timedelta(hours=1)
"""After which a part whose bytes are not all there is given up."""


async def warn_stalled(session: Session, state: JobState) -> int:
    """Write an event into jobs that passed the first deadline of this state; return how many."""
    limit = DEADLINES[state].warn
    stalled = await sweeps.stalled_jobs(session, state=state, older_than=limit, warned=False, limit=BATCH)
    for job in stalled:
        await transitions.warn(
            session, job, NewEvent(f"The job has been {state} for over {limit}", level="warn")
        )
    return len(stalled)


async def fail_stalled(session: Session, state: JobState) -> int:
    """Fail jobs that passed the last deadline of this state; return how many."""
    deadline = DEADLINES[state]
    if deadline.end is None or deadline.error is None:
        return 0
    stalled = await sweeps.stalled_jobs(
        session, state=state, older_than=deadline.end, warned=True, limit=BATCH
    )
    for job in stalled:
        await transitions.fail(session, transitions.unclaimed(job), deadline.error)
    return len(stalled)


async def fail_poisonous(session: Session) -> int:
    """Fail jobs that killed their worker too often; return how many."""
    poisonous = await sweeps.poisonous_jobs(session, crashes=CRASHES_ALLOWED, limit=BATCH)
    for job in poisonous:
        await transitions.fail(session, transitions.unclaimed(job), _crash_loop(job))
    return len(poisonous)


async def exhaust_poisonous(session: Session) -> int:
    """End deliveries that killed their worker too often; they stand in the log, and can be replayed."""
    poisonous = await webhook_deliveries.poisonous_deliveries(session, crashes=CRASHES_ALLOWED, limit=BATCH)
    if poisonous:
        attempt_ids = {delivery_id: ids.new_id(ids.ATTEMPT) for delivery_id in poisonous}
        await webhook_deliveries.exhaust_poisonous(
            session, attempt_ids=attempt_ids, error=DELIVERY_CRASH_LOOP
        )
    return len(poisonous)


def _crash_loop(job: Job) -> JobError:
    """Say what killed the workers, and what may still run, and cost, on the platform."""
    text = (
        f"{CRASHES_ALLOWED} workers stopped while they worked on this job. Look for its id in the workers' "
        "logs and mend the cause before you create the job again."
    )
    if job.platform_job_id is not None:
        text += f" The platform's job {job.platform_job_id} is not watched any more: cancel it there."
    elif job.open_submission_id is not None:
        text += (
            " It may have been submitted: look on the platform for a job with the metadata "
            f"tuneward={job.open_submission_id} and cancel it there."
        )
    return JobError("worker_crash_loop", text)


async def exhaust_unreachable(session: Session) -> int:
    """End deliveries of endpoints that were disabled or deleted; they stand in the log as exhausted."""
    return await webhooks.exhaust_unreachable(session)


async def forget_old(session: Session, *, retention: timedelta) -> dict[str, int]:
    """Delete what was kept long enough; return how many rows of each kind."""
    return {
        "idempotency_keys": await sweeps.forget_old_idempotency_keys(session, keep=IDEMPOTENCY_KEPT),
        "create_requests": await create_requests.forget_old(session, keep=MERGED_WITHIN),
        "platform_uploads": await platform_uploads.forget_old(session, keep=retention),
        "webhook_events": await sweeps.forget_old_webhook_events(session, keep=retention),
        "job_events": await sweeps.forget_old_job_events(session, keep=retention),
    }


async def unused_blobs(session: Session, *, limit: int = BATCH) -> list[tuple[str, list[str]]]:
    """Return file id and blob keys of files that were deleted or expired and that no live job needs."""
    rows = await files.blobs_to_delete(session, limit=limit)
    return [(file_id, [key for key in keys if key]) for file_id, *keys in rows]


async def blob_deleted(session: Session, *, file_id: str) -> None:
    """Record that a file's bytes are gone."""
    await files.forget_blob(session, file_id=file_id)


async def expire_uploads(session: Session) -> int:
    """End uploads whose hour is over; return how many."""
    return await uploads.expire_uploads(session, limit=BATCH)


async def unneeded_parts(session: Session) -> list[tuple[str, str]]:
    """Return part id and blob key of parts of uploads that ended."""
    found = await uploads.unneeded_parts(session, arriving_for=ARRIVING_FOR, limit=BATCH)
    return [(part_id, part_key(part_id)) for part_id in found]


async def parts_deleted(session: Session, *, part_ids: Sequence[str]) -> None:
    """Record that the bytes of these parts are gone."""
    await uploads.forget_parts(session, part_ids=part_ids)


async def uploads_without_parts(session: Session) -> list[tuple[str, list[str]]]:
    """Return ended uploads without parts, each with the blob keys of attempts that came to nothing."""
    found = await uploads.uploads_without_parts(session, limit=BATCH)
    return [
        (upload_id, [attempt_key(upload_id, attempt) for attempt in range(1, left + 1)])
        for upload_id, left in found
    ]


async def uploads_swept(session: Session, *, upload_ids: Sequence[str]) -> None:
    """Record that nothing is left of these uploads but their files."""
    await uploads.mark_swept(session, upload_ids=upload_ids)


async def forget_old_uploads(session: Session, *, retention: timedelta) -> int:
    """Delete uploads that ended long ago; return how many. Their files stay."""
    return await uploads.forget_old_uploads(session, keep=retention, limit=BATCH)


async def queue_depths(session: Session) -> list[tuple[str, int, int, float]]:
    """Return stage, rows waiting, rows due, and the seconds the oldest is overdue."""
    return await sweeps.queue_depths(session)
