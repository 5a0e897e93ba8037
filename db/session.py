"""How a transaction is opened and committed: one of the two places that commit.

Statements run through Core on one connection (`Session`): there is no unit of work to keep, every
statement is in `db/queries/`, and Core costs half of what the ORM does on the hot paths.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

import orjson
from sqlalchemy import Row, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crash_points import CrashPoint, reach
from domain.errors import Overruled, Unavailable, Undecided
from leaving import within

Session: TypeAlias = AsyncConnection
"""One open transaction. Services and queries take it first and never commit it."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row whose columns the reader names."""

T = TypeVar("T")
CLOSING = timedelta(seconds=1)
_UNDEFINED_TABLE = "42P01"
# What speaks of the server or of how it is run, not of the statement. Classes of SQLSTATE: connection,
# access refused, transaction given up, resources, operator, its disk; then single ones: no such database, a
# server that only reads, a transaction that idled or lasted too long, a lock that is not to be had.
_SERVER_TROUBLE = ("08", "28", "40", "53", "57", "58", "3D000", "25006", "25P03", "25P04", "55P03")
# Serialisation failure and deadlock: Postgres rolled back, and says so.
_OVERRULED = ("40001", "40P01")
TRIES = 4
"""How often a block is run that Postgres overrules each time."""
_LONGEST_PAUSE = 0.05


class Database:
    """The pool of connections to Postgres, and the transactions over it."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 20,
        application: str = "tuneward",
        statement_seconds: float = 30.0,
    ) -> None:
        """Describe the pool; it connects as it is used.

        Args:
            url: the database.
            pool_size: connections at most; whoever finds none waits five seconds.
            application: what Postgres calls its connections.
            statement_seconds: how long a statement or a commit may take before the server counts as hung.
        """
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
                "command_timeout": statement_seconds,
                "server_settings": {"application_name": application, "timezone": "UTC", "jit": "off"},
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _demand_alive)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Open a transaction; commit it if the block ends well, roll it back if not.

        Raises:
            Overruled: nothing was kept, because Postgres let another transaction go first.
            Undecided: the connection broke during the commit; nobody knows whether it was kept.
            Unavailable: the server could not be reached or gave up; nothing was kept.
        """
        committing = False
        try:
            async with self.engine.connect() as session:
                yield session
                committing = True
                await session.commit()
            reach(CrashPoint.COMMIT_SENT)
        except (PoolTimeoutError, OSError) as error:
            raise Undecided if committing else Unavailable from error
        except DBAPIError as error:
            if (found := _unavailable(error, committing=committing)) is None:
                raise
            raise found from error

    async def insist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a block that opens its own transaction; again, a few times, if Postgres overruled it.

        Raises:
            Overruled: it was each time.
        """
        for _ in range(TRIES - 1):
            try:
                return await work()
            except Overruled:
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - two must not meet again
        return await work()

    async def ready(self) -> None:
        """Ask the server one question; raise `Unavailable` if it does not answer."""
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back; those that hang are left to the process's end."""
        await within(CLOSING, self.engine.dispose())


def _demand_alive(connection: Any, *_: object) -> None:
    """Have the pool replace a connection that ended while nobody used it, such as by a restart.

    asyncpg knows that by itself, so it costs nothing; a ping would cost every transaction a round trip.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _unavailable(error: DBAPIError, *, committing: bool) -> Unavailable | None:
    """Return what to say of an error that the server is to blame for."""
    if sqlstate(error) == _UNDEFINED_TABLE:
        return Unavailable("The database has no schema yet: run 'tuneward migrate'.")
    if sqlstate(error) in _OVERRULED:
        return Overruled()
    if not is_server_trouble(error):
        return None
    # Even with a code: a server that is shut down may have committed before it says so.
    return Undecided() if committing else Unavailable()


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
