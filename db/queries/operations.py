"""What an operator asks at night, across projects."""

from datetime import timedelta

from sqlalchemy import exists, func, or_, select, text

from db.models import Job, PlatformSubmission
from db.queries import job_columns
from db.session import Session
from domain import jobs
from domain.job_state import TERMINAL, JobState


async def recent_jobs(
    session: Session, *, project_id: str | None, state: JobState | None, limit: int
) -> list[jobs.Job]:
    """Return the newest jobs, of one project or of all, in one state or in any."""
    statement = select(*job_columns.COLUMNS).order_by(Job.id.desc()).limit(limit)
    if project_id is not None:
        statement = statement.where(Job.project_id == project_id)
    if state is not None:
        statement = statement.where(Job.state == state)
    return [job_columns.job_of(row) for row in await session.execute(statement)]


async def stuck_jobs(
    session: Session, *, overdue: timedelta, unsettled: timedelta, limit: int
) -> list[jobs.Job]:
    """Return living jobs that are overdue, were warned about, crashed a worker, or whose create is unclear.

    Args:
        session: the transaction.
        overdue: how long a step may have been due.
        unsettled: how long a create call may be open.
        limit: how many at most.
    """
    unclear = exists().where(
        PlatformSubmission.id == Job.open_submission_id,
        PlatformSubmission.intent_at < func.now() - unsettled,
    )
    late = Job.next_step_at < func.now() - overdue
    statement = (
        select(*job_columns.COLUMNS)
        .where(Job.state.not_in(TERMINAL))
        .where(or_(late, Job.warned_at.is_not(None), Job.crashes > 0, unclear))
        .order_by(Job.next_step_at)
        .limit(limit)
    )
    return [job_columns.job_of(row) for row in await session.execute(statement)]


_RELEASE = text("""
    UPDATE jobs SET claim_token = NULL, claimed_until = NULL, crashes = 0, failures = 0, next_step_at = now()
     WHERE id = :job_id AND finished_at IS NULL RETURNING id""")


async def release_job(session: Session, *, job_id: str) -> bool:
    """Take a living job out of whoever's hands and make it due; tell whether there was one."""
    return (await session.execute(_RELEASE, {"job_id": job_id})).first() is not None
