"""Whatever befalls Redis, the bell rings again by itself soon after: both its sides, on a real Valkey."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import redis

from chaos import redis_troubles
from domain.stages import Stage
from doorbell.bell import Doorbell
from doorbell.connection import QUEUE
from embedded.valkey import Valkey
from worker.bell import listen
from worker.main import WorkerSettings
from worker.wake import Wakes

# redis-py leaves a connection to the collector that is given up while it connects.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SOON = timedelta(seconds=1)
BACK_WITHIN = timedelta(seconds=10)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("troubled") / "valkey", durable=False) as server:
        yield server


@dataclass
class Bell:
    """Both sides of it: who rings, and what is woken by that."""

    doorbell: Doorbell
    wakes: Wakes

    async def is_heard(self, stage: Stage, within: timedelta) -> float | None:
        """Return after how many seconds a ring of this stage was heard."""
        began = time.monotonic()
        await self.wakes.wait(stage, within)
        waited = time.monotonic() - began
        return waited if waited < within.total_seconds() else None

    async def rings(self, stage: Stage, within: timedelta = SOON) -> float | None:
        self.doorbell.ring(stage)
        return await self.is_heard(stage, within)

    async def fails(self) -> None:
        """Ring until that is noticed to fail."""
        failed = self.doorbell.failed
        async with asyncio.timeout(20):
            while self.doorbell.failed == failed:
                self.doorbell.ring(Stage.TRACK)
                await asyncio.sleep(0.02)


@pytest.fixture
async def bell(valkey: Valkey) -> AsyncIterator[Bell]:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    wakes, doorbell = Wakes(), Doorbell(valkey.url)
    ear = asyncio.create_task(listen(valkey.url, wakes, WorkerSettings))
    await doorbell.start()
    both = Bell(doorbell, wakes)
    assert await both.rings(Stage.ADVANCE, BACK_WITHIN) is not None
    yield both
    began = time.monotonic()
    await doorbell.close()
    ear.cancel()
    await asyncio.gather(ear, return_exceptions=True)
    assert time.monotonic() - began < 8


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)


Trouble = Callable[[Valkey], Callable[[], None]]


def lost(valkey: Valkey) -> Callable[[], None]:
    valkey.stop()
    return valkey.start


def hung(valkey: Valkey) -> Callable[[], None]:
    os.kill(valkey.pid, signal.SIGSTOP)
    return lambda: os.kill(valkey.pid, signal.SIGCONT)


def full(valkey: Valkey) -> Callable[[], None]:
    return redis_troubles.fill(valkey.url)


def read_only(valkey: Valkey) -> Callable[[], None]:
    return redis_troubles.only_read(valkey.url)


@pytest.mark.parametrize("trouble", [lost, hung, full, read_only])
async def test_the_bell_is_silent_meanwhile_and_then_rings_by_itself(
    bell: Bell, valkey: Valkey, trouble: Trouble, record_property: Callable[[str, object], None]
) -> None:
    undo = await asyncio.to_thread(trouble, valkey)
    try:
        await bell.fails()
    finally:
        await asyncio.to_thread(undo)
    heard = await bell.is_heard(Stage.TRACK, BACK_WITHIN)
    assert heard is not None
    assert await bell.rings(Stage.DELIVER) is not None
    assert bell.doorbell.working
    record_property("summary", f"Redis {trouble.__name__}: rings again {heard:.1f} s after its return")


async def test_a_flush_silences_nobody(bell: Bell, valkey: Valkey) -> None:
    for _ in range(5):
        bell.doorbell.ring(Stage.ADVANCE)
        await asyncio.to_thread(redis_troubles.lose_everything, valkey.url)
    assert await bell.rings(Stage.DELIVER, BACK_WITHIN) is not None
    assert await bell.rings(Stage.ADVANCE, BACK_WITHIN) is not None


async def test_connections_that_are_cut_again_and_again_are_made_anew(bell: Bell, valkey: Valkey) -> None:
    storm = asyncio.create_task(asyncio.to_thread(redis_troubles.cut_clients, valkey.url, seconds=1.5))
    while not storm.done():
        bell.doorbell.ring(Stage.TRACK)
        await asyncio.sleep(0.01)
    assert await storm > 5
    assert await bell.rings(Stage.DELIVER, BACK_WITHIN) is not None


@pytest.mark.parametrize("queued", [False, True])
async def test_keys_of_an_old_copy_are_cleared_away_at_the_first_ring(
    bell: Bell, valkey: Valkey, *, queued: bool
) -> None:
    """Before, a job key without its place in the queue silenced a stage for a day, others for ever."""
    stages = tuple(stage.value for stage in Stage)
    await asyncio.to_thread(redis_troubles.restore_old_copy, valkey.url, stages, queued=queued)
    for stage in Stage:
        assert await bell.rings(stage, BACK_WITHIN) is not None
        assert await bell.rings(stage, SOON) is not None


async def test_a_ring_of_another_version_wakes_all_and_is_no_error(
    bell: Bell, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(redis_troubles.restore_old_copy, valkey.url, (), queued=True)
    assert await bell.is_heard(Stage.TRACK, BACK_WITHIN) is not None
    with redis.Redis.from_url(valkey.url) as client:
        await until(lambda: client.zcard(QUEUE) == 0)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_ring_is_due_at_once_for_a_worker_whose_clock_is_an_hour_behind(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
        doorbell = Doorbell(valkey.url)
        await doorbell.start()
        doorbell.ring(Stage.TRACK)
        await until(lambda: client.zcard(QUEUE) == 1)
        await doorbell.close()
        assert client.zrangebyscore(QUEUE, "-inf", (time.time() - 3600) * 1000) == [b"ring:track"]
        assert 0 < client.pttl("arq:job:ring:track") <= 3_600_000


async def test_a_hung_redis_holds_up_neither_end(valkey: Valkey) -> None:
    wakes, doorbell = Wakes(), Doorbell(valkey.url)
    ear = asyncio.create_task(listen(valkey.url, wakes, WorkerSettings))
    await doorbell.start()
    assert await Bell(doorbell, wakes).rings(Stage.TRACK, BACK_WITHIN) is not None
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        doorbell.ring(Stage.TRACK)
        await asyncio.sleep(0.1)  # both are in the middle of a command
        began = time.monotonic()
        await doorbell.close()
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)
        took = time.monotonic() - began
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert took < 8
