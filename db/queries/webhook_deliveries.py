"""The log of deliveries, and replays; claims and tries are in `webhooks.py`."""

from typing import Any

from sqlalchemy import Select, case, func, select, true, update

from db.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from db.session import AnyRow, Session
from domain.webhook_deliveries import LoggedAttempt, LoggedDelivery

_LAST = (
    select(WebhookAttempt.status.label("last_status"), WebhookAttempt.error.label("last_error"))
    .where(WebhookAttempt.delivery_id == WebhookDelivery.id)
    .order_by(WebhookAttempt.number.desc())
    .limit(1)
    .lateral("last")
)
_DELIVERIES: Select[Any] = (
    select(
        WebhookDelivery.id, WebhookDelivery.event_id, WebhookEvent.type.label("event_type"),
        WebhookEvent.object_id,
        case((~WebhookEndpoint.hidden, WebhookEndpoint.id)).label("endpoint_id"),
        WebhookEndpoint.url, WebhookDelivery.state, WebhookDelivery.attempts, WebhookDelivery.created_at,
        WebhookDelivery.next_attempt_at, WebhookDelivery.delivered_at,
        _LAST.c.last_status, _LAST.c.last_error,
    )
    .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .outerjoin(_LAST, true())
)  # fmt: skip


def _named(row: AnyRow) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping


async def deliveries_page(
    session: Session,
    *,
    project_id: str,
    after: str | None,
    limit: int,
    endpoint_id: str | None = None,
    object_id: str | None = None,
) -> list[LoggedDelivery]:
    """Return up to `limit` deliveries behind the position `after`, newest first."""
    statement = _DELIVERIES.where(
        WebhookEvent.project_id == project_id, WebhookEndpoint.project_id == project_id
    )
    if endpoint_id is not None:
        statement = statement.where(WebhookDelivery.endpoint_id == endpoint_id)
    if object_id is not None:
        statement = statement.where(WebhookEvent.object_id == object_id)
    if after is not None:
        statement = statement.where(WebhookDelivery.id < after)
    statement = statement.order_by(WebhookDelivery.id.desc()).limit(limit)
    return [LoggedDelivery(**_named(row)) for row in await session.execute(statement)]


async def delivery_of_project(
    session: Session, *, project_id: str, delivery_id: str
) -> LoggedDelivery | None:
    """Return a delivery to an endpoint of this project, a deleted or hidden one included."""
    statement = _DELIVERIES.where(WebhookDelivery.id == delivery_id, WebhookEndpoint.project_id == project_id)
    row = (await session.execute(statement)).first()
    return None if row is None else LoggedDelivery(**_named(row))


async def attempts_of_delivery(session: Session, *, delivery_id: str, limit: int) -> list[LoggedAttempt]:
    """Return the last tries of a delivery, newest first."""
    statement = (
        select(
            WebhookAttempt.id, WebhookAttempt.number, WebhookAttempt.started_at, WebhookAttempt.duration_ms,
            WebhookAttempt.status, WebhookAttempt.error, WebhookAttempt.answer,
        )
        .where(WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.number.desc())
        .limit(limit)
    )  # fmt: skip
    return [LoggedAttempt(**_named(row)) for row in await session.execute(statement)]


async def lock_delivery(session: Session, *, project_id: str, delivery_id: str) -> AnyRow | None:
    """Lock a delivery; return `hidden`, `deleted_at` and `disabled_reason` of its endpoint."""
    statement = (
        select(WebhookEndpoint.hidden, WebhookEndpoint.deleted_at, WebhookEndpoint.disabled_reason)
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookDelivery.id == delivery_id, WebhookEndpoint.project_id == project_id)
        .with_for_update(of=WebhookDelivery)
    )
    return (await session.execute(statement)).first()


async def make_due_again(session: Session, *, delivery_id: str) -> None:
    """Make a locked delivery due now. One that had ended begins its schedule anew; a claim stays as it is."""
    pending = WebhookDelivery.state == "pending"
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id)
        .values(
            state="pending",
            next_attempt_at=func.now(),
            delivered_at=None,
            crashes=0,
            schedule_start=case((pending, WebhookDelivery.schedule_start), else_=WebhookDelivery.attempts),
        )
    )
    await session.execute(statement)
