"""Creates whose client retries them by itself, kept for as long as a retry may come."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class CreateRequest(Base):
    """A create of a client that counts its tries, and how the last of them ended.

    `fingerprint` is the SHA-256 of the API key's id and the body. `answered_at` is NULL unless the last
    byte of the answer to the try `last_retry_count` was handed over to a client that was still there.
    `tried_at` is when that try came.
    """

    __tablename__ = "create_requests"
    __table_args__ = (
        CheckConstraint("last_retry_count >= 0", name="retry_count_not_negative"),
        CheckConstraint("length(fingerprint) = 32", name="fingerprint_is_sha256"),
        Index(None, "fingerprint"),
        Index(None, "tried_at"),
        {"postgresql_with": {"fillfactor": "70"}},  # room for the one update that most rows see
    )

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    last_retry_count: Mapped[int]
    answered_at: Mapped[datetime | None]
    tried_at: Mapped[datetime] = mapped_column(server_default=func.now())
