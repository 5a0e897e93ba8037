"""Metrics, checkpoints and result files: statements that ride along with a job's write."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from db.models import Checkpoint, File, JobMetric
from db.session import Session
from domain import ids, jobs
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
    """Return the statement that keeps these checkpoints, if there are any; their ids are in order of step."""
    in_order = sorted(checkpoints, key=lambda checkpoint: checkpoint.step_number)
    new_ids = sorted(ids.new_id(ids.CHECKPOINT) for _ in in_order)  # those of one millisecond are not
    rows: list[Mapping[str, Any]] = [
        {
            "id": id_,
            "job_id": job_id,
            "step_number": checkpoint.step_number,
            "model": checkpoint.model,
            "metrics": dict(checkpoint.metrics),
            "created_at": checkpoint.created_at or func.now(),
        }
        for id_, checkpoint in zip(new_ids, in_order, strict=True)
    ]
    return [insert(Checkpoint).values(rows).on_conflict_do_nothing()] if rows else []


def file_riders(files: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the statement that makes these stored results files of the project, if there are any."""
    return [insert(File).values(list(files))] if files else []


async def checkpoints_page(
    session: Session, *, job_id: str, after: str | None, limit: int
) -> list[jobs.Checkpoint]:
    """Return up to `limit` checkpoints behind the position `after`, newest first."""
    statement = select(
        Checkpoint.id, Checkpoint.job_id, Checkpoint.created_at,
        Checkpoint.model, Checkpoint.step_number, Checkpoint.metrics,
    ).where(Checkpoint.job_id == job_id)  # fmt: skip
    if after is not None:
        statement = statement.where(Checkpoint.id < after)
    rows = await session.execute(statement.order_by(Checkpoint.id.desc()).limit(limit))
    return [jobs.Checkpoint(*row) for row in rows]
