"""Jobs asked for one by one, where the platform's list shows too little to tell whose they are.

Only a marker that is seen then counts: it tells whose the job is. A look that shows none proves nothing.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from domain.outcomes import Answered, Retryable
from domain.platform import Page, PlatformJob
from xpulink.port import Platform

T = TypeVar("T")
MOST: Final = 100
"""Jobs asked for in one reading; the next one asks for others."""
AGAIN: Final = 5
"""Of a page, at most, that were asked for in vain before: they must not crowd out what stands behind them."""
FIRST_WAIT: Final = 10.0
"""Seconds until a job whose marker was not seen is asked for again; then twice as many, up to the longest."""
_LONGEST_WAIT: Final = 300.0
_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of it.

    Attributes:
        page: The page with all metadata that is known.
        asked: How many jobs were asked for.
        trouble: Why no more were, if the platform did not answer.
    """

    page: Page[PlatformJob]
    asked: int
    trouble: Retryable | None = None


class CloserLook:
    """A marker never changes, so each is read once in a worker's life."""

    def __init__(self, platform: Platform, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform = platform
        self._clock = clock
        self._seen: dict[str, Mapping[str, str] | None] = {}
        self._put_off: dict[str, tuple[float, float]] = {}
        """Until when, and for how long, by the ids of jobs that were asked for in vain."""

    async def at(
        self,
        page: Page[PlatformJob],
        *,
        worth_it: Callable[[PlatformJob], bool],
        before_each: Callable[[], Awaitable[None]],
        most: int,
    ) -> Looked:
        """Ask for jobs that are worth it, new ones first, until the first that is not answered for."""
        asked, trouble = 0, None
        for id_ in self._chosen([job.id for job in page.items if worth_it(self._filled(job))])[:most]:
            if trouble is None and self._is_due(id_):  # another reading may have asked meanwhile
                await before_each()
                trouble = await self._ask_for(id_)
                asked += 1
        return Looked(replace(page, items=tuple(map(self._filled, page.items))), asked, trouble)

    def _chosen(self, ids: Sequence[str]) -> list[str]:
        again = [id_ for id_ in ids if id_ in self._put_off and self._is_due(id_)]
        return [id_ for id_ in ids if id_ not in self._put_off] + again[:AGAIN]

    def _is_due(self, id_: str) -> bool:
        return self._clock() >= self._put_off.get(id_, (0.0, 0.0))[0]

    def _filled(self, listed: PlatformJob) -> PlatformJob:
        metadata = self._seen.get(listed.id) if listed.marker is None else None
        return listed if metadata is None else replace(listed, metadata=metadata)

    async def _ask_for(self, id_: str) -> Retryable | None:
        _, waited = self._put_off.pop(id_, (0.0, FIRST_WAIT / 2))
        wait = min(2 * waited, _LONGEST_WAIT)
        # At once, for others read at the same time.
        _remember(self._put_off, id_, (self._clock() + wait, wait))
        outcome = await self._platform.job(id_)
        if isinstance(outcome, Answered) and outcome.value.marker is not None:
            _remember(self._seen, id_, outcome.value.metadata)
        return outcome if isinstance(outcome, Retryable) else None


def _remember(known: dict[str, T], id_: str, what: T) -> None:
    while len(known) >= _KEPT:
        del known[next(iter(known))]  # the oldest
    known[id_] = what
