"""Deliveries and attempts of webhooks on the wire."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.common import ListWithIds, list_with_ids
from api.schemas.jobs import seconds
from domain.webhook_deliveries import LoggedAttempt, LoggedDelivery


class DeliveryOut(BaseModel):
    """One event for one endpoint."""

    id: str = Field(description="Its id, `wh_…`: the `webhook-id` of every attempt and replay.")
    object: Literal["webhook_delivery"] = Field("webhook_delivery", description="Always this.")
    created_at: int = Field(description="When the event happened, in Unix seconds.")
    event_id: str = Field(description="The event's id, `evt_…`: the `id` in the body.")
    event_type: str = Field(description="What happened.")
    object_id: str = Field(description="What it happened to, for example a job's id.")
    webhook_endpoint_id: str | None = Field(
        description="The endpoint it is for; null for a job's own `webhook_url`."
    )
    url: str = Field(description="Where that endpoint is.")
    state: Literal["pending", "delivered", "exhausted"] = Field(
        description="`exhausted` is one that is not tried any more."
    )
    attempt_count: int = Field(description="How often it was tried, replays included.")
    next_attempt_at: int | None = Field(description="When it is due, in Unix seconds, if it is pending.")
    delivered_at: int | None = Field(description="When it was taken, in Unix seconds.")
    last_status_code: int | None = Field(description="What the last attempt was answered with.")
    last_error: str | None = Field(description="Why the last attempt got no answer.")


class AttemptOut(BaseModel):
    """One try of a delivery."""

    id: str = Field(description="Its id, `att_…`.")
    object: Literal["webhook_attempt"] = Field("webhook_attempt", description="Always this.")
    number: int = Field(description="Which try of its delivery it was, from 1.")
    started_at: int = Field(description="When it began, in Unix seconds.")
    duration_ms: int = Field(description="How long it took.")
    status_code: int | None = Field(description="The HTTP status of the answer, null if none came.")
    error: str | None = Field(description="Why no answer came.")
    answer: str = Field(description="The first 4 kB of the answer.")


class DeliveryWithAttemptsOut(DeliveryOut):
    """One event for one endpoint, with what came of it."""

    attempts: list[AttemptOut] = Field(description="The last hundred attempts, newest first.")


def _shown(delivery: LoggedDelivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "created_at": int(delivery.created_at.timestamp()),
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "object_id": delivery.object_id,
        "webhook_endpoint_id": delivery.endpoint_id,
        "url": delivery.url,
        "state": delivery.state,
        "attempt_count": delivery.attempts,
        "next_attempt_at": seconds(delivery.next_attempt_at),
        "delivered_at": seconds(delivery.delivered_at),
        "last_status_code": delivery.last_status,
        "last_error": delivery.last_error,
    }


def deliveries_out(deliveries: Sequence[LoggedDelivery], *, has_more: bool) -> ListWithIds[DeliveryOut]:
    """Show a page."""
    return list_with_ids([DeliveryOut(**_shown(delivery)) for delivery in deliveries], has_more=has_more)


def delivery_out(delivery: LoggedDelivery, attempts: Sequence[LoggedAttempt]) -> DeliveryWithAttemptsOut:
    """Show a delivery with its attempts."""
    return DeliveryWithAttemptsOut(
        **_shown(delivery), attempts=[_attempt_out(attempt) for attempt in attempts]
    )


def _attempt_out(attempt: LoggedAttempt) -> AttemptOut:
    return AttemptOut(
        id=attempt.id,
        number=attempt.number,
        started_at=int(attempt.started_at.timestamp()),
        duration_ms=attempt.duration_ms,
        status_code=attempt.status,
        error=attempt.error,
        answer=attempt.answer,
    )
