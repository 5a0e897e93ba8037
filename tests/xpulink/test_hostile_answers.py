"""Every call of the platform against servers that come to no end: given up in time, in bounded memory."""

import asyncio
import os
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

import psutil
import pytest

from domain.outcomes import Ambiguous, Rejected, Retryable, Trouble
from domain.platform import JobRequest
from xpulink.client import XPULinkClient

DEADLINE = 0.5
MEGABYTE = 1024**2
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def one_line() -> AsyncIterator[bytes]:
    yield b'{"messages": []}\n'


Call = Callable[[XPULinkClient], Awaitable[object]]
CALLS: dict[str, Call] = {
    "upload_file": lambda client: client.upload_file(filename="a.jsonl", size=17, content=one_line),
    "create_job": lambda client: client.create_job(JobRequest("qwen3-32b", "file-1", "sub_1")),
    "job": lambda client: client.job("ftjob-1"),
    "jobs": lambda client: client.jobs(after=None, limit=100),
    "cancel_job": lambda client: client.cancel_job("ftjob-1"),
    "events": lambda client: client.events("ftjob-1", after=None, limit=100),
    "checkpoints": lambda client: client.checkpoints("ftjob-1", after=None, limit=100),
    "file_content": lambda client: client.file_content("file-1", limit_bytes=4 * MEGABYTE),
    "delete_file": lambda client: client.delete_file("file-1"),
    "delete_model": lambda client: client.delete_model("ft:a:b"),
}
ONCE = {"upload_file", "create_job"}
MAY_BE_TOO_LARGE = {"jobs", "events", "checkpoints", "file_content"}


def without_end(head: bytes, piece: bytes, pause: float = 0) -> Any:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behaviour


@cache
def bomb() -> bytes:
    """Return 256 MiB of spaces, packed; in pieces, for the memory is measured here."""
    packer = zlib.compressobj(wbits=31)
    spaces = b" " * MEGABYTE
    return b"".join(packer.compress(spaces) for _ in range(256)) + packer.flush()


async def bombs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb())
    await without_end(head, bomb(), 60)(reader, writer)


SLOW = {
    "a head that drips": without_end(b"HTTP/1.1 200 OK\r\nx-slow: ", b"z", 0.05),
    "a body that drips": without_end(CHUNKED, b"1\r\n \r\n", 0.05),
    "an error that drips": without_end(CHUNKED.replace(b"200 OK", b"500 Oh No"), b"1\r\n \r\n", 0.05),
}
LARGE = {
    "a head without end": without_end(b"HTTP/1.1 200 OK\r\n", b"x-filler: " + b"x" * 8192 + b"\r\n"),
    "a body without end": without_end(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "a bomb": bombs,
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_slow_answer_is_given_up_at_the_deadline_however_it_drips(start: Any, call: str) -> None:
    servers = [await start.serve(behaviour) for behaviour in SLOW.values()]
    began = time.monotonic()
    outcomes = await asyncio.gather(
        *(CALLS[call](start.client(server.url, deadline=DEADLINE)) for server in servers)
    )
    assert time.monotonic() - began < DEADLINE + 4
    for outcome in outcomes:
        assert isinstance(outcome, Ambiguous if call in ONCE else Retryable), outcome
        assert getattr(outcome, "trouble", Trouble.UNAVAILABLE) is Trouble.UNAVAILABLE


@pytest.mark.parametrize("call", CALLS)
async def test_a_large_answer_is_cut_off_long_before_it_fills_the_memory(start: Any, call: str) -> None:
    process = psutil.Process(os.getpid())
    for name, behaviour in LARGE.items():
        server = await start.serve(behaviour)
        client = start.client(server.url, deadline=20)
        before = process.memory_info().rss
        outcome = await CALLS[call](client)
        grown = process.memory_info().rss - before
        expected: type | tuple[type, ...] = Ambiguous if call in ONCE else Retryable
        if call in MAY_BE_TOO_LARGE and "head" not in name:
            expected = Rejected
        assert isinstance(outcome, expected), (name, outcome)
        assert grown < 24 * MEGABYTE, (name, grown)
