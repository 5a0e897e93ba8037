"""How a transaction is opened and committed: one of the two places that commit.

Statements run through Core on one connection (`Session`): there is no unit of work to keep, every
statement is in `db/queries/`, and Core costs half of what the ORM does on the hot paths.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Row, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crash_points import CrashPoint, reach
from domain.errors import Unavailable
from leaving import within

Session: TypeAlias = AsyncConnection
"""One open transaction. Services and queries take it first and never commit it."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns the reader names."""

CLOSING = timedelta(seconds=1)
# Classes of SQLSTATE that speak of the server, not of the statement: connection, resources, operator.
_UNDEFINED_TABLE = "42P01"
_SERVER_TROUBLE = ("08", "53", "57", "40")


class Database:
    """The pool of connections to Postgres, and the transactions over it."""

    def __init__(self, url: str, *, pool_size: int = 20, application: str = "tuneward") -> None:
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            hide_parameters=True,  # an error names its statement, never what a client sent
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "timeout": 5,
                "command_timeout": 30,
                "server_settings": {"application_name": application, "timezone": "UTC", "jit": "off"},
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Open a transaction; commit it if the block ends well, roll it back if not.

        Raises:
            Unavailable: the server could not be reached or gave up; nothing was kept, except where the
                connection broke during the commit itself (then the claim's fence decides later).
        """
        try:
            async with self.engine.begin() as session:
                yield session
            reach(CrashPoint.COMMIT_SENT)
        except (PoolTimeoutError, OSError) as error:
            raise Unavailable from error
        except DBAPIError as error:
            if sqlstate(error) == _UNDEFINED_TABLE:
                raise Unavailable("The database has no schema yet: run 'tuneward migrate'.") from error
            if is_server_trouble(error):
                raise Unavailable from error
            raise

    async def ready(self) -> None:
        """Ask the server one question; raise `Unavailable` if it does not answer."""
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back; those that hang are left to the process's end."""
        await within(CLOSING, self.engine.dispose())


def sqlstate(error: DBAPIError) -> str:
    """Return Postgres's five characters for what went wrong, empty if it said none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_server_trouble(error: DBAPIError) -> bool:
    """Tell a server that is away or overwhelmed from a statement that is wrong."""
    return (
        error.connection_invalidated
        or isinstance(error, OperationalError | InterfaceError)
        or sqlstate(error).startswith(_SERVER_TROUBLE)
    )
