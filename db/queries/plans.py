"""What a plan needs to know of a project's other jobs."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from db.models import File, Job
from db.session import AnyRow, Session
from domain.job_state import BEFORE_SUBMISSION, JobState

_TRAINED = aliased(File)
_WAITING = (*(str(state) for state in BEFORE_SUBMISSION), str(JobState.SUBMITTING))


async def past_jobs(
    session: Session, *, project_id: str, platform_model: str, limit: int
) -> Sequence[AnyRow]:
    """Return examples, epochs, seconds and trained tokens of a project's last jobs that succeeded."""
    statement = (
        select(
            _TRAINED.examples,
            Job.hyperparameters["n_epochs"].label("n_epochs"),
            func.extract("epoch", Job.finished_at - Job.running_since).label("seconds"),
            Job.trained_tokens,
        )
        .join(_TRAINED, _TRAINED.id == Job.training_file_id)
        .where(
            Job.project_id == project_id,
            Job.platform_model == platform_model,
            Job.state == str(JobState.SUCCEEDED),
            Job.running_since.is_not(None),
            Job.finished_at > Job.running_since,
            _TRAINED.examples > 0,
        )
        .order_by(Job.id.desc())
        .limit(limit)
    )
    return (await session.execute(statement)).all()


async def jobs_waiting(session: Session, *, project_id: str) -> int:
    """Return how many of a project's jobs have not reached the platform yet."""
    statement = select(func.count()).where(Job.project_id == project_id, Job.state.in_(_WAITING))
    return int(await session.scalar(statement) or 0)
