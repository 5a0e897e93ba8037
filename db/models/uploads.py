"""Files that arrive in parts, and the parts."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id
from domain.files import UPLOADABLE

ENDED = "status IN ('completed', 'cancelled', 'expired')"


class Upload(Base):
    """A file that was announced. `attempts` counts the completes whose bytes may lie in the blob store.

    `swept_at` says since when nothing of it is left there but the file.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'completing', 'completed', 'cancelled', 'expired')", name="status_known"
        ),
        CheckConstraint(f"purpose IN {tuple(sorted(UPLOADABLE))}", name="purpose_known"),
        CheckConstraint("bytes > 0", name="bytes_positive"),
        CheckConstraint("file_life > interval '0'", name="file_life_positive"),
        CheckConstraint("max_invalid_ratio >= 0 AND max_invalid_ratio <= 1", name="invalid_ratio_range"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        CheckConstraint("part_count >= 0 AND received >= 0 AND attempts >= 0", name="counts_not_negative"),
        CheckConstraint("(claim_token IS NULL) = (claimed_until IS NULL)", name="claim_is_whole"),
        CheckConstraint("(status = 'completing') = (claim_token IS NOT NULL)", name="completing_has_claim"),
        CheckConstraint("(status = 'completed') = (file_id IS NOT NULL)", name="completed_has_file"),
        CheckConstraint("(status = 'completed') = (order_sha256 IS NOT NULL)", name="completed_has_order"),
        CheckConstraint(f"swept_at IS NULL OR {ENDED}", name="swept_has_ended"),
        Index(
            "ix_uploads_expiring", "expires_at",
            postgresql_where=text("status IN ('pending', 'completing')"),
        ),
        Index("ix_uploads_unswept", "id", postgresql_where=text(f"swept_at IS NULL AND {ENDED}")),
        Index("ix_uploads_swept", "swept_at", postgresql_where=text("swept_at IS NOT NULL")),
        Index(None, "project_id"),
        Index("ix_uploads_file", "file_id", postgresql_where=text("file_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    filename: Mapped[str]
    purpose: Mapped[str]
    size: Mapped[int] = mapped_column("bytes")
    file_life: Mapped[timedelta | None]
    max_invalid_ratio: Mapped[float | None] = mapped_column(Double)
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    part_count: Mapped[int] = mapped_column(server_default=text("0"))
    received: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    claim_token: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    file_id: Mapped[Id | None] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"))
    order_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    swept_at: Mapped[datetime | None]


class UploadPart(Base):
    """A part. Its row is there before its bytes, so that whatever reaches the blob store can be found.

    `bytes` and `md5` are NULL while it arrives.
    """

    __tablename__ = "upload_parts"
    __table_args__ = (
        CheckConstraint("bytes > 0", name="bytes_positive"),
        CheckConstraint("(bytes IS NULL) = (md5 IS NULL)", name="arrived_whole"),
        CheckConstraint("length(md5) = 16", name="md5_length"),
        Index("ix_upload_parts_page", "upload_id", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    upload_id: Mapped[Id] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"))
    size: Mapped[int | None] = mapped_column("bytes")
    md5: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
