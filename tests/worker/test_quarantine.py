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
from domain.crashes import LAST_CHANCE, NOT_THE_LAST, UNSUSPECTED, Crashes
from domain.deadlines import CRASHES_ALLOWED
from domain.jobs import Job
from domain.stages import Stage
from worker.drain import Drain, RunningDrain
from worker.quarantine import Quarantine
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
                hand_back=self.die_with,
                begun=lambda _: True,
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
                session, stage=Stage.ADVANCE, token=uuid4(), lease=LEASE, limit=limit, crashes=crashes
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

    async def die_with(self, held: Sequence[Job]) -> None:
        """A worker that is killed hands nothing back."""

    async def live(self) -> None:
        """Live until killed, or for as long as nothing is due."""
        await self.drain.open()
        running = self.drain.start()
        try:
            async with asyncio.timeout(0.2):
                await self.dead.wait()
        except TimeoutError:
            self.dead.set()
        self.drain._stop()
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


class Asked:
    """Suspects to be had; notes who was asked for."""

    def __init__(self, *suspects: str, last: bool = False) -> None:
        self.suspects, self.last = list(suspects), last
        self.asked: list[Crashes] = []

    async def claim(self, crashes: Crashes) -> Sequence[str]:
        self.asked.append(crashes)
        fits = bool(self.suspects) and self.last == (crashes == LAST_CHANCE)
        return [self.suspects.pop(0)] if fits else []


def at_work(quarantine: Quarantine[str], rows: Sequence[str]) -> asyncio.Event:
    """Work on the one suspect that was claimed, until the event is set."""
    done = asyncio.Event()

    async def work() -> None:
        await done.wait()

    (row,) = rows
    quarantine.watch(row, asyncio.create_task(work()))
    return done


NEVER, AT_ONCE = timedelta(hours=1), timedelta(0)


async def test_one_suspect_at_a_time_and_the_next_when_it_has_ended() -> None:
    suspects = Asked("a", "b")
    quarantine: Quarantine[str] = Quarantine(suspects.claim, NEVER, probation=NEVER)
    done = at_work(quarantine, await quarantine.next())
    assert await quarantine.next() == []
    done.set()
    await asyncio.sleep(0.01)
    assert await quarantine.next() == ["b"]
    assert suspects.asked == [NOT_THE_LAST, NOT_THE_LAST]


async def test_a_suspect_that_has_lived_through_its_probation_makes_room_for_another() -> None:
    suspects = Asked("a", "b")
    quarantine: Quarantine[str] = Quarantine(suspects.claim, AT_ONCE, probation=AT_ONCE)
    done = at_work(quarantine, await quarantine.next())
    assert await quarantine.next() == ["b"]
    done.set()


async def test_a_last_chance_is_for_the_opening_or_for_a_worker_that_lives_well_and_has_no_other() -> None:
    suspects = Asked("a", "b", last=True)
    young: Quarantine[str] = Quarantine(suspects.claim, AT_ONCE, probation=NEVER)
    assert await young.next() == []
    done = at_work(young, await young.first())
    assert await young.next() == []
    old: Quarantine[str] = Quarantine(suspects.claim, AT_ONCE, probation=AT_ONCE)
    end = at_work(old, await old.next())
    assert await old.next() == []  # it is alone, however long it takes
    assert suspects.asked == [NOT_THE_LAST, LAST_CHANCE, LAST_CHANCE]
    done.set()
    end.set()
