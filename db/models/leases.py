"""Leadership: at most one holder of a name, each holder with a higher epoch than the one before."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Lease(Base):
    """A named lease; whoever holds it writes with its epoch, so that a late writer is refused."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[UUID | None]
    epoch: Mapped[int] = mapped_column(server_default=text("0"))
    held_until: Mapped[datetime | None]
