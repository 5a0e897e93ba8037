"""What the SDKs send again by themselves: one job comes of it, and of two honest requests two."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import openai
import pytest
from openai import AsyncOpenAI

from domain.create_requests import try_of
from domain.stages import Stage
from services import api_keys

from .conftest import Log, Serve
from .losses import Arrivals, Late, Loss, Proxy
from .served import Project, Service, refused

JOBS = "/fine_tuning/jobs"
GATE = 8
MERGED = "tuneward-merged"


def tried(count: int | str) -> dict[str, str]:
    return {"x-stainless-retry-count": str(count)}


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in Postgres
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def loss() -> Loss:
    return Loss()


@pytest.fixture(scope="module")
async def lossy(serve: Serve, api_database_url: str, loss: Loss) -> AsyncIterator[Service]:
    """Another api on the shared database, around which answers get lost."""
    async with serve(around=loss.around, database_url=api_database_url) as running:
        yield running


@asynccontextmanager
async def sdk_of(project: Project, **options: Any) -> AsyncIterator[AsyncOpenAI]:
    usual = {"base_url": project.service.url, "timeout": 0.5, "max_retries": 4}
    async with AsyncOpenAI(
        api_key=project.api_key, _strict_response_validation=True, **(usual | options)
    ) as client:
        yield client


async def create(sdk: AsyncOpenAI, file: str, **options: Any) -> tuple[str, str | None, int]:
    """Return the job's id, whether it says that it was merged, and the count of the try that was answered."""
    raw = await sdk.fine_tuning.jobs.with_raw_response.create(
        model="qwen3-32b", training_file=file, seed=1, **options
    )
    count = raw.http_request.headers["x-stainless-retry-count"]
    return raw.parse().id, raw.headers.get(MERGED), int(count)


async def count_of_jobs(sql: asyncpg.Connection, project: Project) -> int:
    return int(await sql.fetchval("SELECT count(*) FROM jobs WHERE project_id = $1", project.id))


async def test_two_honest_requests_whose_first_tries_timed_out_get_a_job_each(
    lossy: Service, loss: Loss, sql: asyncpg.Connection
) -> None:
    project = await lossy.project()
    file = await project.training_file()
    loss.losing = True
    async with sdk_of(project, timeout=1.5) as one, sdk_of(project, timeout=1.5) as two:
        (mine, merged, count), (theirs, also, again) = await asyncio.gather(
            create(one, file), create(two, file)
        )
    assert mine != theirs
    assert (merged, also) == ("true", "true")
    assert min(count, again) > 0
    assert await count_of_jobs(sql, project) == 2


async def test_fifty_at_once_that_lose_their_first_answers_make_fifty_jobs(
    lossy: Service, loss: Loss, sql: asyncpg.Connection
) -> None:
    project = await lossy.project()
    file = await project.training_file()
    loss.losing = True
    async with sdk_of(project, timeout=3) as sdk:
        made = await asyncio.gather(*(create(sdk, file) for _ in range(50)))
    assert len({job for job, _, _ in made}) == 50
    assert {merged for _, merged, _ in made} == {"true"}
    assert await count_of_jobs(sql, project) == 50


@pytest.fixture
async def proxied(service: Service, project: Project) -> AsyncIterator[tuple[Proxy, AsyncOpenAI]]:
    """The SDK behind a proxy of the shared service."""
    proxy = Proxy(service.url)
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with sdk_of(project, timeout=10, base_url=f"http://127.0.0.1:{port}/v1") as sdk:
        yield proxy, sdk
    server.close()
    await server.wait_closed()


async def test_a_retry_soon_after_a_good_answer_shows_that_it_was_lost(
    proxied: tuple[Proxy, AsyncOpenAI], project: Project, sql: asyncpg.Connection
) -> None:
    proxy, sdk = proxied
    file = await project.training_file()
    proxy.fault = "answer lost"
    assert (await create(sdk, file))[1:] == ("true", 1)
    assert await count_of_jobs(sql, project) == 1


