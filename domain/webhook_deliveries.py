"""Deliveries and attempts as they stand in the log that customers read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDelivery:
    """One event for one endpoint, and what the last try came to.

    `state` is pending, delivered or exhausted; `endpoint_id` is None for a job's own `webhook_url`;
    `attempts` counts all tries, those before a replay included.
    """

    id: str
    event_id: str
    event_type: str
    object_id: str
    endpoint_id: str | None
    url: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAttempt:
    """One try. `status` is None if no answer came, and then `error` says why; `answer` is its first 4 kB."""

    id: str
    number: int
    started_at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    answer: str
