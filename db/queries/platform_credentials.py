"""The state of the platform's account."""

from datetime import timedelta

from sqlalchemy import Update, false, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.models import PlatformCredential
from db.session import AnyRow, Session


async def ensure_credential(session: Session, *, credential_id: str, name: str) -> str:
    """Return the id of the credential of this name, inserting it first if there is none."""
    statement = (
        insert(PlatformCredential)
        .values(id=credential_id, name=name)
        .on_conflict_do_nothing(index_elements=[PlatformCredential.name])
    )
    await session.execute(statement)
    found = await session.execute(select(PlatformCredential.id).where(PlatformCredential.name == name))
    return found.scalar_one()


_PARKED = or_(
    PlatformCredential.probe_at.is_not(None),
    func.coalesce(PlatformCredential.parked_until > func.now(), false()),
).label("parked")


async def credential_state(session: Session, *, credential_id: str) -> AnyRow:
    """Return what is known of this account: `parked` and why, metadata, routes."""
    statement = select(
        _PARKED,
        PlatformCredential.parked_reason,
        PlatformCredential.refusal,
        PlatformCredential.refused_at,
        PlatformCredential.echoes_metadata,
        PlatformCredential.refuses_metadata,
        PlatformCredential.missing_routes,
    ).where(PlatformCredential.id == credential_id)
    return (await session.execute(statement)).one()


def metadata_knowledge(
    *, credential_id: str, echoes: bool | None = None, refuses: bool | None = None
) -> Update:
    """Return the statement that keeps what a look at the platform has shown about our marker."""
    known = {"echoes_metadata": echoes, "refuses_metadata": refuses}
    changes = {name: value for name, value in known.items() if value is not None}
    news = or_(
        *(getattr(PlatformCredential, name).is_distinct_from(value) for name, value in changes.items())
    )
    return update(PlatformCredential).where(PlatformCredential.id == credential_id, news).values(changes)


_KNOWN_MISSING = text("""
    SELECT route.name FROM platform_credentials, jsonb_each(missing_routes) AS route (name, until)
     WHERE id = :credential_id AND CAST(route.until AS double precision) > extract(epoch FROM now())""")


async def missing_routes(session: Session, *, credential_id: str) -> frozenset[str]:
    """Return the routes of the platform that are taken for missing now."""
    return frozenset((await session.execute(_KNOWN_MISSING, {"credential_id": credential_id})).scalars())


_MISSING = text("""
    UPDATE platform_credentials
       SET missing_routes = missing_routes
           || jsonb_build_object(CAST(:route AS text), extract(epoch FROM now() + :wait))
     WHERE id = :credential_id""")


async def remember_missing_route(
    session: Session, *, credential_id: str, route: str, wait: timedelta
) -> None:
    """Take a route of the platform for missing for `wait`."""
    await session.execute(_MISSING, {"credential_id": credential_id, "route": route, "wait": wait})


_PRESENT = text("""
    UPDATE platform_credentials SET missing_routes = missing_routes - CAST(:route AS text)
     WHERE id = :credential_id""")


async def forget_missing_route(session: Session, *, credential_id: str, route: str) -> None:
    """Ask for a route of the platform again."""
    await session.execute(_PRESENT, {"credential_id": credential_id, "route": route})
