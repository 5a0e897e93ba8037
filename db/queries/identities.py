"""Who this database is."""

from uuid import UUID

from sqlalchemy import text

from db.session import Session

_OURS = text("""
    INSERT INTO identities (name) VALUES (:name)
        ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING id""")


async def ours(session: Session, *, name: str) -> UUID:
    """Return this database's id by that name, the same at every call."""
    found: UUID = (await session.execute(_OURS, {"name": name})).scalar_one()
    return found
