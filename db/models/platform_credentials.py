"""The key that all projects share towards the platform, and what is known of the platform behind it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Id


class PlatformCredential(Base):
    """One platform account. The key itself stays in the environment; this row is its state.

    `missing_routes` maps a route's name to the Unix second until which it is taken for missing.
    `echoes_metadata` is NULL until a GET has shown whether the platform gives our marker back.
    """

    __tablename__ = "platform_credentials"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures_not_negative"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    parked_until: Mapped[datetime | None]
    parked_reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    echoes_metadata: Mapped[bool | None]
    refuses_metadata: Mapped[bool] = mapped_column(server_default=text("false"))
    missing_routes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
