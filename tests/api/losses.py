"""What goes wrong between a client and the service: answers lost, requests lost, tries held up."""

import asyncio
from typing import Any

import httpx


class Loss:
    """Stands around the app; a first try's answer gets no further before its client has left."""

    def __init__(self) -> None:
        self.losing = False
        self.lost = asyncio.Event()

    def around(self, app: Any) -> "Loss":
        self._app = app
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        first = scope["type"] == "http" and (b"x-stainless-retry-count", b"0") in scope["headers"]
        if not (self.losing and first):
            await self._app(scope, receive, send)
            return

        async def too_late(message: Any) -> None:
            if message["type"] == "http.response.start":
                while (await receive())["type"] != "http.disconnect":
                    pass
            await send(message)

        await self._app(scope, receive, too_late)
        self.lost.set()


class Proxy:
    """Passes HTTP on, one request per connection; first tries go wrong as `fault` says."""

    def __init__(self, upstream: str) -> None:
        self._upstream = httpx.URL(upstream)
        self.fault = "none"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        body = await reader.readexactly(int(length.partition(b":")[2]))
        first = b"x-stainless-retry-count: 0" in head.lower()
        if not (first and self.fault == "request lost"):
            answer = await self._ask(head, body)
            if not (first and self.fault == "answer lost"):
                writer.write(answer)
                await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._upstream.host, self._upstream.port)
        once = head.replace(b"Connection: keep-alive", b"Connection: close")
        writer.write(once + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


class Arrivals:
    """Stands around the app and counts the requests that were read."""

    def __init__(self) -> None:
        self.count = 0

    def around(self, app: Any) -> "Arrivals":
        self._app = app
        return self

    async def reached(self, count: int) -> bool:
        return self.count >= count

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counted() -> Any:
            message = await receive()
            self.count += message["type"] == "http.request" and not message.get("more_body", False)
            return message

        await self._app(scope, counted, send)


class Late:
    """Stands around the app; a first try that was read gets no further before `go`."""

    def __init__(self) -> None:
        self.go, self.done = asyncio.Event(), asyncio.Event()

    def around(self, app: Any) -> "Late":
        self._app = app
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or (b"x-stainless-retry-count", b"0") not in scope["headers"]:
            await self._app(scope, receive, send)
            return
        read = [await receive()]
        await self.go.wait()

        async def replayed() -> Any:
            return read.pop() if read else await receive()

        await self._app(scope, replayed, send)
        self.done.set()
