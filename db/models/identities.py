"""Who this database is: what it writes where another might take its place by mistake."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Identity(Base):
    """A random id, made when it is first asked for; `name` says of what."""

    __tablename__ = "identities"

    name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
