"""A worker that is killed in the middle of any stage: another has its rows within the minute promised."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from config.settings import Settings
from domain.crashes import OPENING, PROBATION
from domain.job_state import JobState
from worker.motion import Motion

PROMISED = timedelta(seconds=60)
LEASE = 1.0
STAGES = {"upload": "upload", "submit": "create", "poll": "retrieve", "collect": "events"}


def test_the_longest_wait_for_a_take_over_is_within_the_promise() -> None:
    """From the last heartbeat: the lease, a look, and for suspects a turn and a worker that lives well."""
    defaults = {name: each.default for name, each in Settings.model_fields.items()}
    looks = 2 * defaults["drain_interval"]
    assert defaults["claim_lease"] + looks + OPENING + 2 * PROBATION <= PROMISED


async def kill(motion: Motion) -> None:
    """End everything that a worker does, as SIGKILL would: nothing is handed back, nothing is recorded."""
    drains = motion._drains
    tasks = [*motion._claiming, *motion._other_tasks, *(task for drain in drains for task in drain._tasks)]
    for drain in drains:
        drain._stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_job_goes_on_a_lease_after_its_worker_was_killed(rig: Any, until: Any, stage: str) -> None:
    rig.platform(f"delay;seconds=600;route={STAGES[stage]}", job_seconds=0.05)
    job = await rig.create()

    async def under_way() -> bool:
        return bool(rig.requests(STAGES[stage]))

    async with rig.context(claim_lease=f"{LEASE:.0f}s") as context:
        motion = Motion(context)
        motion.start()
        await until(under_way, stage)
        await kill(motion)
        died = time.monotonic()
        assert (await rig.get(job)).claim_token is not None
    async with rig.worker(claim_lease=f"{LEASE:.0f}s"):
        ended = await rig.ends(job)
    assert ended.state is JobState.SUCCEEDED
    assert time.monotonic() - died < LEASE + 10  # the rest is this job's own life on a busy machine
    assert len(rig.stand_in.store.jobs) == 1


async def test_a_delivery_goes_on_a_lease_after_its_worker_was_killed(rig: Any, until: Any) -> None:
    await rig.cancel(await rig.create())

    async def under_way() -> bool:
        return bool(rig.receiver.got)

    async with rig.context(claim_lease=f"{LEASE:.0f}s") as context:
        motion = Motion(context)
        rig.receiver.open.clear()
        motion.start()
        await until(under_way, "the first try")
        await kill(motion)
        rig.receiver.open.set()
    assert await rig.value("SELECT claim_token IS NOT NULL FROM webhook_deliveries")
    async with rig.worker(claim_lease=f"{LEASE:.0f}s"):
        await rig.is_told()
    assert await rig.sql("SELECT state, attempts, crashes FROM webhook_deliveries") == [("delivered", 1, 0)]
    assert len({headers["webhook-id"] for headers, _ in rig.receiver.got}) == 1
