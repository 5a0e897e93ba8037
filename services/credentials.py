"""The one platform account that all projects share, for now, and what the platform behind it lacks."""

from collections.abc import Iterable
from datetime import timedelta

from db.queries import platform_credentials
from db.session import Session
from domain import ids

DEFAULT = "default"
ROUTE_MISSING_FOR = timedelta(days=1)
"""How long a route that the platform does not have is not asked for; it may have come by then."""


async def ensure_default(session: Session) -> str:
    """Return the id of the account whose key is in the environment; its row is made at the first start."""
    return await platform_credentials.ensure_credential(
        session, credential_id=ids.new_id(ids.CREDENTIAL), name=DEFAULT
    )


async def missing_routes(session: Session, *, credential_id: str) -> frozenset[str]:
    """Return the routes that the platform is known to lack; a day later they are asked for again."""
    return await platform_credentials.missing_routes(session, credential_id=credential_id)


async def remember_routes(
    session: Session, *, credential_id: str, missing: Iterable[str], present: Iterable[str] = ()
) -> None:
    """Keep which routes the platform lacks, for a day, and which it has after all."""
    for route in sorted(missing):
        await platform_credentials.remember_missing_route(
            session, credential_id=credential_id, route=route, wait=ROUTE_MISSING_FOR
        )
    for route in sorted(present):
        await platform_credentials.forget_missing_route(session, credential_id=credential_id, route=route)
