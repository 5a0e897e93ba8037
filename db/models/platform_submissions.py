"""One row for each create call that was sent: written before it leaves, so that none is ever unknown."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id

OUTCOMES = ("pending", "created", "rejected", "retryable", "ambiguous", "adopted", "absent", "unconfirmed")


class PlatformSubmission(Base):
    """An intent to create a job on the platform, and what became of it.

    `outcome` starts as `pending`; a pending row without a live claim is as good as `ambiguous`.
    `check_at` is when the platform is looked over for late duplicates, once the submission is not open any
    more. The default is for a worker of the version before, which writes none.
    """

    __tablename__ = "platform_submissions"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome_known"),
        CheckConstraint(
            "(outcome IN ('created', 'adopted')) = (platform_job_id IS NOT NULL)", name="found_has_job"
        ),
        CheckConstraint("(claim_token IS NULL) = (claimed_until IS NULL)", name="claim_is_whole"),
        CheckConstraint("checks >= 0 AND check_tries >= 0", name="checks_not_negative"),
        Index(None, "job_id"),
        Index(None, "platform_training_file"),
        Index("ix_platform_submissions_due", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    marker: Mapped[str] = mapped_column(unique=True)
    platform_training_file: Mapped[str]
    own_file: Mapped[bool]
    """The training file was uploaded for this job alone, so it identifies the job on the platform."""
    file_unknown: Mapped[bool] = mapped_column(server_default=text("false"))
    """It was refused because the platform did not know a file; the job may upload a fresh copy once."""
    intent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str] = mapped_column(server_default=text("'pending'"))
    detail: Mapped[str | None]
    platform_job_id: Mapped[str | None]
    looks: Mapped[int] = mapped_column(server_default=text("0"))
    """Looks at the platform's list that could not tell whether the job is there."""
    absent_since: Mapped[datetime | None]
    check_at: Mapped[datetime | None] = mapped_column(server_default=text("now() + interval '2 minutes'"))
    checks: Mapped[int] = mapped_column(server_default=text("0"))
    """Looks for late duplicates that came to an end."""
    check_tries: Mapped[int] = mapped_column(server_default=text("0"))
    """Looks that were begun since the last that came to an end."""
    duplicates: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    """The platform's ids of further jobs of this submission; what became of each is in the job's history."""
    claim_token: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