async def test_an_honest_request_after_one_that_was_answered_well_is_another(
    proxied: tuple[Proxy, AsyncOpenAI], project: Project, service: Service, sql: asyncpg.Connection
) -> None:
    proxy, sdk = proxied
    file = await project.training_file()
    before, merged, count = await create(sdk, file)
    assert (merged, count) == (None, 0)
    await service.resources.answered.flush()
    aged = await sql.execute(
        "UPDATE create_requests SET answered_at = answered_at - interval '2.1 s' WHERE job_id = $1", before
    )
    assert aged == "UPDATE 1"
    proxy.fault = "request lost"
    after, merged, count = await create(sdk, file)
    assert (after != before, merged, count) == (True, None, 1)
    proxy.fault = "none"
    assert len({before, after, (await create(sdk, file))[0]}) == 3  # at once, but a first try is never merged


async def test_the_answer_is_noted_only_if_the_client_was_there_for_it(
    lossy: Service, loss: Loss, sql: asyncpg.Connection
) -> None:
    project = await lossy.project()
    file = await project.training_file()
    answered = "SELECT answered_at IS NOT NULL FROM create_requests WHERE job_id = $1"
    loss.losing = False
    job = (await project.create(headers=tried(0), training_file=file)).json()["id"]
    await until(lambda: sql.fetchval(answered, job))
    loss.losing = True
    loss.lost.clear()
    body = {"model": "qwen3-32b", "training_file": file}
    with pytest.raises(httpx.ReadTimeout):
        await project.post(JOBS, json=body, headers=tried(0), timeout=1.5)
    async with asyncio.timeout(20):
        await loss.lost.wait()
    await lossy.resources.answered.flush()
    lost = await sql.fetchval("SELECT max(id) FROM jobs WHERE project_id = $1", project.id)
    assert lost != job
    assert await sql.fetchval(answered, lost) is False


@pytest.mark.parametrize("count", [None, "", "x", "-1", "1.0", "٣", "99999"], ids=repr)
async def test_who_does_not_count_tries_is_never_merged_and_leaves_no_row(
    project: Project, sql: asyncpg.Connection, count: str | None
) -> None:
    await project.create(headers=tried(0), seed=1)
    headers = {} if count is None else {"x-stainless-retry-count": count.encode()}
    answer = await project.create(headers=headers, seed=1)
    assert MERGED not in answer.headers
    assert not await sql.fetchval(
        "SELECT count(*) FROM create_requests WHERE job_id = $1", answer.json()["id"]
    )
    assert await count_of_jobs(sql, project) == 2


async def test_distinct_keys_switch_merging_off_and_a_key_needs_none(
    project: Project, sql: asyncpg.Connection
) -> None:
    answers = [
        await project.create(headers=tried(count) | {"idempotency-key": key}, seed=1)
        for count, key in ((0, "a"), (1, "a"), (1, "b"))
    ]
    first, again, other = (answer.json()["id"] for answer in answers)
    assert (first == again, first == other) == (True, False)
    assert not any(MERGED in answer.headers for answer in answers)
    assert not await sql.fetchval("SELECT count(*) FROM create_requests WHERE job_id = $1", first)


async def test_another_body_or_another_key_is_another_create(
    service: Service, project: Project, sql: asyncpg.Connection
) -> None:
    first = (await project.create(headers=tried(0), seed=1)).json()["id"]
    assert (await project.create(headers=tried(1), seed=2)).json()["id"] != first
    name = await sql.fetchval("SELECT name FROM projects WHERE id = $1", project.id)
    async with service.resources.database.transaction() as session:
        made = await api_keys.create(session, service.resources.box, project=name)
    second_key = dataclasses.replace(project, api_key=made.api_key)
    assert (await second_key.create(headers=tried(1), seed=1)).json()["id"] != first
    merged = await project.create(headers=tried(1), seed=1)
    assert (merged.json()["id"], merged.headers[MERGED]) == (first, "true")


