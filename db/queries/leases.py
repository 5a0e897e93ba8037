"""Turns that one process takes for all."""

from datetime import datetime, timedelta

from sqlalchemy import text

from db.session import Session

_TAKE = text("""
    INSERT INTO leases (name, epoch, held_until) VALUES (:name, 1, now() + :every)
        ON CONFLICT (name) DO UPDATE SET epoch = leases.epoch + 1, held_until = now() + :every
     WHERE leases.held_until IS NULL OR leases.held_until <= now()
    RETURNING now()""")


async def take_turn(session: Session, *, name: str, every: timedelta) -> datetime | None:
    """Take a turn that comes once in `every`, whoever asks; return Postgres's time, None if it was taken."""
    return (await session.execute(_TAKE, {"name": name, "every": every})).scalar()
