"""Files of a project, and their copies on the platform."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id
from domain.files import PURPOSES


class File(Base):
    """A file that was taken whole. Its bytes lie in the blob store under `blob_key`.

    Where a job trains on something else, without faulty lines or without personal data, that copy lies
    under `training_blob_key`.
    """

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("status IN ('uploaded', 'processed', 'error')", name="status_known"),
        CheckConstraint(f"purpose IN {tuple(sorted(PURPOSES))}", name="purpose_known"),
        CheckConstraint("bytes >= 0", name="bytes_not_negative"),
        CheckConstraint(
            "(training_blob_key IS NULL) = (training_bytes IS NULL)", name="training_copy_is_whole"
        ),
        Index("ix_files_page", "project_id", text("id DESC"), postgresql_where=text("deleted_at IS NULL")),
        Index("ix_files_expiring", "expires_at", postgresql_where=text("deleted_at IS NULL")),
        Index(None, "blob_key"),
        Index(None, "training_blob_key", postgresql_where=text("training_blob_key IS NOT NULL")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    filename: Mapped[str]
    purpose: Mapped[str]
    size: Mapped[int] = mapped_column("bytes")
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    blob_key: Mapped[str]
    training_blob_key: Mapped[str | None]
    training_size: Mapped[int | None] = mapped_column("training_bytes")
    status: Mapped[str]
    status_details: Mapped[str | None]
    examples: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class PlatformFile(Base):
    """A file's copy on the platform.

    `job_id` is NULL for a copy that jobs share, which is only safe where the platform echoes our
    marker; until that is shown, each job has a copy of its own, so that `training_file` identifies it.
    """

    __tablename__ = "platform_files"
    __table_args__ = (
        Index(
            "uq_platform_files_shared", "credential_id", "file_id",
            unique=True, postgresql_where=text("job_id IS NULL"),
        ),
        Index(
            "uq_platform_files_own", "job_id", "file_id",
            unique=True, postgresql_where=text("job_id IS NOT NULL"),
        ),
        Index(None, "file_id"),
        Index(None, "platform_file_id"),
    )  # fmt: skip

    id: Mapped[Id] = mapped_column(primary_key=True)
    file_id: Mapped[Id] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"))
    credential_id: Mapped[Id] = mapped_column(ForeignKey("platform_credentials.id"))
    job_id: Mapped[Id | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    platform_file_id: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