async def test_a_retry_with_a_key_that_was_revoked_is_refused(service: Service, project: Project) -> None:
    await project.create(headers=tried(0), seed=1)
    async with service.resources.database.transaction() as session:
        await api_keys.revoke(session, key_id=project.key_id)
    refused(await project.create(headers=tried(1), seed=1), 401, "invalid_api_key")


async def test_a_retry_waits_for_the_try_that_is_still_under_way(serve: Serve, database_url: str) -> None:
    sql = await asyncpg.connect(database_url)
    await sql.execute(
        "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_advisory_xact_lock({GATE}); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON jobs"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with serve(database_url=database_url) as own:
        project = await own.project()
        await project.training_file()
        await sql.execute(f"SELECT pg_advisory_lock({GATE})")
        first = asyncio.create_task(project.create(headers=tried(0), seed=1))
        await until(lambda: sql.fetchval(f"SELECT ({waiting}) = 1"))
        retry = asyncio.create_task(project.create(headers=tried(1), seed=1))
        await until(lambda: sql.fetchval(f"SELECT ({waiting}) = 2"))
        await sql.execute(f"SELECT pg_advisory_unlock({GATE})")
        assert (await retry).json() == (await first).json()
        assert ((await retry).headers.get(MERGED), (await first).headers.get(MERGED)) == ("true", None)
        assert await sql.fetchval("SELECT count(*) FROM jobs") == 1
    await sql.close()


async def test_a_try_that_its_own_retry_overtook_makes_no_second_job(
    serve: Serve, api_database_url: str, sql: asyncpg.Connection
) -> None:
    late = Late()
    async with serve(around=late.around, database_url=api_database_url) as own:
        project = await own.project()
        async with sdk_of(project, timeout=0.5) as sdk:
            file = await project.training_file()
            job, merged, count = await create(sdk, file)
        assert (merged, count > 0) == (None, True)
        late.go.set()
        await late.done.wait()
    assert await sql.fetch("SELECT id FROM jobs WHERE project_id = $1", project.id) == [(job,)]


async def test_retries_that_wait_for_each_other_leave_the_connections_to_others(
    serve: Serve, api_database_url: str, sql: asyncpg.Connection
) -> None:
    arrivals = Arrivals()
    async with serve(around=arrivals.around, database_url=api_database_url, database_pool_size=2) as own:
        project = await own.project()
        body = json.dumps({"model": "qwen3-32b", "training_file": await project.training_file()}).encode()
        this = try_of("1", api_key_id=project.key_id, body=body)
        assert this is not None
        headers = {"content-type": "application/json"}
        await sql.execute("SELECT pg_advisory_lock($1)", this.lock)
        (await project.create()).raise_for_status()  # the key is known from now on
        arrivals.count = 0
        retries = [
            asyncio.create_task(project.post(JOBS, content=body, headers=headers | tried(count)))
            for count in (1, 2, 3)
        ]
        await until(lambda: arrivals.reached(3))
        other = await project.post(JOBS, content=body, headers=headers)
        await sql.execute("SELECT pg_advisory_unlock($1)", this.lock)
        assert other.status_code == 200
        assert {(await retry).status_code for retry in retries} == {200}


class BrokenBell:
    """A doorbell that breaks in the one moment in which a job is kept and not yet answered."""

    def ring(self, stage: Stage) -> None:
        raise ZeroDivisionError(stage)


async def test_an_error_that_comes_when_the_job_is_kept_is_not_tried_again(
    service: Service, sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection, log: Log
) -> None:
    log.failures_expected = True
    file = await project.training_file()
    held = service.resources
    service.app.state.resources = dataclasses.replace(held, doorbell=BrokenBell())
    try:
        with pytest.raises(openai.InternalServerError) as raised:
            await create(sdk.with_options(max_retries=2), file)
    finally:
        service.app.state.resources = held
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert raised.value.response.request.headers["x-stainless-retry-count"] == "0"
    assert await count_of_jobs(sql, project) == 1
