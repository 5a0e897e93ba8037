"""How many requests of one kind may be under way at once: in all, for each project, or one by one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final
from weakref import WeakValueDictionary

from domain.errors import TooManyRequests, Unavailable

RETRY_AFTER: Final = timedelta(seconds=2)
PATIENCE: Final = 30.0
"""Seconds that a request waits for its turn: as long as a statement may take that waits for a lock."""


class Turns:
    """Counts what is under way; it lives as long as its process and is shared by its requests."""

    def __init__(self, what: str, *, each: int, in_all: int | None = None) -> None:
        """Let each project have `each` at once of `what` (a plural, for the refusal), and all `in_all`."""
        self._what = what
        self._each = each
        self._in_all = in_all
        self.under_way: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, project_id: str) -> Iterator[None]:
        """Be one of them while the block runs.

        Raises:
            TooManyRequests: the project, or all of them together, have as many under way as they may have.
        """
        if self.under_way[project_id] >= self._each:
            raise _too_many(f"This project has {self._each} {self._what} under way")
        if self._in_all is not None and self.under_way.total() >= self._in_all:
            raise _too_many(f"This service has {self._in_all} {self._what} under way")
        self.under_way[project_id] += 1
        try:
            yield
        finally:
            self.under_way[project_id] -= 1
            if not self.under_way[project_id]:
                del self.under_way[project_id]


def _too_many(whose: str) -> TooManyRequests:
    message = f"{whose}, which is as many as it may have at once. Send this one again in a moment."
    return TooManyRequests(message, retry_after=RETRY_AFTER)


class OneByOne:
    """Has requests that would wait for each other in the database wait here, where it takes no connection.

    It holds a lock for each key of a request under way, and nothing else.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many keys have requests under way."""
        return len(self._locks)

    @asynccontextmanager
    async def turn_of(self, key: bytes) -> AsyncIterator[None]:
        """Be the only one with this key while the block runs; first come, first served.

        Raises:
            Unavailable: those before it took too long.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())  # gone with the last one that waits for it
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError as error:
            message = "Requests that look like this one are still under way. Nothing was changed; try again."
            raise Unavailable(message) from error
        try:
            yield
        finally:
            lock.release()
