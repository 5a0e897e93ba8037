"""Files and their copies on the platform."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, Interval, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from db.models import File, FileReport, Job, PlatformFile
from db.session import AnyRow, Session
from domain import files

_COLUMNS = (
    File.id, File.project_id, File.filename, File.purpose, File.size.label("size"), File.sha256,
    File.blob_key, File.training_blob_key, File.training_size.label("training_size"), File.status,
    File.status_details, File.examples, File.created_at, File.expires_at,
)  # fmt: skip
LIVE = File.deleted_at.is_(None) & or_(File.expires_at.is_(None), File.expires_at > func.now())
"""What its project still sees."""


def _file(row: AnyRow) -> files.File:
    return files.File(**row._mapping)  # noqa: SLF001 - the documented name of a row's mapping


async def add_file(session: Session, *, life: timedelta | None, **columns: Any) -> files.File:
    """Insert a file that was stored whole, to be kept for `life`; `columns` are those of the model."""
    expires_at = None if life is None else func.now() + literal(life, Interval)
    statement = insert(File).values(**columns, expires_at=expires_at)
    row = (await session.execute(statement.returning(*_COLUMNS))).one()
    return _file(row)


async def file_of_project(session: Session, *, project_id: str, file_id: str) -> files.File | None:
    """Return a live file of this project."""
    statement = select(*_COLUMNS).where(File.id == file_id, File.project_id == project_id, LIVE)
    row = (await session.execute(statement)).first()
    return None if row is None else _file(row)


async def files_page(
    session: Session,
    *,
    project_id: str,
    after: str | None,
    limit: int,
    purposes: Collection[str] | None,
    descending: bool,
) -> list[files.File]:
    """Return up to `limit` live files behind the position `after`."""
    statement = select(*_COLUMNS).where(File.project_id == project_id, LIVE)
    if purposes is not None:
        statement = statement.where(File.purpose.in_(purposes))
    if after is not None:
        statement = statement.where(File.id < after if descending else File.id > after)
    statement = statement.order_by(File.id.desc() if descending else File.id).limit(limit)
    return [_file(row) for row in await session.execute(statement)]


async def file_in_use(session: Session, *, file_id: str) -> bool:
    """Tell whether a job that has not ended needs this file."""
    uses = or_(Job.training_file_id == file_id, Job.validation_file_id == file_id)
    return bool(await session.scalar(select(exists().where(uses, Job.finished_at.is_(None)))))


async def lock_file(session: Session, *, project_id: str, file_id: str) -> bool:
    """Keep creates that name this file waiting until the transaction ends; tell whether it is there."""
    statement = (
        select(File.id).where(File.id == file_id, File.project_id == project_id, LIVE).with_for_update()
    )
    return (await session.execute(statement)).first() is not None


async def mark_file_deleted(session: Session, *, file_id: str) -> None:
    """Hide a file from its project, report and all; a sweep deletes its blobs once no job needs them."""
    await session.execute(update(File).where(File.id == file_id).values(deleted_at=func.now()))
    await session.execute(delete(FileReport).where(FileReport.file_id == file_id))


async def awaits_examination(session: Session, *, file_ids: Sequence[str]) -> bool:
    """Tell whether a worker has yet to say whether one of these files can be used."""
    statement = select(exists().where(File.id.in_(file_ids), File.status == "uploaded"))
    return bool(await session.scalar(statement))


async def trains_on(session: Session, *, file_id: str, blob_key: str) -> bool:
    """Tell whether this is the copy of a file that jobs train on."""
    statement = select(exists().where(File.id == file_id, File.training_blob_key == blob_key))
    return bool(await session.scalar(statement))


async def settle_file(
    session: Session,
    *,
    file_id: str,
    status: str,
    status_details: str | None,
    training_blob_key: str | None = None,
    training_size: int | None = None,
) -> None:
    """Record what a worker's look at a file came to."""
    await session.execute(
        update(File)
        .where(File.id == file_id)
        .values(
            status=status,
            status_details=status_details,
            training_blob_key=training_blob_key,
            training_size=training_size,
        )
    )


async def sources_of_job(
    session: Session, *, file_ids: Sequence[str], credential_id: str, job_id: str, shared: bool
) -> dict[str, AnyRow]:
    """Return each file with the id of the copy this job may use, None where there is none yet."""
    copy = PlatformFile.job_id.is_(None) if shared else PlatformFile.job_id == job_id
    statement = (
        select(*_COLUMNS, PlatformFile.platform_file_id)
        .outerjoin(
            PlatformFile,
            (PlatformFile.file_id == File.id) & (PlatformFile.credential_id == credential_id) & copy,
        )
        .where(File.id.in_(file_ids))
    )
    return {row.id: row for row in await session.execute(statement)}


def new_platform_file(
    *, row_id: str, file_id: str, credential_id: str, job_id: str | None, platform_file_id: str
) -> Insert:
    """Return the statement that records a copy; it rides along with the transition.

    Two jobs may have uploaded a shared file at once: the first copy is kept, each uses its own.
    """
    statement = insert(PlatformFile).values(
        id=row_id,
        file_id=file_id,
        credential_id=credential_id,
        job_id=job_id,
        platform_file_id=platform_file_id,
    )
    return statement.on_conflict_do_nothing()


def forget_platform_files(*, credential_id: str, platform_file_ids: Collection[str]) -> Delete:
    """Return the statement that forgets copies that the platform does not have any more."""
    return delete(PlatformFile).where(
        PlatformFile.credential_id == credential_id, PlatformFile.platform_file_id.in_(platform_file_ids)
    )


async def blobs_to_delete(session: Session, *, limit: int) -> list[AnyRow]:
    """Return id and blob keys of files that were deleted or have expired and that no live job needs."""
    unused = ~exists().where(
        or_(Job.training_file_id == File.id, Job.validation_file_id == File.id), Job.finished_at.is_(None)
    )
    statement = (
        select(File.id, File.blob_key, File.training_blob_key)
        .where(or_(File.deleted_at < func.now(), File.expires_at < func.now()), File.blob_key != "", unused)
        .limit(limit)
    )
    return list((await session.execute(statement)).all())


async def forget_blob(session: Session, *, file_id: str) -> None:
    """Record that a file's bytes are gone; the row stays, because jobs point at it."""
    await session.execute(
        update(File)
        .where(File.id == file_id)
        .values(
            blob_key="",
            training_blob_key=None,
            training_size=None,
            deleted_at=func.coalesce(File.deleted_at, func.now()),
        )
    )
    await session.execute(delete(FileReport).where(FileReport.file_id == file_id))
