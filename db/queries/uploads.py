"""Uploads and their parts: what is announced, what arrived, who puts it together."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Interval, and_, cast, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Upload, UploadPart
from db.queries import files
from db.session import AnyRow, Session
from domain import uploads
from domain.files import File
from domain.uploads import UploadStatus

_OVER = Upload.expires_at <= func.now()
_HELD = func.coalesce(Upload.claimed_until > func.now(), False)
_COLUMNS = (
    Upload.id, Upload.project_id, Upload.filename, Upload.purpose, Upload.size.label("size"),
    Upload.file_life, Upload.max_invalid_ratio, Upload.status, Upload.created_at, Upload.expires_at,
    _OVER.label("over"), _HELD.label("held"), Upload.part_count, Upload.received, Upload.attempts,
    Upload.order_sha256,
)  # fmt: skip
_PART_COLUMNS = (
    UploadPart.id, UploadPart.upload_id, UploadPart.size.label("size"), UploadPart.md5, UploadPart.created_at,
)  # fmt: skip
_NO_CLAIM = {"claim_token": None, "claimed_until": None}
_ARRIVED = UploadPart.size.is_not(None)


def _upload(columns: Any, file: File | None = None) -> uploads.Upload:
    return uploads.Upload(**{**columns, "status": UploadStatus(columns["status"])}, file=file)


def _part(row: AnyRow) -> uploads.Part:
    return uploads.Part(**row._mapping)  # noqa: SLF001 - the documented name of a row's mapping


async def add_upload(session: Session, *, life: timedelta, **columns: Any) -> uploads.Upload:
    """Insert an announced upload that expires after `life`; `columns` are those of the model."""
    expires_at = func.now() + literal(life, Interval)
    statement = insert(Upload).values(**columns, expires_at=expires_at).returning(*_COLUMNS)
    return _upload((await session.execute(statement)).one()._mapping)  # noqa: SLF001 - documented


async def upload_of_project(
    session: Session, *, project_id: str, upload_id: str, lock: bool = False
) -> uploads.Upload | None:
    """Return an upload of this project and the file that came of it; `lock` keeps others from changing it."""
    statement = select(*_COLUMNS, Upload.file_id).where(
        Upload.id == upload_id, Upload.project_id == project_id
    )
    row = (await session.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    file_id = values.pop("file_id")
    file = file_id and await files.file_of_project(session, project_id=project_id, file_id=file_id)
    return _upload(values, file)


async def cancel_upload(session: Session, *, upload_id: str) -> None:
    """End a locked upload because its owner asked for it."""
    await session.execute(
        update(Upload).where(Upload.id == upload_id).values(status=UploadStatus.CANCELLED, **_NO_CLAIM)
    )


async def add_part(session: Session, *, part_id: str, upload_id: str) -> None:
    """Insert a part of a locked upload before its bytes arrive."""
    await session.execute(insert(UploadPart).values(id=part_id, upload_id=upload_id))
    await session.execute(
        update(Upload).where(Upload.id == upload_id).values(part_count=Upload.part_count + 1)
    )


async def part_arrived(
    session: Session, *, part_id: str, upload_id: str, size: int, md5: bytes
) -> uploads.Part:
    """Record the bytes of a part of a locked upload."""
    await session.execute(
        update(Upload).where(Upload.id == upload_id).values(received=Upload.received + size)
    )
    statement = (
        update(UploadPart)
        .where(UploadPart.id == part_id, UploadPart.upload_id == upload_id)
        .values(size=size, md5=md5)
        .returning(*_PART_COLUMNS)
    )
    return _part((await session.execute(statement)).one())


async def discard_part(session: Session, *, part_id: str, upload_id: str) -> None:
    """Forget a part that did not arrive."""
    gone = delete(UploadPart).where(UploadPart.id == part_id, UploadPart.upload_id == upload_id)
    if (await session.execute(gone)).rowcount:
        await session.execute(
            update(Upload).where(Upload.id == upload_id).values(part_count=Upload.part_count - 1)
        )


async def parts_page(
    session: Session, *, upload_id: str, after: str | None, limit: int
) -> list[uploads.Part]:
    """Return up to `limit` parts that arrived, in the order in which they began to, behind `after`."""
    statement = select(*_PART_COLUMNS).where(UploadPart.upload_id == upload_id, _ARRIVED)
    if after is not None:
        statement = statement.where(UploadPart.id > after)
    rows = await session.execute(statement.order_by(UploadPart.id).limit(limit))
    return [_part(row) for row in rows]


async def part_sizes(session: Session, *, upload_id: str) -> dict[str, int]:
    """Return the bytes of each part of an upload that arrived."""
    statement = select(UploadPart.id, UploadPart.size).where(UploadPart.upload_id == upload_id, _ARRIVED)
    return {row[0]: row[1] or 0 for row in await session.execute(statement)}


async def claim_completing(session: Session, *, upload_id: str, token: UUID, lease: timedelta) -> int:
    """Give a locked upload to one attempt to complete it; return the attempt's number, from 1."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id)
        .values(
            status=UploadStatus.COMPLETING,
            claim_token=token,
            claimed_until=func.now() + literal(lease, Interval),
            attempts=Upload.attempts + 1,
        )
    )
    return (await session.execute(statement.returning(Upload.attempts))).scalar_one()


