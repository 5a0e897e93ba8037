"""Tuned models: the ends of jobs, and the checkpoints on their way."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, literal, select, union_all, update

from db.models import Checkpoint, Job
from db.session import AnyRow, Session
from domain.job_state import JobState


def _live(project_id: str) -> ColumnElement[bool]:
    return and_(Job.project_id == project_id, Job.state == JobState.SUCCEEDED, Job.model_deleted_at.is_(None))


async def tuned_models(session: Session, *, project_id: str, limit: int) -> Sequence[Any]:
    """Return model, base model and end of this project's tuned models that were not deleted."""
    columns = select(Job.fine_tuned_model, Job.model, Job.finished_at)
    statement = columns.where(_live(project_id)).order_by(Job.id.desc()).limit(limit)
    return (await session.execute(statement)).all()


async def tuned_model(session: Session, *, project_id: str, name: str) -> AnyRow | None:
    """Return when this project's live model of this name was made, and whether it is a checkpoint."""
    ends = select(Job.finished_at.label("made_at"), literal(value=False).label("checkpoint"))
    ways = select(Checkpoint.created_at, literal(value=True)).join(Job, Job.id == Checkpoint.job_id)
    statement: CompoundSelect[*tuple[Any, ...]] = union_all(
        ends.where(_live(project_id), Job.fine_tuned_model == name),
        ways.where(_live(project_id), Checkpoint.model == name),
    )
    return (await session.execute(statement.limit(1))).first()


async def mark_deleted(session: Session, *, project_id: str, name: str) -> None:
    """Forget a tuned model of this project, and with it the checkpoints on its way."""
    statement = update(Job).where(_live(project_id), Job.fine_tuned_model == name)
    await session.execute(statement.values(model_deleted_at=func.now()))
