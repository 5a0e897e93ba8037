"""What keeps a worker going, and what stops it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from domain.job_state import JobState
from domain.stages import Stage
from doorbell.bell import Doorbell
from worker.bell import listen
from worker.context import Context
from worker.main import WorkerSettings


@asynccontextmanager
async def listening(url: str, context: Context) -> AsyncIterator[None]:
    """Hang the bell's ear beside a worker, as `worker.main` does."""
    ear = asyncio.create_task(listen(url, context.wakes, WorkerSettings))
    try:
        yield
    finally:
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)


@asynccontextmanager
async def ringing(url: str | None) -> AsyncIterator[Doorbell]:
    doorbell = Doorbell(url)
    await doorbell.start()
    try:
        yield doorbell
    finally:
        await doorbell.close()


async def test_a_ring_wakes_a_drain_long_before_its_timer(rig: Any, redis_url: str, until: Any) -> None:
    rig.platform(job_seconds=3600)

    async def upload_after_a_ring() -> float:
        before = rig.requests("upload")
        await rig.create()
        rung = time.monotonic()
        doorbell.ring(Stage.ADVANCE)
        await until(there_are(rig, "upload", before + 1), "an upload")
        return time.monotonic() - rung

    async with (
        rig.worker(drain_interval="30s") as (context, _),
        listening(redis_url, context),
        ringing(redis_url) as doorbell,
    ):
        waits = [await upload_after_a_ring() for _ in range(5)]
    assert min(waits) < 0.2, waits
    assert max(waits) < 15, waits  # none waited for the timer


def there_are(rig: Any, route: str, count: int) -> Any:
    async def enough() -> bool:
        return bool(rig.requests(route) >= count)

    return enough


def nobody_listens() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{free.getsockname()[1]}/0"


async def test_without_redis_a_job_ends_all_the_same(rig: Any) -> None:
    job = await rig.create()
    async with rig.worker(), ringing(None) as doorbell:
        doorbell.ring(Stage.ADVANCE)
        assert (await rig.ends(job)).state is JobState.SUCCEEDED


async def test_with_a_redis_that_is_gone_a_job_ends_all_the_same(rig: Any) -> None:
    job = await rig.create()
    url = nobody_listens()
    async with rig.worker() as (context, _), listening(url, context), ringing(url) as doorbell:
        doorbell.ring(Stage.ADVANCE)
        assert (await rig.ends(job)).state is JobState.SUCCEEDED


