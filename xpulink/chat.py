"""Chat completions, passed through as bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import httpx

from domain.errors import PlatformFailed, Unavailable
from xpulink.exchange import Departure, explain, open_client
from xpulink.port import ChatAnswer

_PASSED_ON: Final = ("content-type", "retry-after", "x-request-id")


@dataclass(frozen=True, slots=True)
class ChatDeadlines:
    """How long a chat may take: to connect, in all, and between two chunks once the answer began."""

    connect: timedelta = timedelta(seconds=5)
    total: timedelta = timedelta(seconds=600)
    idle: timedelta = timedelta(seconds=120)


class XPULinkChat:
    """`ChatPlatform` over HTTP, on connections of its own so that long answers never starve job tracking."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        path: str = "/chat/completions",
        deadlines: ChatDeadlines = ChatDeadlines(),
        max_connections: int = 200,
    ) -> None:
        self._url = base_url.rstrip("/") + path
        self._deadlines = deadlines
        self._client = open_client(
            base_url, api_key, connections=max_connections, connect=deadlines.connect, keep_alive=True
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    @asynccontextmanager
    async def chat(self, body: bytes, *, accept: str) -> AsyncIterator[ChatAnswer]:
        """See `ChatPlatform.chat`."""
        ends = asyncio.get_running_loop().time() + self._deadlines.total.total_seconds()
        response = await self._send(body, accept, ends)
        try:
            yield _answer(response, partial(self._chunks, response, ends))
        finally:
            await response.aclose()

    async def _send(self, body: bytes, accept: str, ends: float) -> httpx.Response:
        # Unpacked on the wire: what arrives is what the client gets.
        headers = {"content-type": "application/json", "accept": accept, "accept-encoding": "identity"}
        departure = Departure()
        request = self._client.build_request(
            "POST", self._url, content=body, headers=headers, extensions={"trace": departure}
        )
        try:
            async with asyncio.timeout_at(ends):
                return await self._client.send(request, stream=True)
        except (httpx.HTTPError, OSError) as error:
            reason = explain(error)
            if departure.sent:
                raise PlatformFailed(f"The platform did not answer ({reason}).") from error
            raise Unavailable(f"The platform cannot be reached ({reason}).") from error

    async def _chunks(self, response: httpx.Response, ends: float) -> AsyncIterator[bytes]:
        """Yield the body; a deadline stands around each read, never across a yield to another task."""
        idle = self._deadlines.idle.total_seconds()
        arriving = response.aiter_raw()
        now = asyncio.get_running_loop().time
        try:
            while True:
                async with asyncio.timeout_at(min(ends, now() + idle)):
                    chunk = await anext(arriving, None)
                if chunk is None:
                    return
                yield chunk
        except (httpx.HTTPError, OSError) as error:
            raise PlatformFailed(f"The platform's answer broke off ({explain(error)}).") from error


def _answer(response: httpx.Response, chunks: partial[AsyncIterator[bytes]]) -> ChatAnswer:
    if response.is_redirect or response.headers.get("content-encoding", "identity") != "identity":
        raise PlatformFailed(
            f"The platform answered {response.status_code} in a way that cannot be passed on."
        )
    headers = {key: response.headers[key] for key in _PASSED_ON if key in response.headers}
    return ChatAnswer(response.status_code, headers, chunks)
