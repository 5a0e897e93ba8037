"""Keys that make a create safe to repeat; `jobs.create_job` takes them."""

from sqlalchemy import select

from db.models import IdempotencyKey
from db.session import AnyRow, Session


async def use_of_key(session: Session, *, project_id: str, key: str) -> AnyRow | None:
    """Return body hash and job of an earlier create with this key."""
    statement = select(IdempotencyKey.body_hash, IdempotencyKey.job_id).where(
        IdempotencyKey.project_id == project_id, IdempotencyKey.key == key
    )
    return (await session.execute(statement)).first()
