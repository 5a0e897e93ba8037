"""One timer that waits for one thing at a time."""

import asyncio
from collections.abc import Callable


class Watch:
    """Waits for what is owed, and calls back if it does not come in time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._owed = ""
        self._timer: asyncio.TimerHandle | None = None

    def wait_for(self, owed: str, seconds: float, late: Callable[[], None]) -> bool:
        """Start the time for `owed`, unless it runs already; return whether it was started."""
        if self._owed == owed:
            return False
        self.stop()
        self._owed = owed
        self._timer = self._loop.call_later(seconds, late)
        return True

    def stop(self) -> None:
        """Wait for nothing."""
        self._owed = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
