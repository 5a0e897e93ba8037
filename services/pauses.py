"""Pausing jobs that were not submitted yet, and letting them go on.

Both lock the job's row, as does the write of a create's intent: whichever comes second sees the first.
"""

from db.queries import job_wishes
from db.session import Session
from domain.errors import AlreadySubmitted
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from services import jobs, transitions

PAUSED = "The job was paused"
RESUMED = "The job was resumed"


async def pause(session: Session, *, project_id: str, job_id: str) -> Job:
    """Hold a job until it is resumed; one that is paused already stays as it is.

    Raises:
        NotFound: this project has no such job.
        AlreadyEnded: it has ended.
        AlreadySubmitted: its create call was sent, or is about to be.
    """
    job = await _unsubmitted(session, project_id=project_id, job_id=job_id, to="paused")
    if job.paused_at is not None:
        return job
    if job.claim_token is not None:  # its worker honours the wish, before it sends anything
        await job_wishes.request_pause(session, job_id=job.id, message=PAUSED)
    else:
        await _hold(session, job)
    return await jobs.get(session, project_id=project_id, job_id=job_id)


async def resume(session: Session, *, project_id: str, job_id: str) -> Job:
    """Let a paused job go on at once; one that is not paused stays as it is.

    Raises:
        NotFound: this project has no such job.
        AlreadyEnded: it has ended.
        AlreadySubmitted: it is with the platform.
    """
    job = await _unsubmitted(session, project_id=project_id, job_id=job_id, to="resumed")
    if job.paused_at is None:
        return job
    await job_wishes.resume(session, job_id=job.id, message=RESUMED)
    return await jobs.get(session, project_id=project_id, job_id=job_id)


async def _unsubmitted(session: Session, *, project_id: str, job_id: str, to: str) -> Job:
    job = await jobs.lock_living(session, project_id=project_id, job_id=job_id, to=to)
    if not jobs.is_unsubmitted(job):
        raise AlreadySubmitted
    return job


async def _hold(session: Session, job: Job) -> None:
    event, paused = NewEvent(PAUSED), {"paused_at": job.read_at}
    if job.state is JobState.HELD:  # the platform's account is parked
        await transitions.stay(session, job, wait=transitions.WHILE_PAUSED, events=[event], changes=paused)
    else:
        await transitions.hold(session, job, event, wait=transitions.WHILE_PAUSED, changes=paused)
