"""Keys that make a create safe to repeat."""

from sqlalchemy import insert, select, text

from db.models import IdempotencyKey
from db.session import AnyRow, Session

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:project_id || ' ' || :key, 0))")


async def lock_key(session: Session, *, project_id: str, key: str) -> None:
    """Let creates with the same key wait for each other until the transaction ends."""
    await session.execute(_LOCK, {"project_id": project_id, "key": key})


async def use_of_key(session: Session, *, project_id: str, key: str) -> AnyRow | None:
    """Return body hash and job of an earlier create with this key."""
    statement = select(IdempotencyKey.body_hash, IdempotencyKey.job_id).where(
        IdempotencyKey.project_id == project_id, IdempotencyKey.key == key
    )
    return (await session.execute(statement)).first()


async def keep_key(session: Session, *, project_id: str, key: str, body_hash: bytes, job_id: str) -> None:
    """Bind a key to the job that came of it."""
    await session.execute(
        insert(IdempotencyKey).values(project_id=project_id, key=key, body_hash=body_hash, job_id=job_id)
    )
