"""Poison without innocent victims: workers that die every moment with up to 48 rows in their hands."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from db.queries import jobs
from db.session import Database
from domain.crashes import UNSUSPECTED, Crashes
from domain.deadlines import CRASHES_ALLOWED
from domain.jobs import Job
from domain.stages import Stage
from worker.drain import Drain, RunningDrain
from worker.wake import Wakes

LEASE = timedelta(seconds=30)
COPIES = """
    INSERT INTO jobs (id, project_id, credential_id, model, platform_model, training_file_id, seed,
                      hyperparameters)
    SELECT 'ftjob-' || CASE WHEN n % 250 = 99 THEN 'poison' ELSE 'clean' END || n, project_id, credential_id,
           model, platform_model, training_file_id, seed, hyperparameters
      FROM jobs, generate_series(1, :count) AS n WHERE id = :id"""
DONE = text("UPDATE jobs SET crashes = 0, claim_token = NULL, claimed_until = NULL,"
            " next_step_at = now() + interval '1 h' WHERE id = :id AND claim_token = :token")  # fmt: skip
CHARGED = "SELECT id FROM jobs WHERE crashes + (claimed_until IS NOT NULL)::int >= :allowed ORDER BY id"


class Life:
    """One worker over the real claims, from its start until it is killed."""

    def __init__(self, database: Database, *, finishes: int, concurrency: int) -> None:
        self.database = database
        self.left = finishes
        self.dead = asyncio.Event()
        self.drain = RunningDrain(
            Drain(
                stage=Stage.ADVANCE,
                concurrency=concurrency,
                claim=lambda limit: self.claim(limit, UNSUSPECTED),
                claim_suspect=lambda crashes: self.claim(1, crashes),
                work=self.work,
                hand_back=self.work,
                describe=lambda job: {"job_id": job.id},
            ),
            Wakes(),
            timedelta(milliseconds=20),
        )

    async def claim(self, limit: int, crashes: Crashes) -> Sequence[Job]:
        if self.dead.is_set():
            return []
        async with self.database.transaction() as session:
            return await jobs.claim_due_jobs(
                session, tracked=False, token=uuid4(), lease=LEASE, limit=limit, crashes=crashes
            )

    async def work(self, job: Job) -> None:
        """Finish the row, unless the worker is dead by then: the rest of what it holds is left as it is."""
        if "poison" in job.id:
            self.dead.set()
        await asyncio.sleep(0)
        if self.left and not self.dead.is_set():
            self.left -= 1
            async with self.database.transaction() as session:
                await session.execute(DONE, {"id": job.id, "token": job.claim_token})
        if not self.left:
            self.dead.set()

    async def live(self) -> None:
        """Live until killed, or for as long as nothing is due."""
        await self.drain.open()
        running = asyncio.create_task(self.drain.run())
        try:
            async with asyncio.timeout(0.2):
                await self.dead.wait()
        except TimeoutError:
            self.dead.set()
        self.drain.stop()
        await running
        await asyncio.gather(*self.drain._tasks)


async def test_of_500_rows_only_poison_is_given_up_however_often_workers_die(rig: Any) -> None:
    first = await rig.create()
    await rig.sql(COPIES, count=500, id=first.id)
    await rig.sql("DELETE FROM jobs WHERE id = :id", id=first.id)
    chance = random.Random(4)
    given_up: list[tuple[str]] = []
    for life in range(150):
        await Life(rig.database, finishes=chance.randint(1, 48), concurrency=48).live()
        await rig.sql(
            "UPDATE jobs SET claimed_until = now() - interval '1 s' WHERE claimed_until IS NOT NULL"
        )
        given_up = await rig.sql(CHARGED, allowed=CRASHES_ALLOWED)
        assert all("poison" in row[0] for row in given_up), (life, given_up)
        if not await rig.value("SELECT count(*) FROM jobs WHERE next_step_at <= now() AND id LIKE '%clean%'"):
            break
    assert given_up == [("ftjob-poison349",), ("ftjob-poison99",)], life
