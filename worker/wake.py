"""Wake events, one per stage: set by a ring, by the timer, or by a step that made something due."""

import asyncio
from datetime import timedelta

from domain.stages import Stage


class Wakes:
    """Where drains wait for something to do."""

    def __init__(self) -> None:
        self._events = {stage: asyncio.Event() for stage in Stage}

    def wake(self, stage: Stage) -> None:
        """Let the drain of this stage look now."""
        self._events[stage].set()

    def wake_all(self) -> None:
        """Let every drain look now."""
        for event in self._events.values():
            event.set()

    async def wait(self, stage: Stage, longest: timedelta) -> None:
        """Wait until the stage is woken, at most `longest`; what is set while it works counts later."""
        event = self._events[stage]
        try:
            async with asyncio.timeout(longest.total_seconds()):
                await event.wait()
        except TimeoutError:
            pass
        event.clear()
