"""Real TCP servers that do as they are told, and clients for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from xpulink.client import Deadlines, XPULinkClient

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KEY = "sk-platform-key-0123456789"


@dataclass
class Received:
    """One request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """A server on a free port of this machine; `requests` holds what `answering` servers were sent."""

    url: str
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def stop(self, listening: asyncio.Server) -> None:
        """Take no more connections and break off those that are open."""
        listening.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await listening.wait_closed()


async def receive(reader: asyncio.StreamReader) -> Received:
    """Read one whole request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {key.lower(): value for key, _, value in (row.partition(": ") for row in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(line, headers, body)


class Starter:
    """Starts servers and clients, and ends them with the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def serve(self, behaviour: Behaviour, **options: Any) -> RawServer:
        """Start a server whose every connection is handed to `behaviour`."""
        server = RawServer("")

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.connections += 1
            server.connected.set()
            task = asyncio.current_task()
            assert task is not None
            server.tasks.add(task)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await behaviour(reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        listening = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
        self._stack.push_async_callback(server.stop, listening)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        return server

    async def answering(self, *answers: bytes) -> RawServer:
        """Start a server that reads whole requests and gives one answer each, the last one for ever."""
        left = list(answers)

        async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                server.requests.append(await receive(reader))
                writer.write(left.pop(0) if len(left) > 1 else left[0])
                await writer.drain()

        server = await self.serve(behaviour)
        return server

    async def enter(self, context: AbstractAsyncContextManager[str]) -> str:
        """Keep a context open until the test ends."""
        return await self._stack.enter_async_context(context)

    def client(
        self, url: str, *, key: str = KEY, deadline: float = 20, connect: float = 5, **options: Any
    ) -> XPULinkClient:
        """Make a client with one deadline for every kind of call."""
        most = timedelta(seconds=deadline)
        deadlines = Deadlines(
            connect=timedelta(seconds=connect), create=most, read=most, content=most, upload=most
        )
        client = XPULinkClient(base_url=url, api_key=key, deadlines=deadlines, **options)
        self._stack.push_async_callback(client.aclose)
        return client


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    async with AsyncExitStack() as stack:
        yield Starter(stack)
