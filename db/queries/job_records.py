"""Metrics, checkpoints and result files: statements that ride along with a job's write."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from db.models import Checkpoint, File, JobMetric
from db.session import Session
from domain import ids
from domain.platform import PlatformCheckpoint, PlatformEvent
from domain.results import steps_of


def metric_riders(job_id: str, events: Sequence[PlatformEvent]) -> list[Any]:
    """Return the statement that keeps the numbers of each step among these events, if there are any."""
    steps = steps_of(events)
    if not steps:
        return []
    rows = [{"job_id": job_id, "step": step, "numbers": dict(numbers)} for step, numbers in steps.items()]
    statement = insert(JobMetric).values(rows)
    return [
        statement.on_conflict_do_update(
            index_elements=[JobMetric.job_id, JobMetric.step],
            set_={"numbers": statement.excluded.numbers},
        )
    ]


async def metrics_of_job(session: Session, *, job_id: str, limit: int) -> dict[int, Mapping[str, Any]]:
    """Return the numbers that were kept of a job's first `limit` steps, by step."""
    statement = select(JobMetric.step, JobMetric.numbers).where(JobMetric.job_id == job_id)
    rows = await session.execute(statement.order_by(JobMetric.step).limit(limit))
    return {row[0]: row[1] for row in rows}


def checkpoint_riders(job_id: str, checkpoints: Sequence[PlatformCheckpoint]) -> list[Any]:
    """Return the statement that keeps these checkpoints, if there are any."""
    rows: list[Mapping[str, Any]] = [
        {
            "id": ids.new_id(ids.CHECKPOINT),
            "job_id": job_id,
            "step_number": checkpoint.step_number,
            "model": checkpoint.model,
            "metrics": dict(checkpoint.metrics),
        }
        for checkpoint in sorted(checkpoints, key=lambda checkpoint: checkpoint.step_number)
    ]
    return [insert(Checkpoint).values(rows).on_conflict_do_nothing()] if rows else []


def file_riders(files: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the statement that makes these stored results files of the project, if there are any."""
    return [insert(File).values(list(files))] if files else []


async def checkpoints_page(session: Session, *, job_id: str, after: str | None, limit: int) -> Sequence[Any]:
    """Return up to `limit` checkpoints behind the position `after`, newest first."""
    statement = select(
        Checkpoint.id, Checkpoint.step_number, Checkpoint.model, Checkpoint.metrics, Checkpoint.created_at
    ).where(Checkpoint.job_id == job_id)
    if after is not None:
        statement = statement.where(Checkpoint.id < after)
    return (await session.execute(statement.order_by(Checkpoint.id.desc()).limit(limit))).all()
