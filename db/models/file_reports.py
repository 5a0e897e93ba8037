"""What is found out about training files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class FileReport(Base):
    """One for each training file: its structure from the upload on, the rest once a worker looked at it.

    `structure` and `examined` are compressed JSON, since a report may be megabytes and is only ever read
    whole; `token_counts` and `fingerprints` are the compact forms that `domain.training_data` gives them.
    `attempts` counts the claims that came to nothing, the one under way included.
    """

    __tablename__ = "file_reports"
    __table_args__ = (
        CheckConstraint("(claim_token IS NULL) = (claimed_until IS NULL)", name="claim_is_whole"),
        CheckConstraint("finished_at IS NULL OR claim_token IS NULL", name="finished_is_free"),
        CheckConstraint(
            "finished_at IS NULL OR (examined IS NULL) = (failure IS NOT NULL)", name="finished_says_what"
        ),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("policy IN ('allow', 'warn', 'redact', 'block')", name="policy_known"),
        CheckConstraint("max_invalid_ratio >= 0 AND max_invalid_ratio <= 1", name="ratio_range"),
        Index("ix_file_reports_due", "due_at", postgresql_where=text("finished_at IS NULL")),
    )

    file_id: Mapped[Id] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    policy: Mapped[str]
    max_invalid_ratio: Mapped[float] = mapped_column(Double, server_default=text("0"))
    structure: Mapped[bytes] = mapped_column(LargeBinary)
    examined: Mapped[bytes | None] = mapped_column(LargeBinary)
    token_counts: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprints: Mapped[bytes | None] = mapped_column(LargeBinary)
    failure: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    claim_token: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
