"""Accepted means kept: the commit comes before the first byte of the answer, the ring after the commit."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
import redis.asyncio

from domain.create_requests import try_of
from doorbell.connection import QUEUE

from .conftest import Log, Serve
from .served import Project, Service, examples, refused

JOBS = "/fine_tuning/jobs"
GATE = 7


class Witness:
    """Stands around the app and looks into the database at the moment an answer begins."""

    def __init__(self) -> None:
        self.look: Callable[[], Awaitable[Any]] | None = None
        self.seen: list[Any] = []

    def around(self, app: Any) -> "Witness":
        self._app = app
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Any) -> None:
            if message["type"] == "http.response.start" and self.look is not None:
                self.seen.append(await self.look())
            await send(message)

        await self._app(scope, receive, watched)


@pytest.fixture
async def own_sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def witness() -> Witness:
    return Witness()


@pytest.fixture
async def own(serve: Serve, database_url: str, redis_url: str, witness: Witness) -> AsyncIterator[Service]:
    """An api with a database of its own, and an empty Redis."""
    async with serve(around=witness.around, database_url=database_url, redis_url=redis_url) as running:
        yield running


async def test_what_was_accepted_can_be_seen_by_others_when_the_answer_begins(
    own: Service, own_sql: asyncpg.Connection, witness: Witness
) -> None:
    project = await own.project()
    witness.look = lambda: own_sql.fetchval("SELECT count(*) FROM files WHERE deleted_at IS NULL")
    file = await project.file()
    witness.look = lambda: own_sql.fetchval("SELECT count(*) FROM jobs")
    job = await project.job(training_file=file)
    witness.look = lambda: own_sql.fetchval("SELECT state FROM jobs")
    await project.post(f"{JOBS}/{job}/cancel")
    witness.look = lambda: own_sql.fetchval("SELECT count(*) FROM files WHERE deleted_at IS NULL")
    await project.request("DELETE", f"/files/{file}")
    assert witness.seen == [1, 1, "cancelled", 0]


async def at_commit(sql: asyncpg.Connection, statement: str, *, table: str = "jobs") -> None:
    """Have Postgres do something for each new row when its transaction commits."""
    await sql.execute(
        f"CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statement}; RETURN NULL; END $$;"
        f"CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON {table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
    )


async def rings(own: Service, least: int) -> int:
    """How often it was rung, once it was so often at least and nothing is on its way."""
    doorbell = own.resources.doorbell

    async def all_left() -> bool:
        return doorbell.sent >= least and not doorbell._pending

    await until(all_left)
    return doorbell.sent


FAILURES = [
    ("RAISE EXCEPTION 'not today'", 500, "internal_error"),
    ("RAISE EXCEPTION 'again' USING ERRCODE = '40001'", 503, "service_unavailable"),
    ("PERFORM pg_terminate_backend(pg_backend_pid())", 503, "service_unavailable"),
]


@pytest.mark.parametrize(("statement", "status", "code"), FAILURES, ids=lambda part: str(part)[:20])
async def test_a_commit_that_fails_is_never_a_200(
    own: Service, own_sql: asyncpg.Connection, log: Log, statement: str, status: int, code: str
) -> None:
    log.failures_expected = True
    project = await own.project()
    await project.training_file()
    rung = await rings(own, 1)  # for the look at the file
    await at_commit(own_sql, statement)
    refused(await project.create(headers={"idempotency-key": "k"}), status, code)
    assert await own_sql.fetchval("SELECT count(*) FROM jobs") == 0
    assert await own_sql.fetchval("SELECT count(*) FROM idempotency_keys") == 0
    assert (own.resources.doorbell.sent, own.resources.doorbell._pending) == (rung, set())
    await own_sql.execute("DROP TRIGGER at_commit ON jobs")
    assert (await project.create(headers={"idempotency-key": "k"})).status_code == 200


async def test_nobody_is_told_of_an_answer_whose_commit_failed(
    own: Service, own_sql: asyncpg.Connection, log: Log
) -> None:
    log.failures_expected = True
    project = await own.project()
    file = await project.training_file()
    await at_commit(own_sql, "RAISE EXCEPTION 'not today'")
    body = json.dumps({"model": "qwen3-32b", "training_file": file}).encode()
    this = try_of("0", api_key_id=project.key_id, body=body)
    assert this is not None
    headers = {"x-stainless-retry-count": "0", "content-type": "application/json"}
    refused(await project.post(JOBS, content=body, headers=headers), 500, "internal_error")
    assert own.resources.answered.unwritten(this) == []
    await own_sql.execute("DROP TRIGGER at_commit ON jobs")
    (await project.post(JOBS, content=body, headers=headers)).raise_for_status()
    assert await own_sql.fetchval("SELECT fingerprint FROM create_requests") == this.fingerprint


async def test_an_upload_whose_commit_fails_is_never_a_200(
    own: Service, own_sql: asyncpg.Connection, log: Log
) -> None:
    log.failures_expected = True
    project = await own.project()
    await at_commit(own_sql, "RAISE EXCEPTION 'not today'", table="files")
    refused(await project.upload(examples()), 500, "internal_error")
    assert (await project.get("/files")).json()["data"] == []


async def test_the_ring_leaves_after_the_commit(
    own: Service, own_sql: asyncpg.Connection, redis_url: str
) -> None:
    project = await own.project()
    await project.training_file()
    rung = await rings(own, 1)  # for the look at the file
    await at_commit(own_sql, f"PERFORM pg_advisory_xact_lock({GATE})")
    await own_sql.execute(f"SELECT pg_advisory_lock({GATE})")
    creating = asyncio.create_task(project.create())
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = $1"
    await until(lambda: own_sql.fetchval(waiting, GATE))
    doorbell = own.resources.doorbell
    assert (creating.done(), doorbell.sent, doorbell._pending) == (False, rung, set())
    await own_sql.execute(f"SELECT pg_advisory_unlock({GATE})")
    assert (await creating).status_code == 200
    async with redis.asyncio.Redis.from_url(redis_url) as listener:
        await rings(own, rung + 1)
        assert set(await listener.zrange(QUEUE, 0, -1)) == {b"ring:examine", b"ring:advance"}
        await listener.connection_pool.disconnect()


async def test_a_look_rings_for_nobody(own: Service, redis_url: str) -> None:
    project: Project = await own.project()
    assert (await project.get(JOBS)).status_code == 200
    await project.create(model="no-such", training_file="file-x")
    await project.file(b"x", purpose="user_data")  # nobody looks at what is not trained on
    assert (own.resources.doorbell.sent, own.resources.doorbell._pending) == (0, set())


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    end = time.monotonic() + 10
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
