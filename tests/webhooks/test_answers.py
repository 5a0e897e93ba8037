"""What receivers answer, and what becomes of answers that are none."""

import asyncio
import gzip
from datetime import timedelta

import pytest
from aiohttp import web

from .conftest import SHORT, MakeSender, StartReceiver, StartServer, answering, attempt


async def test_the_answer_is_kept_as_text_that_postgres_takes(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    hooks = await receiver(answering(body=b"\x00caf\xc3\xa9 \xff\xfe\x00" + b"x" * 10_000))
    outcome = await attempt(sender(), hooks.url())
    assert outcome.answer.startswith("café \ufffd\ufffdx")
    assert "\0" not in outcome.answer
    assert 4080 < len(outcome.answer) <= 4096


async def test_a_compressed_bomb_is_not_unpacked(receiver: StartReceiver, sender: MakeSender) -> None:
    packed = gzip.compress(b"a" * 1_000_000)
    hooks = await receiver(answering(body=packed, headers={"content-encoding": "gzip"}))
    outcome = await attempt(sender(), hooks.url())
    assert outcome.delivered
    assert outcome.answer[0] == "\x1f"
    assert "aaa" not in outcome.answer


async def test_an_endless_answer_is_cut_and_does_not_hold_the_attempt(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    sent = 0
    ended = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"drivel " * 1000)
                sent += 7000
        finally:
            ended.set()

    hooks = await receiver(pour)
    outcome = await attempt(sender(), hooks.url())
    assert (outcome.status, len(outcome.answer)) == (200, 4096)
    assert outcome.duration < timedelta(seconds=5)
    await asyncio.wait_for(ended.wait(), 10)  # the connection was closed, not left to drain
    assert sent < 30_000_000


async def test_a_dripping_answer_ends_with_the_time_out_and_its_status_counts(
    raw_receiver: StartServer, sender: MakeSender
) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    outcome = await attempt(sender(**SHORT), f"http://127.0.0.1:{await raw_receiver(drip)}/")
    assert outcome.delivered
    assert 1 < len(outcome.answer) < 30
    assert timedelta(seconds=0.39) < outcome.duration < timedelta(seconds=5)


async def test_a_head_that_comes_too_late_is_too_slow(receiver: StartReceiver, sender: MakeSender) -> None:
    async def late(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hooks = await receiver(late)
    outcome = await attempt(sender(**SHORT), hooks.url())
    assert (outcome.status, outcome.error) == (None, "timeout: too slow, no answer within 0.4 s")
    assert timedelta(seconds=0.39) < outcome.duration < timedelta(seconds=5)


async def test_time_outs_over_five_seconds_are_not_rounded_up(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    async def late(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hooks = await receiver(late)
    outcome = await attempt(sender(timeout=timedelta(seconds=5.02)), hooks.url())
    assert timedelta(seconds=5.01) < outcome.duration < timedelta(seconds=5.5)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (b"", "answer: the connection was closed before an answer came"),
        (b"HTTP/1.1 20", "answer: the connection was closed before an answer came"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answer: not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", "answer: not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "answer: not valid HTTP"),
    ],
)
async def test_an_answer_that_is_none_is_named(
    raw_receiver: StartServer, sender: MakeSender, written: bytes, error: str
) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(written)
        await writer.drain()

    outcome = await attempt(sender(), f"http://127.0.0.1:{await raw_receiver(write)}/")
    assert (outcome.status, outcome.error) == (None, error)


async def test_a_body_that_breaks_off_does_not_take_the_status_back(
    raw_receiver: StartServer, sender: MakeSender
) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()

    outcome = await attempt(sender(), f"http://127.0.0.1:{await raw_receiver(break_off)}/")
    assert (outcome.status, outcome.answer, outcome.error) == (202, "half", None)
