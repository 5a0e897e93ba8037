"""Jobs asked for one by one, where the platform's list shows too little to tell whose they are."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from domain.outcomes import Answered
from domain.platform import Page, PlatformJob
from xpulink.port import Platform

MOST: Final = 100
"""Jobs asked for in one reading; what is still unclear then remains so."""
_KEPT: Final = 5_000


class CloserLook:
    """What tells a job from others never changes, so each is asked for once in a worker's life."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._kept: dict[str, PlatformJob] = {}

    async def at(
        self,
        page: Page[PlatformJob],
        *,
        unclear: Callable[[PlatformJob], bool],
        before_each: Callable[[], Awaitable[None]],
        most: int,
    ) -> tuple[Page[PlatformJob], int]:
        """Return the page with what is unclear shown in full, and how many had to be asked for."""
        asked = 0
        items = []
        for job in page.items:
            if unclear(job) and job.id not in self._kept and asked < most:
                await before_each()
                await self._ask_for(job)
                asked += 1
            items.append(self._kept.get(job.id, job) if unclear(job) else job)
        return replace(page, items=tuple(items)), asked

    async def _ask_for(self, listed: PlatformJob) -> None:
        outcome = await self._platform.job(listed.id)
        if not isinstance(outcome, Answered):
            return  # it stays unclear, and the next reading asks again
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        shown = outcome.value
        self._kept[listed.id] = replace(
            shown,
            id=listed.id,
            training_file=shown.training_file or listed.training_file,
            created_at=listed.created_at or shown.created_at,
            whole=True,
        )
