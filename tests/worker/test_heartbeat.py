"""Work goes on only while its claim is surely ours: not a lease after it was last asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from db.session import Database, Session
from domain.errors import Unavailable
from services import claims
from services.transitions import ClaimLost
from worker.heartbeat import Heartbeat

LEASE = 30.0


class Away(Database):
    """A database that does not answer, or says at once that it is away."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        if self.hangs:
            await asyncio.Event().wait()
        raise Unavailable
        yield  # pragma: no cover - what makes it a generator


async def held(heartbeat: Heartbeat, job: Any, began: asyncio.Event) -> None:
    async with heartbeat.holding(job):
        began.set()
        await asyncio.Event().wait()


async def claimed(rig: Any, context: Any) -> Any:
    await rig.create()
    async with rig.database.transaction() as session:
        (job,) = await claims.claim_advancing(session, lease=context.pace.lease, limit=1)
    return job


@pytest.mark.parametrize("hangs", [True, False])
async def test_work_stops_before_its_claim_runs_out_however_the_database_is_away(
    rig: Any, *, hangs: bool
) -> None:
    async with rig.context(claim_lease="300ms") as context:
        job = await claimed(rig, context)
        heartbeat = Heartbeat(Away(hangs=hangs), context.pace)
        asked = heartbeat.now()
        assert job.claim_token is not None
        heartbeat.claimed(job.claim_token, asked=asked)
        began = asyncio.Event()
        beating = asyncio.create_task(heartbeat.run())
        with pytest.raises(Unavailable):
            await held(heartbeat, job, began)
        assert heartbeat.now() - asked >= 0.2  # it was given the time there was
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


@pytest.mark.parametrize("renewed", [False, True])
async def test_the_lease_counts_from_before_the_claim_was_asked_for(rig: Any, *, renewed: bool) -> None:
    """As with a process that was stopped, or a loop that was blocked, between the claim and the work."""
    now = 1000.0
    async with rig.context(claim_lease=f"{LEASE:.0f}s") as context:
        job = await claimed(rig, context)
        heartbeat = Heartbeat(context.database, context.pace, clock=lambda: now)
        heartbeat.claimed(job.claim_token, asked=now)
        now += LEASE - 5
        began = asyncio.Event()
        work = asyncio.create_task(held(heartbeat, job, began))
        await began.wait()
        heartbeat.stop_unsure()
        if renewed:
            await heartbeat.beat()  # which is in time
        now += 4
        heartbeat.stop_unsure()
        await asyncio.wait({work}, timeout=0.01)
        assert work.done() is not renewed
        now += LEASE - 5
        heartbeat.stop_unsure()
        with pytest.raises(Unavailable):
            await work


async def test_the_older_of_two_claims_of_this_process_on_one_row_stops_as_lost(rig: Any) -> None:
    """As after a thaw: its own row had run out, and it claimed that before the old work went on."""
    async with rig.context() as context:
        old = await claimed(rig, context)
        await rig.sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
        async with context.database.transaction() as session:
            (new,) = await claims.claim_advancing(session, lease=context.pace.lease, limit=1)
        heartbeat = Heartbeat(context.database, context.pace)
        works = []
        for job in (old, new):
            began = asyncio.Event()
            works.append(asyncio.create_task(held(heartbeat, job, began)))
            await began.wait()
        await heartbeat.beat()
        with pytest.raises(ClaimLost):
            await works[0]
        assert not works[1].done()
        works[1].cancel()
        await asyncio.wait(works)


async def test_work_on_what_another_worker_has_stops_as_lost(rig: Any) -> None:
    async with rig.context() as context:
        job = await claimed(rig, context)
        heartbeat = Heartbeat(context.database, context.pace)
        began = asyncio.Event()
        work = asyncio.create_task(held(heartbeat, job, began))
        await began.wait()
        await rig.sql("UPDATE jobs SET claim_token = gen_random_uuid()")
        await heartbeat.beat()
        with pytest.raises(ClaimLost):
            await work


async def test_a_cancellation_that_is_not_the_heartbeats_stays_one(rig: Any) -> None:
    async with rig.context() as context:
        job = replace(await claimed(rig, context), sequence=0)
        began = asyncio.Event()
        work = asyncio.create_task(held(Heartbeat(context.database, context.pace), job, began))
        await began.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
