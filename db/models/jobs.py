"""Jobs: one row each, which says what the job is, where it stands and when it is due."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id
from domain.job_state import ADVANCING, TERMINAL, JobState

_ADVANCING = "('" + "', '".join(sorted(ADVANCING)) + "')"
_TERMINAL = "('" + "', '".join(sorted(TERMINAL)) + "')"
_STATES = "('" + "', '".join(sorted(JobState)) + "')"


class Job(Base):
    """A fine-tune that was accepted. The CHECKs below make illegal rows impossible."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"state IN {_STATES}", name="state_known"),
        CheckConstraint(
            f"(state IN {_TERMINAL}) = (finished_at IS NOT NULL)", name="ended_has_finish"
        ),
        CheckConstraint(f"state NOT IN {_TERMINAL} OR next_step_at IS NULL", name="ended_has_no_step"),
        CheckConstraint(f"state IN {_TERMINAL} OR next_step_at IS NOT NULL", name="living_has_step"),
        CheckConstraint(f"state NOT IN {_TERMINAL} OR claimed_until IS NULL", name="ended_has_no_claim"),
        CheckConstraint(
            "state NOT IN ('tracking', 'collecting', 'succeeded') OR platform_job_id IS NOT NULL",
            name="submitted_has_platform_id",
        ),
        CheckConstraint(
            "state NOT IN ('received', 'held', 'uploading') OR platform_job_id IS NULL",
            name="unsubmitted_has_no_platform_id",
        ),
        CheckConstraint(
            "state NOT IN ('submitting', 'tracking', 'collecting', 'succeeded')"
            " OR platform_training_file IS NOT NULL",
            name="submitting_has_platform_file",
        ),
        CheckConstraint("(state = 'succeeded') = (fine_tuned_model IS NOT NULL)", name="success_has_model"),
        CheckConstraint("(state = 'failed') = (error_code IS NOT NULL)", name="failure_has_error"),
        CheckConstraint("(error_code IS NULL) = (error_message IS NULL)", name="error_has_message"),
        CheckConstraint("open_submission_id IS NULL OR state = 'submitting'", name="open_while_submitting"),
        CheckConstraint(
            "paused_at IS NULL OR (open_submission_id IS NULL AND platform_job_id IS NULL)",
            name="paused_is_not_submitted",
        ),
        CheckConstraint("(claim_token IS NULL) = (claimed_until IS NULL)", name="claim_is_whole"),
        CheckConstraint("seed BETWEEN 0 AND 2147483647", name="seed_range"),
        Index("ix_jobs_page", "project_id", text("id DESC")),
        Index(
            "ix_jobs_metadata", "metadata",
            postgresql_using="gin", postgresql_ops={"metadata": "jsonb_path_ops"},
        ),
        Index("ix_jobs_due_advance", "next_step_at", postgresql_where=text(f"state IN {_ADVANCING}")),
        Index("ix_jobs_due_track", "next_step_at", postgresql_where=text("state = 'tracking'")),
        Index("ix_jobs_crashed", "crashes", postgresql_where=text("crashes > 0 AND finished_at IS NULL")),
        Index(
            "uq_jobs_platform_job_id", "credential_id", "platform_job_id",
            unique=True, postgresql_where=text("platform_job_id IS NOT NULL"),
        ),
        Index("ix_jobs_training_file_id", "training_file_id", postgresql_where=text("finished_at IS NULL")),
        Index(
            "ix_jobs_validation_file_id", "validation_file_id",
            postgresql_where=text("finished_at IS NULL AND validation_file_id IS NOT NULL"),
        ),
        Index(
            "ix_jobs_models", "project_id", "fine_tuned_model",
            postgresql_where=text("state = 'succeeded'"),
        ),
        Index(
            "ix_jobs_key_refused", "credential_id",
            postgresql_where=text("key_refused_at IS NOT NULL AND finished_at IS NULL"),
        ),
        {"postgresql_with": {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"}},
    )  # fmt: skip

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    credential_id: Mapped[Id] = mapped_column(ForeignKey("platform_credentials.id"))
    webhook_endpoint_id: Mapped[Id | None] = mapped_column(ForeignKey("webhook_endpoints.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # What was asked for
    model: Mapped[str]
    platform_model: Mapped[str]
    training_file_id: Mapped[Id] = mapped_column(ForeignKey("files.id"))
    validation_file_id: Mapped[Id | None] = mapped_column(ForeignKey("files.id"))
    suffix: Mapped[str | None]
    seed: Mapped[int]
    hyperparameters: Mapped[dict[str, Any]]
    method: Mapped[dict[str, Any] | None]
    integrations: Mapped[list[dict[str, Any]] | None]
    metadata_: Mapped[dict[str, Any] | None] = mapped_column("metadata")
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    # Where it stands
    state: Mapped[str] = mapped_column(server_default=text("'received'"))
    state_since: Mapped[datetime] = mapped_column(server_default=func.now())
    sequence: Mapped[int] = mapped_column(server_default=text("0"))
    paused_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_sent_at: Mapped[datetime | None]

    # When it is due, and who holds it
    next_step_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    claim_token: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    crashes: Mapped[int] = mapped_column(server_default=text("0"))
    """Claims that ran out in the hands of a worker since the job last moved."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    polls: Mapped[int] = mapped_column(server_default=text("0"))
    key_refused_at: Mapped[datetime | None]
    """When its history said that the platform refuses our key; the job is parked by it until it says more."""
    warned_at: Mapped[datetime | None]
    """When this state's first deadline passed and an event said so."""
    open_submission_id: Mapped[Id | None]
    """The create call whose fate is not known yet; none other may be sent before it is."""
    not_found_since: Mapped[datetime | None]
    not_found_count: Mapped[int] = mapped_column(server_default=text("0"))

    # What the platform said
    platform_training_file: Mapped[str | None]
    platform_validation_file: Mapped[str | None]
    platform_job_id: Mapped[str | None]
    platform_status: Mapped[str | None]
    running_since: Mapped[datetime | None]
    estimated_finish: Mapped[datetime | None]
    platform_end: Mapped[dict[str, Any] | None]
    """The end the platform reported, kept while COLLECTING."""

    # How it ended
    finished_at: Mapped[datetime | None]
    fine_tuned_model: Mapped[str | None]
    model_deleted_at: Mapped[datetime | None]
    trained_tokens: Mapped[int | None]
    result_files: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    error_param: Mapped[str | None]
