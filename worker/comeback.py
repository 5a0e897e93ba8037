"""After an outage of the database: first those who hold claims, then those who take over what ran out.

While Postgres is away no claim can be prolonged, so when it is back all of them may have run out, though
their holders live and have results to write. Each worker notices the outage itself and, once it is over,
leaves the holders a moment: their records and heartbeats are tried again at least once a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from db.session import Database, Session
from domain.errors import Overruled, Unavailable

Row = TypeVar("Row")
HEAD_START = timedelta(seconds=3)
"""What holders get; with a short lease, a third of that."""
_log = structlog.get_logger(__name__)


class Comeback:
    """Knows since when the database is away, and from when on rows may be claimed again."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._beat = lease / 3
        self._away_since: float | None = None
        self._free_from = 0.0

    async def claim(self, claim: Callable[[Session], Awaitable[Sequence[Row]]]) -> Sequence[Row]:
        """Claim rows; none right after an outage in which claims may have run out.

        Raises:
            Unavailable: the database is away.
        """
        if self._away_since is not None:
            await self._database.ready()
            self._back()
        began = _now()
        if began < self._free_from:
            return []
        try:
            async with self._database.transaction() as session:
                return await claim(session)
        except Overruled:
            raise
        except Unavailable:
            self._away_since = self._away_since or began
            raise

    def _back(self) -> None:
        away_since, self._away_since = self._away_since, None
        if away_since is None:  # another stage was first to see it
            return
        if _now() - away_since > self._beat.total_seconds():
            self._free_from = _now() + min(HEAD_START, self._beat).total_seconds()
        _log.info("the database is back", away_for=round(_now() - away_since, 1))


def _now() -> float:
    return asyncio.get_running_loop().time()
