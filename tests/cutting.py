"""A path to Postgres that can be cut at the moment of a commit, or altogether."""

import asyncio
import contextlib
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_COMMIT = b"COMMIT;\0"
_TERMINATE = b"X\0\0\0\4"
_CHUNK = 65536


class Cut(StrEnum):
    """Where the connection of a commit breaks."""

    BEFORE = "before it reaches Postgres"
    AFTER = "after Postgres has kept it, before it has said so"


class Path:
    """Listens on a port of its own and passes bytes on to a Postgres, unless told otherwise.

    `cuts` are pairs of words and a cut, made at the commit of the first transaction that sends the words,
    be it as a value or in a statement that is new to the connection.
    """

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()
        self.cuts: list[tuple[bytes, Cut]] = []

    @property
    def url(self) -> str:
        host = f"{self._to.hostname}:{self._port}"
        return self._to._replace(netloc=f"{self._to.username}:{self._to.password}@{host}").geturl()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def open(self) -> None:
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse new connections and break those that are open: Postgres is away."""
        if self._server is not None:
            self._server.close()
        self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        from_server, to_server = await asyncio.open_connection(self._to.hostname, self._to.port)
        pair = {writer, to_server}
        self._writers |= pair
        down = asyncio.create_task(self._down(from_server, writer))
        with contextlib.suppress(OSError):
            await self._up(reader, from_server, to_server, down)
        down.cancel()
        await asyncio.gather(down, return_exceptions=True)
        for one in pair:
            one.transport.abort()
        self._writers -= pair

    async def _up(
        self,
        reader: asyncio.StreamReader,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        down: asyncio.Task[None],
    ) -> None:
        sent = b""
        while piece := await reader.read(_CHUNK):
            sent += piece
            cut = self._due(sent) if _COMMIT in piece else None
            if cut is Cut.BEFORE:
                return
            if cut is Cut.AFTER:
                down.cancel()
                await asyncio.gather(down, return_exceptions=True)
                # Asked to end behind the commit, the server is through with it when it has ended.
                to_server.write(piece + _TERMINATE)
                await from_server.read()
                return
            to_server.write(piece)
            await to_server.drain()
            if _COMMIT in piece:
                sent = b""

    def _due(self, sent: bytes) -> Cut | None:
        for words, cut in self.cuts:
            if words in sent:
                self.cuts.remove((words, cut))
                return cut
        return None

    async def _down(self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await from_server.read(_CHUNK):
                writer.write(piece)
                await writer.drain()
        writer.close()
