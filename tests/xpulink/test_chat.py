"""Chat passes through as it comes, and breaks off with our own errors."""

import asyncio
import contextlib
import socket
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import PlatformFailed, Unavailable
from xpulink.chat import ChatDeadlines, XPULinkChat

SSE = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Request-Id: req-1\r\nSet-Cookie: a=b\r\n"
FIRST, LAST = b'data: {"n": 1}\n\n', b"data: [DONE]\n\n"


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


@contextlib.asynccontextmanager
async def chatting(url: str, **seconds: float) -> Any:
    deadlines = ChatDeadlines(**{key: timedelta(seconds=value) for key, value in seconds.items()})
    platform = XPULinkChat(base_url=url, api_key="k", deadlines=deadlines)
    try:
        yield platform
    finally:
        await platform.aclose()


async def test_events_arrive_while_the_answer_is_still_being_written(start: Any) -> None:
    seen = asyncio.Event()

    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{SSE}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk(FIRST))
        await writer.drain()
        await seen.wait()  # nothing more before the first event was read on the other side
        writer.write(chunk(LAST) + b"0\r\n\r\n")
        await writer.drain()

    server = await start.serve(speaks)
    async with chatting(server.url) as platform, platform.chat(b"{}", accept="text/event-stream") as answer:
        chunks = answer.chunks()
        assert await anext(chunks) == FIRST
        seen.set()
        assert [piece async for piece in chunks] == [LAST]
    assert answer.status == 200
    assert answer.headers == {"content-type": "text/event-stream", "x-request-id": "req-1"}


async def test_the_request_passes_unchanged(start: Any) -> None:
    server = await start.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    body = b'{"model": "qwen3-32b",  "spaces":  true}'
    async with (
        chatting(f"{server.url}/v1") as platform,
        platform.chat(body, accept="application/json") as answer,
    ):
        assert b"".join([piece async for piece in answer.chunks()]) == b"{}"
    (request,) = server.requests
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert request.body == body
    assert request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"] == "Bearer k"


async def test_an_error_passes_through_with_its_wait(start: Any) -> None:
    raw = b"HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nlater"
    server = await start.answering(raw)
    async with chatting(server.url) as platform, platform.chat(b"{}", accept="*/*") as answer:
        assert [piece async for piece in answer.chunks()] == [b"later"]
    assert (answer.status, answer.headers) == (429, {"retry-after": "7"})


async def test_a_platform_that_cannot_be_reached_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        async with chatting(f"http://127.0.0.1:{port}") as platform:
            with pytest.raises(Unavailable):
                await platform.chat(b"{}", accept="*/*").__aenter__()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
    ],
)
async def test_an_answer_that_cannot_be_passed_on_is_a_failure_of_the_platform(
    start: Any, raw: bytes
) -> None:
    server = await start.serve(one_answer(raw))
    async with chatting(server.url) as platform:
        with pytest.raises(PlatformFailed):
            await platform.chat(b"{}", accept="*/*").__aenter__()


def one_answer(raw: bytes, pause: float = 0) -> Any:
    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(pause)

    return speaks


async def test_no_answer_within_the_total_deadline_is_a_failure(start: Any) -> None:
    server = await start.serve(one_answer(b"", pause=60))
    async with chatting(server.url, total=0.4) as platform:
        with pytest.raises(PlatformFailed):
            await platform.chat(b"{}", accept="*/*").__aenter__()


@pytest.mark.parametrize(
    ("pause", "deadlines"),
    [(0, {}), (60, {"idle": 0.4}), (60, {"total": 0.8})],
    ids=["cut", "idle for too long", "over the total"],
)
async def test_what_breaks_off_in_the_middle_is_said(start: Any, pause: float, deadlines: Any) -> None:
    head = f"{SSE}Transfer-Encoding: chunked\r\n\r\n".encode()
    server = await start.serve(one_answer(head + chunk(FIRST), pause))
    async with chatting(server.url, **deadlines) as platform, platform.chat(b"{}", accept="*/*") as answer:
        chunks = answer.chunks()
        assert await anext(chunks) == FIRST
        with pytest.raises(PlatformFailed):
            await anext(chunks)


async def test_a_reader_in_another_task_is_held_to_the_deadline_alone(start: Any) -> None:
    """Frameworks stream from another task than the one that opened: the deadline must not hit the opener."""
    head = f"{SSE}Transfer-Encoding: chunked\r\n\r\n".encode()
    server = await start.serve(one_answer(head + chunk(FIRST), 60))

    async def read(answer: Any) -> list[bytes]:
        return [piece async for piece in answer.chunks()]

    async with chatting(server.url, idle=0.4) as platform, platform.chat(b"{}", accept="*/*") as answer:
        reading = asyncio.create_task(read(answer))
        await asyncio.wait([reading])
        assert isinstance(reading.exception(), PlatformFailed)
