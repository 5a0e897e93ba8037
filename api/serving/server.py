"""The server: uvicorn's, gone in time and with an answer to everybody.

uvicorn alone does not notice a signal before it has started, cuts off what is late with a bare 500 or with
nothing, and takes the app down while what it has cut off still puts things in order.
"""

import asyncio
import socket
from datetime import timedelta
from types import FrameType
from typing import Final

import structlog
import uvicorn

from api.serving.connection import Connection
from leaving import CLEANING_UP, leave, leave_within

GRACE: Final = timedelta(seconds=18)
"""What requests under way get to end by themselves."""
LAST_CALL: Final = 21
"""Seconds after which uvicorn waits for nobody any more."""
LONGEST: Final = timedelta(seconds=24.5)
"""After which the process leaves whatever hangs; operators kill it after thirty."""
_log = structlog.get_logger("api")


class Server(uvicorn.Server):
    """Stops listening at once, lets requests end, answers those that cannot, and closes what is open."""

    def __init__(self, config: uvicorn.Config, *, grace: timedelta = GRACE) -> None:
        super().__init__(config)
        self._grace = grace

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; before the start has ended nothing was accepted, and nothing can be lost."""
        if not self.started:
            leave()
        if not self.should_exit:
            leave_within(LONGEST)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        late = asyncio.create_task(self._end_what_is_late())
        await super().shutdown(sockets)
        late.cancel()
        if self._captured_signals:
            leave_within(CLEANING_UP)

    async def _end_what_is_late(self) -> None:
        await asyncio.sleep(self._grace.total_seconds())
        late = [one for one in self.server_state.connections if isinstance(one, Connection)]
        _log.info("requests are cut off", connections=len(late))
        for connection in late:
            connection.give_up()
        # At once: what a client was told to send again should not come about after all.
        for task in list(self.server_state.tasks):
            task.cancel()
