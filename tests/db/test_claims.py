"""Claims on due jobs: who gets what, by Postgres's clock alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from db.queries import jobs, sweeps
from db.session import Database, Session
from domain.crashes import ANY, LAST_CHANCE, NOT_THE_LAST, UNSUSPECTED, Crashes
from domain.jobs import Job
from domain.stages import Stage

LEASE = timedelta(seconds=30)
Sql = Callable[..., Awaitable[Sequence[Any]]]


@pytest.fixture
def sql(database: Database) -> Sql:
    async def run(statement: str, **values: object) -> Sequence[Any]:
        async with database.transaction() as session:
            result = await session.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    return run


async def claim(
    session: Session, *, tracked: bool = False, limit: int = 100, crashes: Crashes = ANY
) -> list[Job]:
    return await jobs.claim_due_jobs(
        session,
        stage=Stage.TRACK if tracked else Stage.ADVANCE,
        token=uuid4(),
        lease=LEASE,
        limit=limit,
        crashes=crashes,
    )


async def claimed(database: Database, **options: Any) -> list[Job]:
    async with database.transaction() as session:
        return await claim(session, **options)


COPIES = """
    INSERT INTO jobs (id, project_id, credential_id, model, platform_model, training_file_id, seed,
                      hyperparameters)
    SELECT 'ftjob-c' || n, project_id, credential_id, model, platform_model, training_file_id, seed,
           hyperparameters
      FROM jobs, generate_series(1, :count) AS n WHERE id = 'ftjob-1'"""


async def test_two_claimers_never_share_a_row(database: Database, sql: Sql) -> None:
    await sql(COPIES, count=59)
    async with database.transaction() as one, database.transaction() as other:
        # Both transactions are open at once: what one holds and has not committed, the other skips.
        first = await claim(one, limit=20)
        second = await claim(other, limit=20)
        both = [job.id for job in (*first, *second)]
        assert len(both) == len(set(both)) == 40
    assert len(await claimed(database)) == 20
    assert await claimed(database) == []


async def test_many_claimers_at_once_take_every_row_once(database: Database, sql: Sql) -> None:
    await sql(COPIES, count=99)

    async def take() -> list[str]:
        taken = []
        while rows := await claimed(database, limit=7):
            taken += [job.id for job in rows]
        return taken

    taken = [id_ for ids in await asyncio.gather(*(take() for _ in range(4))) for id_ in ids]
    assert len(taken) == len(set(taken)) == 100


async def test_a_claim_is_live_until_postgress_clock_says_that_it_ran_out(
    database: Database, sql: Sql
) -> None:
    (job,) = await claimed(database)
    ((lease,),) = await sql("SELECT claimed_until - now() FROM jobs")
    assert LEASE - timedelta(seconds=5) < lease <= LEASE
    assert await claimed(database) == []
    await sql("UPDATE jobs SET claimed_until = now() - interval '1 ms'")
    (again,) = await claimed(database)
    assert again.id == job.id
    assert again.claim_token != job.claim_token


async def test_a_claim_that_ran_out_is_a_crash_and_one_handed_back_is_not(
    database: Database, sql: Sql
) -> None:
    (job,) = await claimed(database)
    assert job.crashes == 0
    async with database.transaction() as session:
        assert job.claim_token is not None
        await jobs.hand_back(session, job_id=job.id, token=job.claim_token)
    (job,) = await claimed(database)
    assert job.crashes == 0
    await sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    (job,) = await claimed(database)
    assert job.crashes == 1


async def test_a_job_whose_workers_died_five_times_is_claimed_no_more(database: Database, sql: Sql) -> None:
    for crashes in range(5):
        (job,) = await claimed(database)
        assert job.crashes == crashes
        await sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    assert await claimed(database) == []


@pytest.mark.parametrize(
    ("crashes", "found"),
    [(UNSUSPECTED, [0, 1]), (NOT_THE_LAST, [3, 2]), (LAST_CHANCE, [4]), (ANY, [0, 1, 2, 3, 4])],
)
async def test_how_often_a_job_crashed_decides_who_claims_it_and_in_which_order(
    database: Database, sql: Sql, crashes: Crashes, found: list[int]
) -> None:
    """The claim that has just run out is counted, whether or not it is written down yet."""
    await sql(COPIES, count=5)
    await sql("UPDATE jobs SET crashes = CAST(substr(id, 8) AS int) WHERE id <> 'ftjob-1'")  # 0 of ftjob-1
    await sql("UPDATE jobs SET crashes = crashes - 1, claim_token = gen_random_uuid(),"
              " claimed_until = now() - interval '1 s' WHERE crashes IN (2, 4)")  # fmt: skip
    taken = [job.crashes for job in await claimed(database, crashes=crashes)]
    assert (taken if crashes == NOT_THE_LAST else sorted(taken)) == found


async def test_a_state_of_a_newer_version_is_left_alone_and_can_be_read(database: Database) -> None:
    # Rolled back: the schema stays as it is for the other tests.
    async with database.engine.connect() as session, session.begin() as transaction:
        await session.execute(text("ALTER TABLE jobs DROP CONSTRAINT ck_jobs_state_known"))
        await session.execute(text("UPDATE jobs SET state = 'resting', crashes = 5"))
        for tracked in (False, True):
            assert await claim(session, tracked=tracked) == []
        assert await sweeps.poisonous_jobs(session, crashes=5, limit=10) == []
        (job,) = await jobs.jobs_page(
            session, project_id="proj_1", after=None, limit=10, metadata=None, without_metadata=False
        )
        assert job.shown_status == "queued"
        await transaction.rollback()


async def test_somebody_elses_claim_cannot_be_handed_back(database: Database, sql: Sql) -> None:
    (job,) = await claimed(database)
    async with database.transaction() as session:
        await jobs.hand_back(session, job_id=job.id, token=uuid4())
    assert await sql("SELECT claim_token FROM jobs") == [(job.claim_token,)]


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ("next_step_at = now()", "advance"),
        ("next_step_at = now() + interval '1 s'", None),
        ("state = 'held'", "advance"),
        ("state = 'held', paused_at = now()", None),
        ("state = 'received', paused_at = now()", "advance"),  # to be held, with an event that says so
        ("state = 'uploading', paused_at = now()", "advance"),
        ("state = 'submitting', platform_training_file = 'p'", "advance"),
        ("state = 'tracking', platform_training_file = 'p', platform_job_id = 'p'", "track"),
        ("state = 'collecting', platform_training_file = 'p', platform_job_id = 'p'", "advance"),
        ("state = 'cancelled', finished_at = now(), next_step_at = NULL", None),
    ],
)
async def test_which_jobs_are_due_and_for_which_stage(
    database: Database, sql: Sql, change: str, stage: str | None
) -> None:
    await sql(f"UPDATE jobs SET {change}")  # noqa: S608 - constants of this file
    assert len(await claimed(database, tracked=False)) == (stage == "advance")
    assert len(await claimed(database, tracked=True)) == (stage == "track")


@pytest.mark.parametrize(
    ("state", "waits"),
    [
        ("state = 'received'", False),  # it is held, with an event that says why
        ("state = 'held'", True),
        ("state = 'uploading'", True),
        ("state = 'submitting', platform_training_file = 'p'", True),
        ("state = 'tracking', platform_training_file = 'p', platform_job_id = 'p'", True),
        ("state = 'collecting', platform_training_file = 'p', platform_job_id = 'p'", True),
    ],
)
async def test_jobs_of_a_parked_account_wait_until_it_is_free(
    database: Database, sql: Sql, state: str, *, waits: bool
) -> None:
    await sql(f"UPDATE jobs SET {state}")  # noqa: S608 - constants of this file
    await sql("UPDATE platform_credentials SET parked_until = now() + interval '1 min'")
    tracked = "tracking" in state
    rows = await claimed(database, tracked=tracked)
    assert bool(rows) is not waits
    await sql("UPDATE jobs SET claim_token = NULL, claimed_until = NULL")
    await sql("UPDATE platform_credentials SET parked_until = now() - interval '1 ms'")
    assert await claimed(database, tracked=tracked)


async def test_the_longest_overdue_comes_first(database: Database, sql: Sql) -> None:
    await sql(COPIES, count=2)
    await sql("UPDATE jobs SET next_step_at = now() - interval '1 h' WHERE id = 'ftjob-c2'")
    assert [job.id for job in await claimed(database, limit=1)] == ["ftjob-c2"]


async def test_a_renewal_prolongs_what_is_ours_and_tells_what_was_lost(database: Database, sql: Sql) -> None:
    await sql(COPIES, count=2)
    held = {job.id: job.claim_token for job in await claimed(database) if job.claim_token is not None}
    await sql("UPDATE jobs SET claimed_until = now() + interval '1 s'")
    await sql("UPDATE jobs SET claim_token = :other WHERE id = 'ftjob-c1'", other=uuid4())
    await sql("UPDATE jobs SET claim_token = NULL, claimed_until = NULL WHERE id = 'ftjob-c2'")
    async with database.transaction() as session:
        assert await jobs.renew_claims(session, claims=held, lease=LEASE) == {"ftjob-1"}
    ours = await sql("SELECT id FROM jobs WHERE claimed_until > now() + interval '10 s'")
    assert ours == [("ftjob-1",)]


async def test_a_renewal_confuses_no_two_claims_of_one_worker(database: Database, sql: Sql) -> None:
    """A job that was lost and claimed again under another token of this worker is not the old claim."""
    await sql(COPIES, count=1)
    tokens: dict[str, UUID] = {}
    for _ in range(2):
        (job,) = await claimed(database, limit=1)
        assert job.claim_token is not None
        tokens[job.id] = job.claim_token
    one, other = tokens
    await sql("UPDATE jobs SET claim_token = :token WHERE id = :id", token=tokens[other], id=one)
    async with database.transaction() as session:
        assert await jobs.renew_claims(session, claims=tokens, lease=LEASE) == {other}
