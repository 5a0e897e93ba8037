"""A worker that stood still until another took over: what it would have sent does not leave any more."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_points import TAKEN, CrashPoint, order
from domain.job_state import JobState
from services import claims
from services.transitions import ClaimLost
from simulator.life import is_live
from worker.drains.deliver import Claimed, Deliver
from worker.heartbeat import Heartbeat
from worker.steps.submit import submit
from worker.steps.upload import upload

from .conftest import PLATFORM_KEY, QUICK

LEASE = "2s"


@contextmanager
def worker_of_its_own(rig: Any, points: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker as a process, so that it can be stopped and thawed."""
    env = {
        **os.environ,
        **{f"TUNEWARD_{name.upper()}": value for name, value in QUICK.items()},
        "TUNEWARD_CLAIM_LEASE": LEASE,
        "TUNEWARD_STORAGE_URL": f"file://{rig.folder}/blobs",
        "TUNEWARD_SECRET_KEYS": rig.secret_key,
        "TUNEWARD_CRASH_POINTS": str(points),
        "DATABASE_URL": rig.database_url,
        "XPULINK_BASE_URL": rig.platform_url,
        "XPULINK_API_KEY": PLATFORM_KEY,
    }
    with log.open("wb") as out:
        program = [sys.executable, "-c", "from worker.main import run; run()"]
        process = subprocess.Popen(program, env=env, stdout=out, stderr=out)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()


@pytest.mark.parametrize("point", [CrashPoint.SUBMIT_INTENDED, CrashPoint.SUBMIT_SENT])
async def test_a_worker_frozen_in_a_submit_and_thawed_after_another_took_over_makes_no_second_job(
    rig: Any, until: Any, tmp_path: Path, point: CrashPoint
) -> None:
    rig.platform(job_seconds=3600)
    points, log = tmp_path / "points", tmp_path / "worker.log"
    order(points, point, "freeze")
    job = await rig.create()
    with worker_of_its_own(rig, points, log) as frozen:

        async def stands_still() -> bool:
            return (points / f"{point}{TAKEN}{frozen.pid}").exists()

        await until(stands_still, "the worker at its point", 60)  # a process has to start
        async with rig.worker(claim_lease=LEASE):
            kept = await rig.reaches(job, "tracking")
        os.kill(frozen.pid, signal.SIGCONT)
        frozen.terminate()
        assert frozen.wait(30) == 0  # what was under way is finished first
    live = [row.id for row in rig.stand_in.store.jobs.values() if is_live(row, rig.stand_in.clock())]
    assert live == [kept.platform_job_id]
    assert rig.requests("create") == 1
    assert (await rig.get(job)).state is JobState.TRACKING
    outcomes = [row[0] for row in await rig.sql("SELECT outcome FROM platform_submissions ORDER BY id")]
    assert outcomes == (["adopted"] if point is CrashPoint.SUBMIT_SENT else ["absent", "created"])
    said = log.read_bytes()  # whichever notices first
    assert b"another worker holds this now" in said or b"the claim was lost" in said


async def test_a_create_does_not_leave_once_its_claim_may_have_run_out(rig: Any) -> None:
    job = await rig.create()
    async with rig.context() as context:
        async with rig.database.transaction() as session:
            (claimed,) = await claims.claim_advancing(session, lease=timedelta(minutes=1), limit=1)
        submitting = await upload(context, claimed)
        assert submitting is not None
        assert submitting.state is JobState.SUBMITTING
        late = replace(context, pace=replace(context.pace, lease=timedelta(0)))
        await submit(late, submitting)
        assert rig.requests("create") == 0
        assert await rig.sql("SELECT outcome, check_at FROM platform_submissions") == [("retryable", None)]
        async with rig.moving(context):  # it was certainly not sent, so it may be sent again
            assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert rig.requests("create") == 1


async def one_delivery(rig: Any) -> None:
    await rig.cancel(await rig.create())


class Clock:
    """Passing time that stands still until it is told to go on, as it seems to a process that was frozen."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_delivery_whose_claim_may_have_run_out_is_not_sent_and_costs_no_try(rig: Any) -> None:
    await one_delivery(rig)
    async with rig.context() as context:
        clock = Clock()
        deliver = Deliver(context, Heartbeat(context.database, context.pace, clock))
        (claimed,) = await deliver.claim(1)
        clock.now += 0.9 * context.pace.lease.total_seconds()
        await deliver.work(claimed)
        assert rig.receiver.got == []
        untouched = await rig.sql("SELECT attempts, claim_token FROM webhook_deliveries")
        assert untouched == [(0, None)]
        (again,) = await deliver.claim(1)
        await deliver.work(again)
    assert len(rig.receiver.got) == 1


async def test_only_a_renewal_that_was_still_ours_lets_a_delivery_leave_later(rig: Any) -> None:
    await one_delivery(rig)
    async with rig.context() as context:
        clock = Clock()
        heartbeat = Heartbeat(context.database, context.pace, clock)
        (claimed,) = await Deliver(context, heartbeat).claim(1)

        async def surely_holds_after_a_beat(claimed: Claimed) -> bool:
            async with heartbeat.holding_delivery(claimed.delivery, claimed.token):
                clock.now += 0.9 * context.pace.lease.total_seconds()
                assert not heartbeat.surely_holds(claimed.delivery, claimed.token)
                await heartbeat.beat()
                await asyncio.sleep(0)  # a claim that is lost cuts this short
                return heartbeat.surely_holds(claimed.delivery, claimed.token)

        assert await surely_holds_after_a_beat(claimed)
        await rig.sql("UPDATE webhook_deliveries SET claim_token = gen_random_uuid()")
        with pytest.raises(ClaimLost):
            await surely_holds_after_a_beat(claimed)
