"""Telling customers: endpoints, what happened, a delivery per endpoint, an attempt per try."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class WebhookEndpoint(Base):
    """A URL of a project. A hidden one stands for a job's own `webhook_url`.

    A hidden endpoint has no secret of its own: it is signed with the project's.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("hidden = (secret IS NULL)", name="shown_has_secret"),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_expires_at IS NULL)",
            name="previous_expires",
        ),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled_has_reason"),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
        Index(
            "uq_webhook_endpoints_hidden", "project_id", "url",
            unique=True, postgresql_where=text("hidden AND deleted_at IS NULL"),
        ),
        Index(
            "ix_webhook_endpoints_page", "project_id", text("id DESC"),
            postgresql_where=text("NOT hidden AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    url: Mapped[str]
    hidden: Mapped[bool]
    event_types: Mapped[list[str]]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_hint: Mapped[str | None]
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    # The breaker
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    resume_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class WebhookEvent(Base):
    """Something that happened to an object. `sequence` counts per object."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("object_id", "sequence"),
        Index("ix_webhook_events_page", "project_id", text("id DESC")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    type: Mapped[str]
    object_id: Mapped[Id]
    sequence: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookDelivery(Base):
    """One event for one endpoint. `id` is the `webhook-id`; `body` is frozen with the transition.

    `attempts` counts all tries; `schedule_start` those made before a replay began the schedule anew.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        CheckConstraint("state IN ('pending', 'delivered', 'exhausted')", name="state_known"),
        CheckConstraint("(state = 'pending') = (next_attempt_at IS NOT NULL)", name="pending_has_attempt"),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_time"),
        CheckConstraint("(claim_token IS NULL) = (claimed_until IS NULL)", name="claim_is_whole"),
        CheckConstraint("schedule_start BETWEEN 0 AND attempts", name="schedule_starts_within"),
        CheckConstraint("crashes >= 0", name="crashes_not_negative"),
        Index("ix_webhook_deliveries_crashed", "crashes", postgresql_where=text("crashes > 0")),
        Index("ix_webhook_deliveries_due", "next_attempt_at", postgresql_where=text("state = 'pending'")),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", text("id DESC")),
        {"postgresql_with": {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"}},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    event_id: Mapped[Id] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[Id] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    schedule_start: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    claim_token: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    crashes: Mapped[int] = mapped_column(server_default=text("0"))
    """Claims that ran out in the hands of a worker since a try was last recorded."""
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookAttempt(Base):
    """One try of a delivery and what came of it; `answer` is at most 4 kB."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index(None, "delivery_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    delivery_id: Mapped[Id] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"))
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(server_default=text("''"))
    error: Mapped[str | None]
