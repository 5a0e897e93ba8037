"""What an operator needs at night: see what runs, see what is stuck, set it free."""

from datetime import timedelta

from db.queries import operations, projects
from db.session import Session
from domain.errors import NotFound
from domain.job_state import JobState
from domain.jobs import Job

OVERDUE = timedelta(minutes=2)
UNSETTLED = timedelta(minutes=10)
"""How long the fate of a create call may be unknown before a job counts as stuck."""


async def recent_jobs(
    session: Session, *, project: str | None, state: JobState | None, limit: int
) -> list[Job]:
    """Return the newest jobs, of the project of this name or of all.

    Raises:
        NotFound: there is no such project.
    """
    project_id = None
    if project is not None:
        project_id = await projects.project_id_of_name(session, name=project)
        if project_id is None:
            raise NotFound(f"There is no project {project!r}. 'tuneward keys list' shows them.")
    return await operations.recent_jobs(session, project_id=project_id, state=state, limit=limit)


async def stuck_jobs(session: Session, *, limit: int) -> list[Job]:
    """Return living jobs that should have moved: overdue, warned about, crashed, or of unclear fate."""
    return await operations.stuck_jobs(session, overdue=OVERDUE, unsettled=UNSETTLED, limit=limit)


async def release(session: Session, *, job_id: str) -> None:
    """Take a job out of whoever's hands and make it due now. A worker that still held it cannot write.

    Raises:
        NotFound: there is no living job with this id.
    """
    if not await operations.release_job(session, job_id=job_id):
        raise NotFound(f"No living job has the id {job_id!r}. 'tuneward jobs list' shows them.")
