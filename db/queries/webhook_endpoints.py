"""Endpoints that customers manage; a job's own, hidden ones are in `webhooks.py`."""

from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Project, WebhookEndpoint
from db.session import AnyRow, Session
from domain import webhook_endpoints

_COLUMNS = (
    WebhookEndpoint.id, WebhookEndpoint.name, WebhookEndpoint.url, WebhookEndpoint.event_types,
    WebhookEndpoint.secret_hint, WebhookEndpoint.created_at, WebhookEndpoint.updated_at,
    WebhookEndpoint.failing_since, WebhookEndpoint.disabled_at, WebhookEndpoint.disabled_reason,
)  # fmt: skip
_SHOWN = ~WebhookEndpoint.hidden & WebhookEndpoint.deleted_at.is_(None)


def _endpoint(row: AnyRow) -> webhook_endpoints.WebhookEndpoint:
    columns = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    return webhook_endpoints.WebhookEndpoint(**columns | {"event_types": tuple(columns["event_types"])})


def _one(project_id: str, endpoint_id: str) -> Any:
    return (WebhookEndpoint.id == endpoint_id) & (WebhookEndpoint.project_id == project_id) & _SHOWN


async def count_endpoints(session: Session, *, project_id: str) -> int:
    """Return how many endpoints a project has; nobody else adds one to it until the transaction ends."""
    # Jobs and files may still be inserted meanwhile: they lock the project's row for its key only.
    await session.execute(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True))
    statement = select(func.count()).where(WebhookEndpoint.project_id == project_id, _SHOWN)
    return int(await session.scalar(statement) or 0)


async def add_endpoint(session: Session, **columns: Any) -> webhook_endpoints.WebhookEndpoint:
    """Insert an endpoint; `columns` are those of the model."""
    statement = insert(WebhookEndpoint).values(**columns, hidden=False, updated_at=func.now())
    return _endpoint((await session.execute(statement.returning(*_COLUMNS))).one())


async def endpoints_page(
    session: Session, *, project_id: str, after: str | None, limit: int
) -> list[webhook_endpoints.WebhookEndpoint]:
    """Return up to `limit` endpoints behind the position `after`, newest first."""
    statement = select(*_COLUMNS).where(WebhookEndpoint.project_id == project_id, _SHOWN)
    if after is not None:
        statement = statement.where(WebhookEndpoint.id < after)
    statement = statement.order_by(WebhookEndpoint.id.desc()).limit(limit)
    return [_endpoint(row) for row in await session.execute(statement)]


async def endpoint_of_project(
    session: Session, *, project_id: str, endpoint_id: str, lock: bool = False
) -> webhook_endpoints.WebhookEndpoint | None:
    """Return an endpoint of this project, locked until the transaction ends if asked."""
    statement = select(*_COLUMNS).where(_one(project_id, endpoint_id))
    if lock:  # deliveries to it may still be written: they lock its key only
        statement = statement.with_for_update(key_share=True)
    row = (await session.execute(statement)).first()
    return None if row is None else _endpoint(row)


async def save_endpoint(
    session: Session, endpoint: webhook_endpoints.WebhookEndpoint, *, project_id: str, afresh: bool
) -> webhook_endpoints.WebhookEndpoint:
    """Write a changed endpoint that this transaction has locked; `afresh` forgets its failures."""
    statement = (
        update(WebhookEndpoint)
        .where(_one(project_id, endpoint.id))
        .values(
            name=endpoint.name,
            url=endpoint.url,
            event_types=list(endpoint.event_types),
            disabled_at=endpoint.disabled_at,
            disabled_reason=endpoint.disabled_reason,
            updated_at=func.now(),
        )
    )
    if afresh:
        statement = statement.values(failures=0, failing_since=None, resume_at=None)
    return _endpoint((await session.execute(statement.returning(*_COLUMNS))).one())


async def delete_endpoint(session: Session, *, project_id: str, endpoint_id: str) -> bool:
    """Delete an endpoint; tell whether it was there. A sweep ends what is still to be sent to it."""
    statement = update(WebhookEndpoint).where(_one(project_id, endpoint_id)).values(deleted_at=func.now())
    return bool((await session.execute(statement)).rowcount)


async def rotate_secret(
    session: Session,
    *,
    project_id: str,
    endpoint_id: str,
    sealed: bytes,
    hint: str,
    overlap: timedelta | None,
) -> webhook_endpoints.WebhookEndpoint | None:
    """Put a new secret in the place of the old, which goes on beside it for `overlap`, if for any time."""
    statement = (
        update(WebhookEndpoint)
        .where(_one(project_id, endpoint_id))
        .values(
            secret=sealed,
            secret_hint=hint,
            previous_secret=None if overlap is None else WebhookEndpoint.secret,
            previous_secret_expires_at=None if overlap is None else func.now() + overlap,
            updated_at=func.now(),
        )
        .returning(*_COLUMNS)
    )
    row = (await session.execute(statement)).first()
    return None if row is None else _endpoint(row)


async def signing_of_endpoint(session: Session, *, project_id: str, endpoint_id: str) -> AnyRow | None:
    """Return `url`, encrypted `secret` and, while it still signs, `previous_secret` of an endpoint."""
    still_signs = WebhookEndpoint.previous_secret_expires_at > func.now()
    statement = select(
        WebhookEndpoint.url,
        WebhookEndpoint.secret,
        case((still_signs, WebhookEndpoint.previous_secret)).label("previous_secret"),
    ).where(_one(project_id, endpoint_id))
    return (await session.execute(statement)).first()
