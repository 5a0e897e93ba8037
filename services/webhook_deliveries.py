"""Deliveries: claimed, tried, recorded, looked at, replayed; the decision after a try is made here."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from db.queries import webhook_deliveries, webhooks
from db.queries.webhooks import DueDelivery, Patience
from db.session import AnyRow, Session
from domain import ids, retry
from domain.crashes import ANY, Crashes
from domain.errors import EndpointSwitchedOff, NotFound, SecretUnreadable
from domain.outcomes import Attempted
from domain.webhook_deliveries import LoggedAttempt, LoggedDelivery
from services import webhook_endpoints
from services.secret_box import SecretBox

PER_CLAIM_AND_ENDPOINT = 20
PATIENCE = Patience(
    reason_gone="the receiver answered 410 Gone",
    failing=timedelta(days=5),
    reason_failing="every attempt of the last five days failed",
)
BREAKER_WAITS = [retry.breaker_wait(failures) for failures in range(1, retry.BREAKER_OPENS_AT + 6)]
"""Up to the longest."""
ATTEMPTS_SHOWN = 100
_RANDOM = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that is to be tried now; the newest secret signs first, none if they cannot be read.

    `attempts` counts the tries since it was made, or since it was replayed; `read_at` is Postgres's clock.
    """

    id: str
    endpoint_id: str
    url: str
    body: bytes
    secrets: tuple[str, ...] = field(repr=False)
    attempts: int
    read_at: datetime


async def claim(
    session: Session,
    box: SecretBox,
    *,
    token: UUID,
    lease: timedelta,
    limit: int,
    crashes: Crashes = ANY,
) -> list[Delivery]:
    """Claim due deliveries with that many crashes; those of an endpoint whose breaker is open wait."""
    due = await webhooks.claim_due_deliveries(
        session,
        token=token,
        lease=lease,
        limit=limit,
        per_endpoint=PER_CLAIM_AND_ENDPOINT,
        breaker=retry.BREAKER_OPENS_AT,
        crashes=crashes,
    )
    return [_delivery(row, box) for row in due]


def _delivery(row: DueDelivery, box: SecretBox) -> Delivery:
    return Delivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        url=row.url,
        body=bytes(row.body),
        secrets=_opened(row, box),
        attempts=row.attempts,
        read_at=row.read_at,
    )


def _opened(row: DueDelivery, box: SecretBox) -> tuple[str, ...]:
    """Open an endpoint's secrets; one that was sealed with a lost key must not stop the other endpoints."""
    try:
        return box.open_each(row.secret, row.previous_secret)
    except SecretUnreadable:
        return ()


async def finish(
    session: Session,
    delivery: Delivery,
    attempted: Attempted,
    *,
    token: UUID,
    schedule: Sequence[timedelta],
) -> bool:
    """Record a try and what follows from it; False if the claim was lost and nothing was kept."""
    wait = retry.next_attempt(schedule, delivery.attempts + 1, retry_after=attempted.retry_after, rng=_RANDOM)
    return await webhooks.finish_attempt(
        session,
        delivery_id=delivery.id,
        url=delivery.url,
        token=token,
        attempt_id=ids.new_id(ids.ATTEMPT),
        attempted=attempted,
        wait=wait,
        breaker_waits=BREAKER_WAITS,
        patience=PATIENCE,
    )


async def renew(session: Session, *, claims: Mapping[str, UUID], lease: timedelta) -> set[str]:
    """Prolong claims on deliveries that are under way; return the ids of those that were still ours."""
    return await webhooks.renew_deliveries(session, claims=claims, lease=lease)


async def hand_back(session: Session, *, delivery_ids: Sequence[str], token: UUID) -> None:
    """Give claims back without using up a try."""
    await webhooks.hand_back_deliveries(session, delivery_ids=delivery_ids, token=token)


async def page_of_endpoint(
    session: Session, *, project_id: str, endpoint_id: str, after: str | None, limit: int
) -> list[LoggedDelivery]:
    """Return up to `limit` deliveries to an endpoint behind the position `after`, newest first.

    Raises:
        NotFound: this project has no such endpoint.
    """
    await webhook_endpoints.get(session, project_id=project_id, endpoint_id=endpoint_id)
    if after is not None and not ids.is_id(ids.DELIVERY, after):
        return []
    return await webhook_deliveries.deliveries_page(
        session, project_id=project_id, endpoint_id=endpoint_id, after=after, limit=limit
    )


async def page_of_object(
    session: Session, *, project_id: str, object_id: str, after: str | None, limit: int
) -> list[LoggedDelivery]:
    """Return up to `limit` deliveries about an object behind the position `after`, newest first.

    A job's own `webhook_url` is among them. There are none about an object that is not this project's.
    """
    if not ids.is_id(ids.JOB, object_id) or (after is not None and not ids.is_id(ids.DELIVERY, after)):
        return []
    return await webhook_deliveries.deliveries_page(
        session, project_id=project_id, object_id=object_id, after=after, limit=limit
    )


async def get(
    session: Session, *, project_id: str, delivery_id: str
) -> tuple[LoggedDelivery, list[LoggedAttempt]]:
    """Return a delivery of this project and its last tries, newest first.

    Raises:
        NotFound: it has none with this id.
    """
    delivery = None
    if ids.is_id(ids.DELIVERY, delivery_id):  # else not looked up: Postgres takes no NUL
        delivery = await webhook_deliveries.delivery_of_project(
            session, project_id=project_id, delivery_id=delivery_id
        )
    if delivery is None:
        raise NotFound(param="webhook_delivery_id")
    tries = await webhook_deliveries.attempts_of_delivery(
        session, delivery_id=delivery_id, limit=ATTEMPTS_SHOWN
    )
    return delivery, tries


async def replay(
    session: Session, *, project_id: str, delivery_id: str
) -> tuple[LoggedDelivery, list[LoggedAttempt]]:
    """Make a delivery due now, with the same id and bytes, and return it as `get` does.

    One that had ended is pending again and begins the schedule anew; one that is pending comes sooner.

    Raises:
        NotFound: this project has no such delivery.
        EndpointSwitchedOff: its endpoint was deleted or disabled.
    """
    known = ids.is_id(ids.DELIVERY, delivery_id)
    endpoint = None
    if known:
        endpoint = await webhook_deliveries.lock_delivery(
            session, project_id=project_id, delivery_id=delivery_id
        )
    if endpoint is None:
        raise NotFound(param="webhook_delivery_id")
    if endpoint.deleted_at is not None or endpoint.disabled_reason is not None:
        raise _switched_off(endpoint)
    await webhook_deliveries.make_due_again(session, delivery_id=delivery_id)
    return await get(session, project_id=project_id, delivery_id=delivery_id)


def _switched_off(endpoint: AnyRow) -> EndpointSwitchedOff:
    if endpoint.deleted_at is not None:
        message = "The webhook endpoint of this delivery was deleted; nothing can be sent to it any more."
        return EndpointSwitchedOff(message, code="webhook_endpoint_deleted")
    remedy = "Create a job that names its URL again" if endpoint.hidden else "Enable it with an update"
    return EndpointSwitchedOff(
        f"The webhook endpoint of this delivery is disabled: {endpoint.disabled_reason}. {remedy} first."
    )
