"""One row for each upload to the platform: written before it leaves, so that no file there is unknown."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id

OUTCOMES = ("pending", "ambiguous", "used", "deleted", "absent", "given_up", "spent")
OPEN = "outcome IN ('pending', 'ambiguous')"
OVER = "outcome IN ('deleted', 'absent', 'given_up', 'spent')"
KEPT = "outcome = 'used' AND check_at IS NOT NULL"


class PlatformUpload(Base):
    """An intent to upload a file, and what became of it. An upload that certainly failed leaves no row.

    `pending` is on its way as long as the job's claim is `claim_token`; once it is not, the upload can
    never be recorded as used, and it is as good as `ambiguous`. `check_at` is when the platform's list is
    looked at for the file; of a `used` one it is since when it may be needed no more, and `spent` was then
    deleted. Neither `file_id` nor `job_id` is a foreign key: what an upload left on the platform outlives
    them.
    """

    __tablename__ = "platform_uploads"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome_known"),
        CheckConstraint("outcome <> 'used' OR platform_file_id IS NOT NULL", name="used_has_file"),
        CheckConstraint("check_at IS NULL OR outcome IN ('ambiguous', 'used')", name="check_has_reason"),
        CheckConstraint("looks >= 0 AND doubts >= 0", name="counts_not_negative"),
        Index("ix_platform_uploads_open", "id", postgresql_where=text(OPEN)),
        Index("ix_platform_uploads_kept", "check_at", postgresql_where=text(KEPT)),
        Index(None, "job_id"),
        Index("ix_platform_uploads_over", "begun_at", postgresql_where=text(OVER)),
        Index(
            "ix_platform_uploads_file", "platform_file_id",
            postgresql_where=text("platform_file_id IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id] = mapped_column(primary_key=True)
    file_id: Mapped[Id]
    credential_id: Mapped[Id] = mapped_column(ForeignKey("platform_credentials.id", ondelete="CASCADE"))
    job_id: Mapped[Id]
    claim_token: Mapped[UUID]
    begun_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str] = mapped_column(server_default=text("'pending'"))
    platform_file_id: Mapped[str | None]
    check_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(server_default=text("0"))
    doubts: Mapped[int] = mapped_column(server_default=text("0"))
    """Looks that could not tell; they are tried again, and in the end given up."""
    detail: Mapped[str | None]