def _held_by(upload_id: str, token: UUID) -> Any:
    return and_(Upload.id == upload_id, Upload.claim_token == token, Upload.status == UploadStatus.COMPLETING)


async def renew_completing(session: Session, *, upload_id: str, token: UUID, lease: timedelta) -> bool:
    """Prolong an attempt; tell whether it was still the one."""
    until = func.now() + literal(lease, Interval)
    statement = update(Upload).where(_held_by(upload_id, token)).values(claimed_until=until)
    return (await session.execute(statement)).rowcount == 1


async def give_up_completing(session: Session, *, upload_id: str, token: UUID, left_nothing: bool) -> None:
    """Make an upload pending again after an attempt that failed; one that left no blob is not counted."""
    counted = Upload.attempts - (1 if left_nothing else 0)
    statement = update(Upload).where(_held_by(upload_id, token))
    await session.execute(statement.values(status=UploadStatus.PENDING, attempts=counted, **_NO_CLAIM))


async def complete_upload(
    session: Session, *, upload_id: str, token: UUID, file_id: str, order_sha256: bytes
) -> bool:
    """Record the file that came of an upload; tell whether the attempt was still the one."""
    statement = (
        update(Upload)
        .where(_held_by(upload_id, token))
        .values(status=UploadStatus.COMPLETED, file_id=file_id, order_sha256=order_sha256, **_NO_CLAIM)
    )
    return (await session.execute(statement)).rowcount == 1


# What the sweep asks


async def expire_uploads(session: Session, *, limit: int) -> int:
    """End uploads whose life is over and that no live attempt completes; return how many."""
    living = Upload.status.in_([UploadStatus.PENDING, UploadStatus.COMPLETING])
    over = (
        select(Upload.id)
        .where(living, _OVER, ~_HELD)
        .order_by(Upload.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(Upload).where(Upload.id.in_(over)).values(status=UploadStatus.EXPIRED, **_NO_CLAIM)
    return (await session.execute(statement)).rowcount


_UNSWEPT = and_(Upload.swept_at.is_(None), Upload.status.in_(uploads.ENDED))


async def unneeded_parts(session: Session, *, arriving_for: timedelta, limit: int) -> list[str]:
    """Return parts of uploads that ended; one that still arrives only if it has for so long."""
    given_up = UploadPart.created_at < func.now() - literal(arriving_for, Interval)
    statement = (
        select(UploadPart.id)
        .join(Upload, Upload.id == UploadPart.upload_id)
        .where(_UNSWEPT, _ARRIVED | given_up)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def forget_parts(session: Session, *, part_ids: Sequence[str]) -> None:
    """Delete the rows of parts whose bytes are gone."""
    await session.execute(delete(UploadPart).where(UploadPart.id.in_(part_ids)))


async def uploads_without_parts(session: Session, *, limit: int) -> list[tuple[str, int]]:
    """Return ended uploads with no part left, each with how many of its attempts may have left a blob."""
    won = cast(Upload.file_id.is_not(None), Integer)
    left = exists().where(UploadPart.upload_id == Upload.id)
    statement = select(Upload.id, Upload.attempts - won).where(_UNSWEPT, ~left).limit(limit)
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def mark_swept(session: Session, *, upload_ids: Sequence[str]) -> None:
    """Record that nothing is left of these uploads but their files."""
    await session.execute(update(Upload).where(Upload.id.in_(upload_ids)).values(swept_at=func.now()))


async def forget_old_uploads(session: Session, *, keep: timedelta, limit: int) -> int:
    """Delete uploads that were swept longer ago than `keep`."""
    old = select(Upload.id).where(Upload.swept_at < func.now() - literal(keep, Interval)).limit(limit)
    return (await session.execute(delete(Upload).where(Upload.id.in_(old)))).rowcount
