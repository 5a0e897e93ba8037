"""What an upload puts on the wire, and what it costs."""

import asyncio
import hashlib
import re
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.outcomes import Answered
from domain.platform import PlatformFile
from xpulink.client import Deadlines
from xpulink.port import ContentFailed

FILE = b'{"id": "file-1", "bytes": 11, "status": "processed"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(FILE), FILE)
PIECE = bytes(range(256)) * 256  # 64 kB


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_the_purpose_comes_before_the_file_and_the_length_is_exact(start: Any) -> None:
    server = await start.answering(ANSWER)
    outcome = await start.client(server.url).upload_file(
        filename="a.jsonl", size=11, content=lambda: pieces(b"hello ", b"world")
    )
    assert outcome == Answered(PlatformFile("file-1", 11, "processed"))
    (request,) = server.requests  # read by its Content-Length: a shorter one would not have been answered
    boundary = re.fullmatch("multipart/form-data; boundary=([0-9a-f]{32})", request.headers["content-type"])
    assert boundary
    assert request.body.decode() == (
        f"--{boundary[1]}\r\n"
        'Content-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
        f"--{boundary[1]}\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.jsonl"\r\n'
        "Content-Type: application/json\r\n\r\nhello world\r\n"
        f"--{boundary[1]}--\r\n"
    )
    assert "transfer-encoding" not in request.headers


@pytest.mark.parametrize(
    ("filename", "written"),
    [
        ("训练.jsonl", "训练.jsonl"),
        ('a".jsonl', "a%22.jsonl"),
        ("a\r\nX-Evil: 1\x00.jsonl", "a__X-Evil: 1_.jsonl"),
        ("a\ud800.jsonl", "a?.jsonl"),
    ],
)
async def test_a_file_name_cannot_leave_its_header(start: Any, filename: str, written: str) -> None:
    server = await start.answering(ANSWER)
    await start.client(server.url).upload_file(filename=filename, size=1, content=lambda: pieces(b"x"))
    assert f'filename="{written}"\r\n'.encode() in server.requests[0].body


async def broken() -> AsyncIterator[bytes]:
    yield b"hello"
    raise OSError("disk gone")


@pytest.mark.parametrize("content", [broken, lambda: pieces(b"hello"), lambda: pieces(b"hello", b" world!")])
async def test_a_fault_of_our_own_is_raised_and_never_a_whole_upload(start: Any, content: Any) -> None:
    """The platform waits for the rest of the body, and finds the connection closed."""
    server = await start.answering(ANSWER)
    with pytest.raises(ContentFailed):
        await start.client(server.url).upload_file(filename="a.jsonl", size=11, content=content)
    assert server.requests == []


async def test_a_hundred_megabytes_pass_in_constant_memory(start: Any) -> None:
    count, received, digest = 1_600, 0, hashlib.sha256()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        left = int(head.partition("content-length: ")[2].split("\r\n")[0])
        while left and (chunk := await reader.read(min(left, 65536))):
            left -= len(chunk)
            received += len(chunk)
            digest.update(chunk)
        writer.write(ANSWER)
        await writer.drain()

    async def content() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield bytes(bytearray(PIECE))  # a fresh one each time, as storage gives them

    server = await start.serve(swallow)
    client = start.client(server.url, deadline=100)
    tracemalloc.start()
    outcome = await client.upload_file(filename="a.jsonl", size=count * len(PIECE), content=content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(outcome, Answered)
    assert 0 < received - count * len(PIECE) < 1_000  # the form around the file
    assert peak < 4 * 1024**2


def test_an_upload_has_the_time_its_size_takes() -> None:
    assert Deadlines().upload_of(512 * 1024**2).total_seconds() == 60 + 2048
