"""Projects and their keys."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.models import ApiKey, Project
from db.session import AnyRow, Session


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a bearer key speaks for."""

    project_id: str
    api_key_id: str


_CALLER = text("SELECT project_id, id FROM api_keys WHERE key_hash = :key_hash AND revoked_at IS NULL")


async def caller_of_key(session: Session, *, key_hash: bytes) -> Caller | None:
    """Return whom a key that was not revoked speaks for."""
    row = (await session.execute(_CALLER, {"key_hash": key_hash})).first()
    return None if row is None else Caller(row[0], row[1])


async def rotate_webhook_secret(session: Session, *, name: str, sealed: bytes, overlap: timedelta) -> bool:
    """Put a new secret in the place of the old, which goes on beside it for `overlap`."""
    statement = (
        update(Project)
        .where(Project.name == name)
        .values(
            webhook_secret=sealed,
            previous_webhook_secret=Project.webhook_secret,
            previous_secret_expires_at=func.now() + overlap,
        )
    )
    return bool((await session.execute(statement)).rowcount)


async def is_live_key(session: Session, *, key_id: str) -> bool:
    """Tell whether a key exists and was not revoked."""
    statement = select(ApiKey.id).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    return (await session.execute(statement)).first() is not None


async def add_project(session: Session, *, project_id: str, name: str, webhook_secret: bytes) -> str | None:
    """Insert a project of this name; return its id, or None if the name is taken."""
    statement = (
        insert(Project)
        .values(id=project_id, name=name, webhook_secret=webhook_secret)
        .on_conflict_do_nothing(index_elements=[Project.name])
        .returning(Project.id)
    )
    return (await session.execute(statement)).scalar()


async def project_id_of_name(session: Session, *, name: str) -> str | None:
    """Return the id of the project with this name."""
    return (await session.execute(select(Project.id).where(Project.name == name))).scalar()


async def add_api_key(
    session: Session, *, key_id: str, project_id: str, key_hash: bytes, key_hint: str
) -> str | None:
    """Insert a key; return its id, or None if this very key exists."""
    statement = (
        insert(ApiKey)
        .values(id=key_id, project_id=project_id, key_hash=key_hash, key_hint=key_hint)
        .on_conflict_do_nothing(index_elements=[ApiKey.key_hash])
        .returning(ApiKey.id)
    )
    return (await session.execute(statement)).scalar()


async def all_api_keys(session: Session) -> list[AnyRow]:
    """Return id, project's name, hint, creation and revocation of every key, oldest first."""
    statement = (
        select(ApiKey.id, Project.name, ApiKey.key_hint, ApiKey.created_at, ApiKey.revoked_at)
        .join(Project, Project.id == ApiKey.project_id)
        .order_by(ApiKey.id)
    )
    return list((await session.execute(statement)).all())


async def revoke_api_key(session: Session, *, key_id: str) -> bool:
    """Revoke a key; tell whether there was a live one."""
    statement = (
        update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    return bool((await session.execute(statement)).rowcount)


async def personal_data_policy(session: Session, *, project_id: str) -> str:
    """Return what a project does about personal data in training files."""
    statement = select(Project.personal_data_policy).where(Project.id == project_id)
    return str((await session.execute(statement)).scalar_one())


async def set_personal_data_policy(session: Session, *, project_id: str, policy: str) -> None:
    """Change what a project does about personal data in training files."""
    await session.execute(update(Project).where(Project.id == project_id).values(personal_data_policy=policy))
