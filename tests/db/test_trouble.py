"""A real Postgres in trouble: what it comes to, how long it takes, and that it passes by itself."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path as Folder
from typing import Any

import pytest
from sqlalchemy import text

from db.session import TRIES, Database
from domain.errors import Overruled, Unavailable, Undecided
from embedded.postgres import Postgres
from migrations.upgrade import upgrade_to_head
from tests.cutting import Cut, Path

PATIENCE = 1.0
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("troubled") / "postgres", durable=False) as server:
        yield server


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    opened = Database(postgres.url, pool_size=3, statement_seconds=PATIENCE)
    await run(opened, "CREATE TABLE IF NOT EXISTS kept (number int PRIMARY KEY)", "TRUNCATE kept")
    yield opened
    await opened.close()


async def run(database: Database, *statements: str) -> Sequence[Any]:
    async with database.transaction() as session:
        for statement in statements:
            result = await session.execute(text(statement))
        return result.all() if result.returns_rows else []


def end(postgres: Postgres, how: signal.Signals) -> None:
    postgres.process.send_signal(how)
    postgres.process.wait(20)


def restart(postgres: Postgres, how: signal.Signals) -> None:
    end(postgres, how)
    postgres.start()


def family(postgres: Postgres) -> list[int]:
    children = Folder(f"/proc/{postgres.pid}/task/{postgres.pid}/children")
    return [postgres.pid, *(int(child) for child in children.read_text().split())]


@pytest.mark.parametrize("how", [FAST, IMMEDIATE])
async def test_a_restart_ends_what_is_under_way_and_nothing_that_comes_after(
    postgres: Postgres, database: Database, how: signal.Signals
) -> None:
    sleeping = [asyncio.create_task(run(database, "SELECT pg_sleep(30)")) for _ in range(2)]
    await run(database, "SELECT 1")
    await asyncio.sleep(0.1)
    await asyncio.to_thread(end, postgres, how)
    for task in sleeping:
        with pytest.raises(Unavailable):
            await task
    with pytest.raises(Unavailable):
        await run(database, "SELECT 1")
    await asyncio.to_thread(postgres.start)
    for _ in range(4):
        assert await run(database, "SELECT 1")


@pytest.mark.parametrize("how", [FAST, IMMEDIATE])
async def test_after_a_restart_no_idle_connection_fails_anybody(
    postgres: Postgres, database: Database, how: signal.Signals
) -> None:
    await asyncio.gather(*(run(database, "SELECT pg_sleep(0.05)") for _ in range(3)))
    await asyncio.to_thread(restart, postgres, how)
    assert len(await asyncio.gather(*(run(database, "SELECT 1") for _ in range(9)))) == 9


async def test_a_server_that_shuts_down_or_starts_up_is_waited_for(
    postgres: Postgres, database: Database
) -> None:
    holding = asyncio.create_task(run(database, "SELECT pg_sleep(0.5)"))
    await asyncio.sleep(0.1)
    postgres.process.send_signal(signal.SIGTERM)  # waits for its clients, and takes no new one
    fresh = Database(postgres.url, pool_size=1)
    await asyncio.sleep(0.1)
    with pytest.raises(Unavailable):
        await run(fresh, "SELECT 1")
    await fresh.close()
    await holding
    await database.close()
    migrating = asyncio.create_task(asyncio.to_thread(upgrade_to_head, postgres.url, patience=20))
    await asyncio.to_thread(postgres.process.wait, 20)
    await asyncio.sleep(0.2)
    assert not migrating.done()
    await asyncio.to_thread(postgres.start)
    await migrating
    assert await run(database, "SELECT count(*) FROM jobs")


@pytest.mark.parametrize(
    "state", ["53100", "53200", "57P01", "57014", "58030", "08006", "25006", "25P03", "55P03"]
)
async def test_what_only_the_server_can_mend_is_unavailable(database: Database, state: str) -> None:
    with pytest.raises(Unavailable):
        await run(database, f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")


async def test_no_connection_to_be_had_is_unavailable(postgres: Postgres, database: Database) -> None:
    await run(database, "DROP ROLE IF EXISTS few", "CREATE ROLE few LOGIN PASSWORD 'x' CONNECTION LIMIT 1")
    few = postgres.url.replace(f"postgres:{postgres.password}", "few:x")
    pool = Database(few, pool_size=2)
    async with pool.transaction() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable):
            await run(pool, "SELECT 1")
    for url in (few.replace("few:x", "few:y"), f"{postgres.url}-that-is-not-there"):
        with pytest.raises(Unavailable):
            await run(Database(url), "SELECT 1")
    await pool.close()


async def test_a_pool_that_is_used_up_is_unavailable_after_five_seconds(postgres: Postgres) -> None:
    pool = Database(postgres.url, pool_size=1)
    async with pool.transaction() as session:
        await session.execute(text("SELECT 1"))
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await run(pool, "SELECT 1")
        assert 4.5 < time.monotonic() - began < 8
    assert await run(pool, "SELECT 1")
    await pool.close()


async def test_a_frozen_server_ends_statements_commits_and_cancellations_in_time(
    postgres: Postgres, database: Database
) -> None:
    frozen: list[int] = []

    async def freeze_before_commit() -> None:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO kept VALUES (1)"))
            await all_inside.wait()

    async def cancelled() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
            await all_inside.wait()
            async with asyncio.timeout(0.2):
                await session.execute(text("SELECT 1"))

    async def statement() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1"))
            await all_inside.wait()
            await session.execute(text("SELECT 1"))

    all_inside = asyncio.Event()
    tasks = [asyncio.create_task(work()) for work in (freeze_before_commit, cancelled, statement)]
    await asyncio.sleep(0.2)
    try:
        for pid in family(postgres):
            os.kill(pid, signal.SIGSTOP)
            frozen.append(pid)
        began = time.monotonic()
        all_inside.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        took = time.monotonic() - began
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert [type(result) for result in results] == [Undecided, Unavailable, Unavailable]
    assert took < PATIENCE + 4  # SQLAlchemy waits two seconds for a good-bye
    async with asyncio.timeout(10):
        while True:
            with suppress(Unavailable):
                await run(database, "SELECT 1")
                return


@pytest.mark.parametrize(("cut", "kept"), [(Cut.BEFORE, 0), (Cut.AFTER, 1)])
async def test_a_commit_that_is_cut_off_is_undecided(
    postgres: Postgres, database: Database, cut: Cut, kept: int
) -> None:
    async with Path(postgres.url) as path:
        cutting = Database(path.url, pool_size=1)
        path.cuts = [(b"INSERT", cut)]
        with pytest.raises(Undecided):
            await run(cutting, "INSERT INTO kept VALUES (1)")
        assert await run(database, "SELECT count(*) FROM kept") == [(kept,)]
        assert await run(cutting, "SELECT 1")
        await cutting.close()


async def test_a_deadlock_is_run_again_and_both_are_kept_once(database: Database) -> None:
    await run(database, "INSERT INTO kept VALUES (1), (2)")
    step = text("UPDATE kept SET number = number + 10 WHERE number % 10 = :row")
    both = asyncio.Barrier(2)
    tries = 0

    async def move(first: int, second: int) -> None:
        nonlocal tries
        tries += 1
        meet = tries <= 2
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            await session.execute(step, {"row": first})
            if meet:
                await both.wait()
            await session.execute(step, {"row": second})

    await asyncio.gather(
        database.insist(lambda: move(1, 2)),
        database.insist(lambda: move(2, 1)),
    )
    assert tries == 3
    assert sorted(await run(database, "SELECT number FROM kept")) == [(21,), (22,)]


async def test_what_is_overruled_each_time_is_given_up(database: Database) -> None:
    tries = 0

    async def conflict() -> None:
        nonlocal tries
        tries += 1
        async with database.transaction() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await session.execute(text("SELECT count(*) FROM kept"))
            await run(database, "UPDATE kept SET number = number + 1")
            await session.execute(text("UPDATE kept SET number = number + 1"))

    await run(database, "INSERT INTO kept VALUES (1)")
    with pytest.raises(Overruled):
        await database.insist(conflict)
    assert tries == TRIES
