"""A TCP proxy on one path of the stack, whose manners can be changed while it runs.

It passes bytes on until told otherwise. Lasting manners (`refuse`, `hole`, `slow`) hold for every connection
until `heal`; a `Trap` waits for a request that contains certain bytes and does one thing to its connection.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from chaos.background import Background
from embedded.ports import LOOPBACK

Address = tuple[str, int]
CHUNK = 64 * 1024
REMEMBERED = 256
"""Bytes kept of what came before, so that a trap's words are found across two chunks."""
_RST = struct.pack("ii", 1, 0)


class Harm(StrEnum):
    """What a trap does to the connection it springs on."""

    CUT = "cut"
    """Reset both sides at that byte: the rest of the request never arrives."""
    SWALLOW = "swallow"
    """Let the request pass, spring at the first byte of its answer, which never arrives: reset both sides."""
    HOLD = "hold"
    """Let nothing more of the request pass until `call` has returned; then everything."""


@dataclass
class Trap:
    """Springs on a connection once `after` bytes of it followed the first that matched.

    Attributes:
        words: Bytes that the request contains; empty matches every connection's first byte.
        harm: What is done to the connection.
        after: How many bytes from the match on go by first.
        times: How many connections it springs on; 0 for all until the proxy is healed.
        call: Called, in a thread, as it springs, with the client's port; see `World.owner`.
    """

    words: bytes
    harm: Harm = Harm.CUT
    after: int = 0
    times: int = 1
    call: Callable[[int], None] | None = None
    sprung: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    @property
    def spent(self) -> bool:
        """Whether it will not spring again."""
        return 0 < self.times <= self.count

    def wait(self, seconds: float) -> bool:
        """Wait until it sprang; tell whether it did."""
        return self.sprung.wait(seconds)


class Proxy:
    """Listens on a port of its own and passes what comes to `upstream()`, asked anew per connection."""

    def __init__(self, background: Background, name: str, upstream: Callable[[], Address]) -> None:
        self.name = name
        self.port = 0
        self.bytes: Counter[str] = Counter()
        self.delay = 0.0
        self.answer_rate = 0.0
        self.traps: list[Trap] = []
        self.passing = asyncio.Event()
        self.connections: set[_Connection] = set()
        self.upstream = upstream
        self._background = background
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Begin to listen; `port` is known from here on."""
        self._background.run(self._listen())

    def stop(self) -> None:
        """Listen no more and reset what is open."""
        self._background.run(self._close())

    def refuse(self) -> None:
        """Refuse new connections, as a host on which nothing listens does, and reset the open ones."""
        self._background.run(self._close())

    def hole(self) -> None:
        """Take connections and bytes, and pass nothing on in either direction."""
        self._background.loop.call_soon_threadsafe(self.passing.clear)

    def cut(self) -> int:
        """Reset every connection now; return how many."""
        return self._background.run(self._cut())

    def slow(self, seconds: float) -> None:
        """Pass each piece on so much later."""
        self.delay = seconds

    def drip(self, bytes_per_second: float) -> None:
        """Pass answers on no faster than that."""
        self.answer_rate = bytes_per_second

    def trap(self, trap: Trap) -> Trap:
        """Set a trap, for connections and requests from now on."""
        self._background.loop.call_soon_threadsafe(self.traps.append, trap)
        return trap

    def heal(self) -> None:
        """Pass everything on again; what hung goes on."""
        self._background.run(self._heal())

    async def _heal(self) -> None:
        self.traps.clear()
        self.delay = self.answer_rate = 0.0
        self.passing.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self.passing.set()
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port, backlog=512, limit=CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> int:
        open_now = list(self.connections)
        for connection in open_now:
            connection.reset()
        return len(open_now)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.serve()
        finally:
            self.connections.discard(connection)
            connection.close()


class _Connection:
    """One client's connection and its other half."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._from_client, self._to_client = proxy, reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self._swallower: Trap | None = None
        self._waiting: list[tuple[Trap, int]] = []
        self._seen = b""

    async def serve(self) -> None:
        """Pass bytes both ways until one side ends; reset both if one breaks."""
        await self._proxy.passing.wait()
        try:
            from_server, self._to_server = await asyncio.open_connection(*self._proxy.upstream(), limit=CHUNK)
        except OSError:
            self.reset()
            return
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._up(self._to_server))
                pumps.create_task(self._down(from_server))
        except* OSError:
            self.reset()

    def reset(self) -> None:
        """Let both sides see a reset connection."""
        for writer in filter(None, (self._to_client, self._to_server)):
            open_socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
            writer.transport.abort()

    def close(self) -> None:
        """Close both sides in good order."""
        for writer in filter(None, (self._to_client, self._to_server)):
            writer.close()

    async def _up(self, to_server: asyncio.StreamWriter) -> None:
        while piece := await self._from_client.read(CHUNK):
            await self._hold_back()
            self._look_for_words(piece)
            for part, trap in self._parts(piece):
                await self._pass(part, to_server, "up")
                if trap is not None and not await self._spring(trap):
                    return
        with contextlib.suppress(OSError):
            to_server.write_eof()

    async def _down(self, from_server: asyncio.StreamReader) -> None:
        while piece := await from_server.read(CHUNK):
            if self._swallower is not None:
                await self._call(self._swallower)
                self.reset()
                return
            await self._hold_back()
            if rate := self._proxy.answer_rate:
                await asyncio.sleep(len(piece) / rate)
            await self._pass(piece, self._to_client, "down")
        with contextlib.suppress(OSError):
            self._to_client.write_eof()

    async def _hold_back(self) -> None:
        await self._proxy.passing.wait()
        if self._proxy.delay:
            await asyncio.sleep(self._proxy.delay)

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter, direction: str) -> None:
        self._proxy.bytes[direction] += len(piece)
        writer.write(piece)
        await writer.drain()

    def _look_for_words(self, piece: bytes) -> None:
        """Let every trap whose words end in this piece wait for its byte, counted from the words' begin."""
        seen = self._seen + piece
        for trap in self._proxy.traps:
            found = seen.find(trap.words)
            if not trap.spent and found >= 0 and found + len(trap.words) > len(self._seen):
                trap.count += 1
                self._waiting.append((trap, max(0, found - len(self._seen)) + trap.after))
        self._seen = seen[-REMEMBERED:]

    def _parts(self, piece: bytes) -> list[tuple[bytes, Trap | None]]:
        """Split a piece at the bytes at which traps spring."""
        due = sorted((entry for entry in self._waiting if entry[1] < len(piece)), key=lambda entry: entry[1])
        self._waiting = [(trap, at - len(piece)) for trap, at in self._waiting if at >= len(piece)]
        parts: list[tuple[bytes, Trap | None]] = []
        begin = 0
        for trap, at in due:
            parts.append((piece[begin:at], trap))
            begin = at
        return [*parts, (piece[begin:], None)]

    async def _spring(self, trap: Trap) -> bool:
        """Do what a trap does; return whether the connection lives on."""
        if trap.harm is Harm.SWALLOW:
            self._swallower = trap
            return True
        await self._call(trap)
        if trap.harm is Harm.CUT:
            self.reset()
        return trap.harm is not Harm.CUT

    async def _call(self, trap: Trap) -> None:
        trap.sprung.set()
        if trap.call is not None:
            await asyncio.to_thread(trap.call, int(self._to_client.get_extra_info("peername")[1]))


def wait_for(what: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Look until it is so, at most `seconds`; tell whether it became so."""
    give_up = time.monotonic() + seconds
    while not what():
        if time.monotonic() > give_up:
            return False
        time.sleep(every)
    return True
