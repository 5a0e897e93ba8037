"""The bell on a real Valkey, and on one that is away or hangs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import redis.asyncio as redis
from arq.constants import job_key_prefix

from domain.stages import Stage
from doorbell.bell import Doorbell
from doorbell.connection import QUEUE, connect

# redis-py leaves a connection to the collector that is given up while it connects.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
async def valkey(redis_url: str) -> AsyncIterator["redis.Redis[bytes]"]:
    async with redis.Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def doorbell(url: str | None) -> AsyncIterator[Doorbell]:
    bell = Doorbell(url)
    await bell.start()
    try:
        yield bell
    finally:
        await bell.close()


async def until(condition: Callable[[], Awaitable[object] | object]) -> None:
    async with asyncio.timeout(20):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.005)


async def test_many_rings_are_one_message_per_stage(redis_url: str, valkey: "redis.Redis[bytes]") -> None:
    async with doorbell(redis_url) as bell:
        for _ in range(500):
            for stage in Stage:
                bell.ring(stage)
        await until(lambda: valkey.zcard(QUEUE))
        await until(lambda: bell.sent >= len(Stage))
        # Nobody has heard them yet: they stand for all later ones.
        bell.ring(Stage.TRACK)
        await until(lambda: bell.sent > len(Stage))
        assert set(await valkey.zrange(QUEUE, 0, -1)) == {f"ring:{stage}".encode() for stage in Stage}
        assert bell.sent < 50


async def test_a_message_is_json_and_names_nothing_but_the_stage(
    redis_url: str, valkey: "redis.Redis[bytes]"
) -> None:
    async with doorbell(redis_url) as bell:
        bell.ring(Stage.DELIVER)
        await until(lambda: valkey.zcard(QUEUE))
    message = json.loads(await valkey.get(f"{job_key_prefix}ring:deliver"))
    assert (message["f"], message["a"], message["k"]) == ("ring", ["deliver"], {})


async def test_it_tells_whether_redis_answers(redis_url: str) -> None:
    async with doorbell(redis_url) as bell:
        assert await bell.ready()
    async with doorbell(None) as bell:
        assert not await bell.ready()


async def test_without_redis_a_ring_is_dropped() -> None:
    async with doorbell(None) as bell:
        bell.ring(Stage.ADVANCE)
        assert (bell.sent, bell.failed) == (0, 0)


@asynccontextmanager
async def hanging() -> AsyncIterator[str]:
    """A server that takes connections and never says a word."""
    async with AsyncExitStack() as stack:

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stack.callback(writer.close)
            await reader.read()

        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        stack.callback(server.close)
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


async def test_a_redis_that_hangs_delays_neither_the_ring_nor_the_end() -> None:
    async with hanging() as url:
        bell = Doorbell(url)
        await bell.start()
        began = time.monotonic()
        for _ in range(1000):
            bell.ring(Stage.ADVANCE)
        assert time.monotonic() - began < 0.5
        await asyncio.sleep(0)
        await bell.close()
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("steps", range(12))
async def test_an_end_in_the_middle_of_connecting_is_not_lost(steps: int) -> None:
    """redis-py swallowed it at one of these steps, and the end then waited for ever."""
    async with hanging() as url:
        bell = Doorbell(url)
        await bell.start()
        bell.ring(Stage.ADVANCE)
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await bell.close()


async def test_after_an_outage_it_rings_again(redis_url: str, valkey: "redis.Redis[bytes]") -> None:
    async with doorbell("redis://127.0.0.1:1/0") as bell:
        bell.ring(Stage.ADVANCE)
        await until(lambda: bell.failed)
        # The same bell, whose Redis is back.
        bell._redis = connect(redis_url)
        bell.ring(Stage.ADVANCE)
        await until(lambda: valkey.zcard(QUEUE))
        assert bell.sent == 1
