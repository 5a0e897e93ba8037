"""How a connection ends behind an answer."""

import asyncio
from collections.abc import Callable


class GentleEnd(asyncio.Transport):
    """What requests' answers are written to: uvicorn would close a socket that is still being sent to.

    A socket that is closed while bytes of the client wait in it is reset, and the client loses the answer
    that it had not read yet.
    """

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        super().__init__()
        self._transport, self._end = transport, end

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `asyncio.Transport`."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """See `asyncio.Transport`."""
        return self._transport.is_closing()

    def close(self) -> None:
        """End the connection the way that its owner does."""
        self._end()
