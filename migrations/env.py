"""Run by Alembic: opens one connection with a lock time-out and migrates inside one transaction.

The URL comes from `tuneward migrate` and the tests as an attribute of the configuration; a bare
`alembic -c migrations/alembic.ini …` reads it from the settings.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import db.models
from config.settings import Settings
from db.base import Base

# A migration that cannot get its lock gives up instead of queueing every other statement behind it.
LOCK_TIMEOUT = "5s"
# Two deployments at once: the second waits for the first, then finds nothing to do.
ADVISORY_LOCK = 7_483_266_001

__all__ = ["db"]


def _url() -> str:
    given = context.config.attributes.get("database_url")
    return str(given) if given else Settings().database_url.get_secret_value()


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=Base.metadata, compare_type=True, compare_server_default=True
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()


async def _run() -> None:
    url = make_url(_url()).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    message = "Migrations run against a database; offline SQL is not offered."
    raise RuntimeError(message)
asyncio.run(_run())
