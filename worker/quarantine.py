"""Who of the suspects is tried next in a stage, so that only one that really kills its worker is given up.

One at a time, for its first ten seconds; a row on its last chance with no other suspect beside it, and only
first thing in the worker's life or when the worker has lived well: a death is then no accident of the moment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from domain.crashes import LAST_CHANCE, NOT_THE_LAST, PROBATION, Crashes

Row = TypeVar("Row")
ClaimSuspect = Callable[[Crashes], Awaitable[Sequence[Row]]]


class Quarantine(Generic[Row]):
    """Picks at most one suspect at a time; looks for one not more often than `interval`, unless one ended."""

    def __init__(
        self, claim: ClaimSuspect[Row] | None, interval: timedelta, probation: timedelta = PROBATION
    ) -> None:
        self._claim = claim
        self._interval = interval.total_seconds()
        self._probation = probation.total_seconds()
        self._look_at = 0.0
        self._born: float | None = None
        self._inside: dict[asyncio.Task[None], float] = {}
        self._last_chance = False
        self._claimed: list[Row] = []

    async def first(self) -> Sequence[Row]:
        """Claim a row on its last chance, if there is one."""
        self._born = self._now()
        return await self._take(LAST_CHANCE)

    async def next(self) -> Sequence[Row]:
        """Claim the suspect whose turn it is, if it is anybody's."""
        now = self._now()
        self._born = now if self._born is None else self._born
        newest = max(self._inside.values(), default=now - self._probation)
        if self._last_chance or now < max(self._look_at, newest + self._probation):
            return []
        self._look_at = now + self._interval
        rows: Sequence[Row] = []
        if not self._inside and now - self._born >= self._probation:
            rows = await self._take(LAST_CHANCE)
        return rows or await self._take(NOT_THE_LAST)

    def watch(self, row: Row, task: asyncio.Task[None]) -> None:
        """Keep the place taken while a claimed suspect is worked on; other rows are none of our business."""
        if row in self._claimed:
            self._claimed.remove(row)
            self._inside[task] = self._now()
            task.add_done_callback(self._left)

    def holds(self, task: asyncio.Task[None]) -> bool:
        """Tell whether this task works on a suspect: the next one's turn comes with its end."""
        return task in self._inside

    def _left(self, task: asyncio.Task[None]) -> None:
        del self._inside[task]
        self._look_at = 0.0  # the next one's turn
        self._last_chance = False

    async def _take(self, crashes: Crashes) -> Sequence[Row]:
        if self._claim is None:
            return []
        rows = await self._claim(crashes)
        self._claimed = list(rows)
        self._last_chance = bool(rows) and crashes == LAST_CHANCE
        return rows

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
