"""The log of deliveries, replays, and what killed its workers; claims and tries are in `webhooks.py`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, case, func, select, text, true, update

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


_POISONOUS = text("""
    SELECT id FROM webhook_deliveries
     WHERE state = 'pending' AND crashes > 0 AND crashes + (claimed_until IS NOT NULL)::int >= :crashes
       AND (claimed_until IS NULL OR claimed_until < now())
     LIMIT :limit FOR UPDATE SKIP LOCKED""")

_EXHAUST_POISONOUS = text("""
    WITH delivery AS (
        UPDATE webhook_deliveries AS delivery
           SET state = 'exhausted', next_attempt_at = NULL, claim_token = NULL, claimed_until = NULL,
               attempts = attempts + 1
          FROM unnest(CAST(:delivery_ids AS text[]), CAST(:attempt_ids AS text[])) AS poison (id, attempt_id)
         WHERE delivery.id = poison.id
        RETURNING delivery.id, attempt_id, attempts
    )
    INSERT INTO webhook_attempts (id, delivery_id, number, duration_ms, error)
    SELECT attempt_id, id, attempts, 0, :error FROM delivery""")


async def poisonous_deliveries(session: Session, *, crashes: int, limit: int) -> list[str]:
    """Return and lock deliveries of which this many claims have run out in a worker's hands."""
    rows = await session.execute(_POISONOUS, {"crashes": crashes, "limit": limit})
    return list(rows.scalars())


async def exhaust_poisonous(session: Session, *, attempt_ids: Mapping[str, str], error: str) -> None:
    """End locked deliveries, with one more attempt in the log of each that says why."""
    values = {
        "delivery_ids": list(attempt_ids), "attempt_ids": list(attempt_ids.values()), "error": error,
    }  # fmt: skip
    await session.execute(_EXHAUST_POISONOUS, values)
