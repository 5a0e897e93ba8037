"""Who uses the service: projects, and the keys that speak for them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class Project(Base):
    """A tenant. Everything else belongs to one."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint(
            "personal_data_policy IN ('allow', 'warn', 'redact', 'block')", name="personal_data_policy_known"
        ),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        CheckConstraint(
            "(previous_webhook_secret IS NULL) = (previous_secret_expires_at IS NULL)",
            name="previous_secret_expires",
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    webhook_secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_webhook_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_expires_at: Mapped[datetime | None]
    personal_data_policy: Mapped[str] = mapped_column(server_default=text("'warn'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A bearer key, kept as its SHA-256: the key has 256 random bits, so a slow hash buys nothing."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("length(key_hash) = 32", name="hash_is_sha256"),
        Index(None, "project_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    key_hint: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
