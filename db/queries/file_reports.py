"""Reports on training files: added with the file, claimed by a worker, finished once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import File, FileReport
from db.queries.files import LIVE
from db.session import AnyRow, Session

_NO_CLAIM = {"claim_token": None, "claimed_until": None}


async def add_report(session: Session, *, file_id: str, **columns: Any) -> None:
    """Insert the report of a file that was just added; it is due at once."""
    await session.execute(insert(FileReport).values(file_id=file_id, **columns))


async def claim_due_reports(
    session: Session, *, token: UUID, lease: timedelta, limit: int
) -> Sequence[AnyRow]:
    """Take up to `limit` reports that are due and that nobody holds; return them with their files."""
    due = (
        select(FileReport.file_id)
        .join(File, File.id == FileReport.file_id)
        .where(
            FileReport.finished_at.is_(None),
            FileReport.due_at <= func.now(),
            or_(FileReport.claimed_until.is_(None), FileReport.claimed_until < func.now()),
            File.deleted_at.is_(None),  # one that has expired may still have a job that waits for it
        )
        .order_by(FileReport.due_at)
        .limit(limit)
        .with_for_update(of=FileReport, skip_locked=True)
        .cte("due")
    )
    statement = (
        update(FileReport)
        .where(FileReport.file_id == due.c.file_id, File.id == due.c.file_id)
        .values(
            claim_token=token,
            claimed_until=func.now() + literal(lease, Interval),
            attempts=FileReport.attempts + 1,
        )
        .returning(
            FileReport.file_id,
            FileReport.policy,
            FileReport.max_invalid_ratio,
            FileReport.structure,
            FileReport.attempts,
            File.project_id,
            File.blob_key,
            File.status,
            File.status_details,
        )
    )
    return (await session.execute(statement)).all()


async def renew_report(session: Session, *, file_id: str, token: UUID, lease: timedelta) -> bool:
    """Keep a report for another lease; tell whether it is still ours."""
    values = {"claimed_until": func.now() + literal(lease, Interval)}
    return await _write(session, file_id, token, values)


async def hand_back_reports(session: Session, *, file_ids: Sequence[str], token: UUID) -> None:
    """Give up reports whose work was cut short; no attempt is used up."""
    await session.execute(
        update(FileReport)
        .where(FileReport.file_id.in_(file_ids), FileReport.claim_token == token)
        .values(**_NO_CLAIM, attempts=FileReport.attempts - 1)
    )


async def put_off_report(session: Session, *, file_id: str, token: UUID, wait: timedelta) -> bool:
    """Give a report up and make it due again after `wait`; the attempt counts."""
    values = {**_NO_CLAIM, "due_at": func.now() + literal(wait, Interval)}
    return await _write(session, file_id, token, values)


async def finish_report(session: Session, *, file_id: str, token: UUID, **columns: Any) -> bool:
    """Record what was found, or the failure; tell whether the report was still ours."""
    values = {**_NO_CLAIM, "finished_at": func.now(), **columns}
    return await _write(session, file_id, token, values)


async def _write(session: Session, file_id: str, token: UUID, values: dict[str, Any]) -> bool:
    statement = (
        update(FileReport)
        .where(FileReport.file_id == file_id, FileReport.claim_token == token)
        .values(**values)
        .returning(FileReport.file_id)
    )
    return (await session.execute(statement)).first() is not None


async def report_of_file(
    session: Session, *, project_id: str, file_id: str, also: Sequence[str] = ()
) -> AnyRow | None:
    """Return the report of a live file of this project, with the file's name, size and status.

    `also` names what is large, up to megabytes, and not always needed: `token_counts`, `fingerprints`.
    """
    statement = (
        select(
            FileReport.structure, FileReport.examined, FileReport.failure, FileReport.policy,
            FileReport.max_invalid_ratio, FileReport.finished_at,
            *(getattr(FileReport, name) for name in also),
            File.id, File.filename, File.size.label("size"), File.status, File.status_details, File.examples,
            File.training_size.label("training_size"),
        )
        .join(File, File.id == FileReport.file_id)
        .where(FileReport.file_id == file_id, File.project_id == project_id, LIVE)
    )  # fmt: skip
    return (await session.execute(statement)).first()
