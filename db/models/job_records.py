"""What is kept of a job's course: events, metrics, checkpoints."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class JobEvent(Base):
    """One line of a job's history. Its public id is derived from job and sequence."""

    __tablename__ = "job_events"
    __table_args__ = (
        CheckConstraint("level IN ('info', 'warn', 'error')", name="level_known"),
        CheckConstraint("kind IN ('message', 'metrics')", name="kind_known"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        Index(
            "uq_job_events_platform_event", "job_id", "platform_event_id",
            unique=True, postgresql_where=text("platform_event_id IS NOT NULL"),
        ),
    )  # fmt: skip

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    level: Mapped[str] = mapped_column(server_default=text("'info'"))
    kind: Mapped[str] = mapped_column(server_default=text("'message'"))
    message: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    platform_event_id: Mapped[str | None]


class JobMetric(Base):
    """The numbers of one training step, as the platform gave them."""

    __tablename__ = "job_metrics"

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    numbers: Mapped[dict[str, Any]]


class Checkpoint(Base):
    """A model saved on the way."""

    __tablename__ = "checkpoints"
    __table_args__ = (
        UniqueConstraint("job_id", "step_number"),
        Index("ix_checkpoints_page", "job_id", text("id DESC")),
        Index(None, "model"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    step_number: Mapped[int]
    model: Mapped[str]
    metrics: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