async def test_at_a_stop_the_step_under_way_is_finished_and_the_next_left_to_another_worker(
    rig: Any, until: Any
) -> None:
    """A create that begins during a stop might be cut off from its answer: the next worker sends it."""
    rig.platform("delay;seconds=0.5;route=upload", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():
        await until(there_are(rig, "upload", 1), "the upload")
    stopped = await rig.get(job)
    assert (stopped.state, stopped.claim_token) == (JobState.SUBMITTING, None)
    assert (stopped.open_submission_id, rig.requests("create")) == (None, 0)


async def test_a_create_under_way_at_a_stop_is_answered_within_the_grace(rig: Any, until: Any) -> None:
    rig.platform("delay;seconds=0.5;route=create", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():
        await until(there_are(rig, "create", 1), "the create")
    stopped = await rig.get(job)
    assert (stopped.state, stopped.claim_token) == (JobState.TRACKING, None)


async def test_a_stop_in_the_middle_of_an_upload_hands_the_job_back_uncounted(rig: Any, until: Any) -> None:
    rig.platform("delay;seconds=30;route=upload")
    job = await rig.create()
    async with rig.worker(shutdown_grace="100ms"):
        await until(there_are(rig, "upload", 1), "the upload")
        began = time.monotonic()
    assert time.monotonic() - began < 10
    cut = await rig.get(job)
    assert (cut.state, cut.claim_token, cut.crashes, cut.failures) == (JobState.UPLOADING, None, 0, 0)
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert len(rig.stand_in.store.jobs) == 1


async def test_a_stop_after_the_create_was_sent_leaves_it_to_be_found(rig: Any, until: Any) -> None:
    rig.platform("delay;seconds=30;route=create")
    job = await rig.create()
    async with rig.worker(shutdown_grace="100ms"):
        await until(there_are(rig, "create", 1), "the create")
    cut = await rig.get(job)
    assert (cut.state, cut.open_submission_id is not None) == (JobState.SUBMITTING, True)
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert (rig.requests("create"), len(rig.stand_in.store.jobs)) == (1, 1)


async def test_a_stop_in_the_middle_of_results_hands_the_job_back_and_leaves_no_bytes(
    rig: Any, until: Any
) -> None:
    rig.platform("delay;seconds=30;times=0;route=content")
    job = await rig.create()
    before = stored(rig)
    async with rig.worker(shutdown_grace="100ms"):
        await until(there_are(rig, "content", 1), "a result file")
    cut = await rig.get(job)
    assert (cut.state, cut.claim_token, cut.crashes, cut.failures) == (JobState.COLLECTING, None, 0, 0)
    assert stored(rig) == before


def stored(rig: Any) -> list[str]:
    return sorted(str(path) for path in (rig.folder / "blobs").rglob("*") if path.is_file())


async def test_deliveries_that_wait_for_their_turn_at_a_stop_are_handed_back_untried(
    rig: Any, until: Any
) -> None:
    """Four at once to one endpoint: the fifth and sixth wait in this worker's hands."""
    rig.receiver.open.clear()
    jobs = [await rig.create() for _ in range(6)]
    for job in jobs:
        await rig.cancel(job)

    async def are_at_the_receiver() -> bool:
        return len(rig.receiver.got) == 4

    async with rig.worker():
        await until(are_at_the_receiver, "four attempts")
        asyncio.get_running_loop().call_later(0.3, rig.receiver.open.set)
    left = await rig.sql("SELECT attempts, claim_token FROM webhook_deliveries WHERE state = 'pending'")
    assert [tuple(row) for row in left] == [(0, None)] * 2
    assert await rig.value("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'") == 4
    async with rig.worker():
        await rig.told(6)
        await rig.is_told()
    assert len(rig.receiver.got) == 6


async def test_a_long_step_keeps_its_claim_while_another_worker_watches(rig: Any) -> None:
    rig.platform("delay;seconds=4;route=upload")
    job = await rig.create()
    async with rig.worker(claim_lease="1500ms"), rig.worker(claim_lease="1500ms"):
        ended = await rig.ends(job)
    assert (ended.state, rig.requests("upload")) == (JobState.SUCCEEDED, 1)


async def test_work_on_a_lost_claim_stops_and_nothing_of_it_is_kept(rig: Any, until: Any) -> None:
    rig.platform("delay;seconds=30;route=upload")
    job = await rig.create()
    async with rig.worker(claim_lease="600ms", shutdown_grace="60s"):
        await until(there_are(rig, "upload", 1), "the upload")
        lines = await rig.lines(job)
        # Another worker, which has just begun: its claim is good for a minute.
        await rig.sql(
            "UPDATE jobs SET claim_token = gen_random_uuid(), claimed_until = now() + interval '1 min'"
        )
        began = time.monotonic()
    # The heartbeat noticed and cut the work short: else the stop would have waited for the upload.
    assert time.monotonic() - began < 10
    lost = await rig.get(job)
    assert (lost.state, await rig.lines(job)) == (JobState.UPLOADING, lines)
    assert await rig.value("SELECT claimed_until > now() + interval '10 s' FROM jobs")
    assert await rig.value("SELECT count(*) FROM platform_files") == 0


async def test_an_outage_of_our_own_storage_is_waited_out_and_is_no_crash(rig: Any, until: Any) -> None:
    blobs, away = rig.folder / "blobs" / "files", rig.folder / "away"
    blobs.rename(away)
    job = await rig.create()

    async def has_failed() -> bool:
        return bool((await rig.get(job)).failures)

    async with rig.worker():
        await until(has_failed, "a failed try")
        away.rename(blobs)
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert (await rig.get(job)).crashes == 0
    assert any("the file could not be read" in line for line in await rig.lines(job))


async def test_results_wait_for_our_own_storage(rig: Any, until: Any) -> None:
    rig.platform("delay;seconds=0.3;route=checkpoints")
    job = await rig.create()
    blobs = rig.folder / "blobs" / "files"

    async def has_failed() -> bool:
        return any(line.startswith("Collecting") for line in await rig.lines(job))

    async with rig.worker():
        await until(there_are(rig, "checkpoints", 1), "collecting")
        blobs.rename(rig.folder / "away")
        blobs.touch()  # a file where the folder was: nothing can be written below it
        await until(has_failed, "a failed try")
        blobs.unlink()
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert len((await rig.get(job)).result_files) == 1


async def test_what_waits_for_a_worker_is_looked_for_at_once(rig: Any) -> None:
    """A worker that starts does not wait for its first timer."""
    job = await rig.create()
    await rig.cancel(job)
    async with rig.worker(drain_interval="30s"):
        async with asyncio.timeout(15):
            await rig.told()
