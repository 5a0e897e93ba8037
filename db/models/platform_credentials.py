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
    __table_args__ = (
        CheckConstraint("failures >= 0", name="failures_not_negative"),
        CheckConstraint("refused_at IS NULL OR refusal IS NOT NULL", name="refused_says_why"),
        CheckConstraint("refusal IS NULL OR probe_at IS NOT NULL", name="refused_is_probed"),
        CheckConstraint("rate_share > 0 AND rate_share <= 1", name="rate_share_range"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    echoes_metadata: Mapped[bool | None]
    refuses_metadata: Mapped[bool] = mapped_column(server_default=text("false"))
    missing_routes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # Parked: nothing is claimed until then
    parked_until: Mapped[datetime | None]
    parked_reason: Mapped[str | None]

    # Breaker, and a key that was refused: nothing is claimed until a probe came back well
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Calls in a row that brought no answer; another failure of `last_failed_call` is not counted."""
    last_failed_call: Mapped[str | None]
    probe_at: Mapped[datetime | None]
    """When the next probe is due; put off by whoever sends one, so that one is on its way and no more."""
    refusal: Mapped[str | None]
    """What the platform said when it refused the key."""
    refused_at: Mapped[datetime | None]
    """Since when a probe has shown that the key is refused altogether, not on one route."""
    doubted_at: Mapped[datetime | None]
    """When a refused call last parked the account until a probe showed whether it is the key."""
    accepted_at: Mapped[datetime | None]
    key_fingerprint: Mapped[bytes | None]

    # Budget: what the workers take their requests from
    rate_share: Mapped[float] = mapped_column(server_default=text("1"))
    """The share of the rate that a 429 left at `rate_share_at`; it recovers from then on."""
    rate_share_at: Mapped[datetime] = mapped_column(server_default=func.now())
    tokens: Mapped[float | None]
    """Requests that were left at `tokens_at`; NULL is a full bucket."""
    tokens_at: Mapped[datetime] = mapped_column(server_default=func.now())
