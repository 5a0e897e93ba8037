"""Postgres or Redis away: what the api says meanwhile, and that it finds back by itself."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from embedded.postgres import Postgres
from embedded.valkey import Valkey
from migrations.upgrade import upgrade_to_head

from .conftest import Log, Serve
from .served import Project, Service, refused

JOBS = "/fine_tuning/jobs"
QUICK = 0.5


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("away") / "postgres", durable=False) as server:
        upgrade_to_head(server.url)
        yield server


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("away") / "valkey", durable=False) as server:
        yield server


@pytest.fixture
async def fragile(serve: Serve, postgres: Postgres, valkey: Valkey) -> AsyncIterator[Service]:
    async with serve(database_url=postgres.url, redis_url=valkey.url) as running:
        yield running


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
    children = Path(f"/proc/{pid}/task/{pid}/children")
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
