"""An answer on its way out, held until it is whole: it can be changed, ruined, or sent badly."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive, Send

from simulator.calls import transport_of
from simulator.errors import Refusal

WEB_PAGE = b"<!doctype html><html><head><title>XPULink</title></head><body>Welcome!</body></html>"
CHUNK = 64 * 1024
MOST_ENDLESS = 64 * 1024**2
HEAD_DRIP = 0.05


@dataclass
class Reply:
    """A status, headers in lower case and a body.

    Attributes:
        head_late: Seconds until the first byte.
        head_dripped_for: Seconds for which the head comes byte by byte, before its end and the body.
        drip: Seconds between two bytes of the body; 0 sends it whole.
        endless: The body never ends.
        raw: Bytes to be written to the socket as they are, in place of everything else.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    head_late: float = 0.0
    head_dripped_for: float = 0.0
    drip: float = 0.0
    endless: bool = False
    raw: bytes | None = None

    async def take(self, message: Message) -> None:
        """Collect what the platform answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]
            }
        else:
            self.body += message.get("body", b"")

    def refuse(self, refusal: Refusal) -> None:
        """Become a refusal."""
        response = refusal.response()
        self.status, self.body = response.status_code, bytes(response.body)
        self.headers = {"content-type": "application/json"}

    def page(self, status: int) -> None:
        """Become a web page."""
        self.status, self.body, self.headers = status, WEB_PAGE, {"content-type": "text/html; charset=utf-8"}

    async def leave(self, receive: Receive, send: Send) -> None:
        """Send it."""
        await asyncio.sleep(self.head_late)
        if self.head_dripped_for:
            await self._drip_head(receive)
        if self.raw is not None:
            await self._write_raw(receive)
            return
        sized = self.headers | {"content-length": str(len(self.body))}
        if self.endless:
            del sized["content-length"]
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sized.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        async for piece in self._pieces(receive):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _pieces(self, receive: Receive) -> Any:
        if self.endless:
            for _ in range(MOST_ENDLESS // CHUNK):
                if transport_of(receive).is_closing():
                    return
                yield b" " * CHUNK
        elif self.drip:
            for place in range(len(self.body)):
                yield self.body[place : place + 1]
                await asyncio.sleep(self.drip)
                if transport_of(receive).is_closing():
                    return
        else:
            yield self.body

    async def _drip_head(self, receive: Receive) -> None:
        """Begin the head with a header that does not get to its end, and leave the rest to be written raw."""
        transport, loop = transport_of(receive), asyncio.get_running_loop()
        until = loop.time() + self.head_dripped_for
        transport.write(f"HTTP/1.1 {self.status} OK\r\nx-slow: ".encode())
        while loop.time() < until and not transport.is_closing():
            transport.write(b"z")
            await asyncio.sleep(min(HEAD_DRIP, self.head_dripped_for / 4))
        head = f"\r\ncontent-type: application/json\r\ncontent-length: {len(self.body)}\r\nconnection: close"
        self.raw = head.encode() + b"\r\n\r\n" + self.body

    async def _write_raw(self, receive: Receive) -> None:
        transport = transport_of(receive)
        transport.write(self.raw)
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass
