"""Postgres or Redis away: what the api says meanwhile, and that it finds back by itself."""

import asyncio
import os
import pathlib
import signal
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import pytest

from embedded.postgres import Postgres
from embedded.valkey import Valkey
from migrations.upgrade import upgrade_to_head
from tests.cutting import Cut, Path

from .conftest import Log, Serve
from .served import Project, Service, refused

JOBS = "/fine_tuning/jobs"
QUICK = 0.5


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("away") / "postgres", durable=False) as server:
        upgrade_to_head(server.url)
        asyncio.run(_keep_what_was_committed(server.url))
        yield server


async def _keep_what_was_committed(url: str) -> None:
    """Have commits survive a crash of the server, as in production; throw-away ones do not by themselves."""
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER ROLE postgres SET synchronous_commit = on")
    await connection.close()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("away") / "valkey", durable=False) as server:
        yield server


@pytest.fixture
async def fragile(serve: Serve, postgres: Postgres, valkey: Valkey) -> AsyncIterator[Service]:
    async with serve(database_url=postgres.url, redis_url=valkey.url) as running:
        yield running


@pytest.fixture
async def cutting(serve: Serve, database_url: str) -> AsyncIterator[tuple[Service, Path]]:
    """An api, and the path to its database, which can be cut."""
    async with Path(database_url) as path, serve(database_url=path.url) as running:
        yield running, path


async def ready(service: Service) -> tuple[int, list[str]]:
    answer = await service.http.get(f"{service.root}/readyz")
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.status_code, answer.text.splitlines()


async def recovered(project: Project) -> None:
    end = time.monotonic() + 15
    while (await project.get("/files")).status_code != 200:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_without_its_database_the_api_says_503_and_comes_back(
    fragile: Service, postgres: Postgres, log: Log
) -> None:
    project = await fragile.project()
    job = await project.job()
    blobs = fragile.blobs()
    assert (await ready(fragile))[0] == 200
    await asyncio.to_thread(postgres.stop)
    for method, path in [
        ("GET", JOBS),
        ("GET", f"{JOBS}/{job}"),
        ("POST", f"{JOBS}/{job}/cancel"),
        ("GET", "/files"),
        ("GET", f"/files/{await project.training_file()}/content"),
        ("GET", "/models"),
    ]:
        answer = await project.request(method, path)
        refused(answer, 503, "service_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    for answer in (await project.create(), await project.upload()):
        refused(answer, 503, "service_unavailable")
    assert fragile.blobs() == blobs
    status, lines = await ready(fragile)
    assert (status, lines[0], lines[1]) == (503, "database: unreachable", "storage: ok")
    assert lines[2] == "redis: ok"
    assert (await fragile.http.get(f"{fragile.root}/healthz")).status_code == 200
    await asyncio.to_thread(postgres.start)
    await recovered(project)
    assert (await ready(fragile))[0] == 200
    assert (await project.get(f"{JOBS}/{job}")).json()["status"] == "queued"
    assert (await project.create()).status_code == 200
    assert postgres.password not in log.text


async def test_a_database_that_hangs_is_not_ready_rather_than_silent(
    fragile: Service, postgres: Postgres
) -> None:
    project = await fragile.project()
    held = list_processes(postgres.pid)
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(8):
            status, lines = await ready(fragile)
    finally:
        for pid in held:
            os.kill(pid, signal.SIGCONT)
    assert (status, lines[0]) == (503, "database: unreachable")
    await recovered(project)


def list_processes(pid: int) -> list[int]:
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *(int(child) for child in children.read_text().split())]


async def test_without_redis_creates_are_as_fast_and_readyz_says_so(fragile: Service, valkey: Valkey) -> None:
    project = await fragile.project()
    await project.job()
    await asyncio.to_thread(valkey.stop)
    await quick_creates(project)
    status, lines = await ready(fragile)
    assert status == 200
    assert lines[0] == "database: ok"
    assert lines[2].startswith("redis: unreachable")
    failed = fragile.resources.doorbell.failed
    assert failed > 0
    await asyncio.to_thread(valkey.start)
    sent = fragile.resources.doorbell.sent
    end = time.monotonic() + 10
    while fragile.resources.doorbell.sent == sent:
        assert time.monotonic() < end
        await project.job()
    assert (await ready(fragile))[1][2] == "redis: ok"


async def test_a_redis_that_hangs_slows_nobody_down(fragile: Service, valkey: Valkey) -> None:
    project = await fragile.project()
    await project.job()
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        await quick_creates(project)
        async with asyncio.timeout(5):
            status, lines = await ready(fragile)
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert (status, lines[2][:18]) == (200, "redis: unreachable")


async def quick_creates(project: Project) -> None:
    for _ in range(5):
        start = time.monotonic()
        answer = await project.create()
        assert (answer.status_code, time.monotonic() - start < QUICK) == (200, True)


async def test_a_restart_of_the_database_costs_only_requests_under_way_and_keeps_each_create_once(
    fragile: Service, postgres: Postgres, record_property: Callable[[str, object], None]
) -> None:
    """An immediate one, in the middle of creates that are repeated with their key, as SDKs do."""
    project = await fragile.project()
    await project.job()
    statuses: list[int] = []
    three = asyncio.Event()

    async def insist(number: int) -> str:
        while True:
            answer = await project.create(headers={"idempotency-key": f"restart-{number}"})
            statuses.append(answer.status_code)
            if len(statuses) == 3:
                three.set()
            if answer.status_code == 200:
                return str(answer.json()["id"])
            refused(answer, 503, "service_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
            await asyncio.sleep(0.05)

    creating = [asyncio.create_task(insist(number)) for number in range(20)]
    await three.wait()
    postgres.process.send_signal(signal.SIGQUIT)
    await asyncio.to_thread(postgres.process.wait, 10)
    await asyncio.to_thread(postgres.start)
    ids = await asyncio.gather(*creating)
    listed = (await project.get(JOBS, limit=100)).json()["data"]
    assert len(set(ids)) == 20
    assert {job["id"] for job in listed} >= set(ids)
    assert len(listed) == 21
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(postgres.start)
    after = [(await project.get(JOBS)).status_code for _ in range(20)]
    assert after == [200] * 20
    failed = statuses.count(503)
    record_property("summary", f"Postgres restarted: {failed} tries of 20 creates failed, no look after it")


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("how", ["idempotency-key", "x-stainless-retry-count"])
async def test_a_create_whose_commit_is_cut_off_makes_one_job_with_its_repetition(
    cutting: tuple[Service, Path], cut: Cut, how: str
) -> None:
    service, path = cutting
    project = await service.project()
    await project.training_file()
    tries = ("same", "same") if how == "idempotency-key" else ("0", "1")
    path.cuts = [(b"Created", cut)]
    first = await project.create(headers={how: tries[0]})
    assert "repeat" in refused(first, 503, "service_unavailable")
    assert int(first.headers["retry-after"]) >= 1
    assert "x-should-retry" not in first.headers
    assert path.cuts == []
    second = await project.create(headers={how: tries[1]})
    assert second.status_code == 200
    listed = (await project.get(JOBS)).json()["data"]
    assert [job["id"] for job in listed] == [second.json()["id"]]


async def test_a_create_that_the_database_overrules_is_run_again_at_once(
    cutting: tuple[Service, Path], database_url: str
) -> None:
    service, _ = cutting
    project = await service.project()
    await project.training_file()
    sql = await asyncpg.connect(database_url)
    # A sequence is not rolled back: the first two commits are refused, the third is not.
    await sql.execute(
        "CREATE SEQUENCE tries; CREATE FUNCTION overrule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '40P01'; END IF;"
        " RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER overrule AFTER INSERT ON jobs"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION overrule()"
    )
    assert (await project.create(headers={"x-stainless-retry-count": "0"})).status_code == 200
    assert await sql.fetchval("SELECT last_value FROM tries") == 3
    assert await sql.fetchval("SELECT count(*) FROM jobs") == 1
    await sql.close()


async def test_with_all_connections_in_use_a_request_is_told_so_and_health_is_not_in_danger(
    serve: Serve, database_url: str
) -> None:
    async with serve(database_url=database_url, database_pool_size=2) as service:
        project = await service.project()
        await project.training_file()
        sql = await asyncpg.connect(database_url)
        async with sql.transaction():
            await sql.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
            blocked = [asyncio.create_task(project.create()) for _ in range(2)]
            async with asyncio.timeout(10):
                await _until_waiting(sql, 2)
            began = time.monotonic()
            third = asyncio.create_task(project.get(JOBS))
            assert (await service.http.get(f"{service.root}/healthz")).status_code == 200
            assert (await ready(service))[0] == 503
            refused(await third, 503, "service_unavailable")
            assert 4.5 < time.monotonic() - began < 8
        for task in blocked:
            assert (await task).status_code == 200
        assert (await project.get(JOBS)).status_code == 200
        await sql.close()


async def _until_waiting(sql: asyncpg.Connection, count: int) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while await sql.fetchval(waiting) < count:  # noqa: ASYNC110 - the condition is in the database
        await asyncio.sleep(0.02)


async def test_a_create_takes_as_long_with_redis_hung_as_with_it_up(
    fragile: Service, valkey: Valkey, record_property: Callable[[str, object], None]
) -> None:
    project = await fragile.project()
    await project.job()
    took: dict[str, list[float]] = {"up": [], "hung": []}
    for state in ("up", "hung") * 6:
        os.kill(valkey.pid, signal.SIGSTOP if state == "hung" else signal.SIGCONT)
        try:
            for _ in range(5):
                began = time.monotonic()
                await project.job()
                took[state].append(time.monotonic() - began)
        finally:
            os.kill(valkey.pid, signal.SIGCONT)
    up, hung = (1000 * statistics.median(took[state]) for state in ("up", "hung"))
    record_property("summary", f"Create, median: {up:.1f} ms with Redis up, {hung:.1f} ms with it hung")
    assert hung < 1.5 * up + 10
