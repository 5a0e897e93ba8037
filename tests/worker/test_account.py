"""A platform in trouble, on real sockets: the breaker, a refused key, the budget, and answers that drip."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from db.session import Database
from domain.job_state import JobState
from domain.outcomes import Answered, Retryable
from domain.parking import GOES_ON, Reason
from services import parking
from services.credentials import DEFAULT
from worker.budget import Budget
from worker.context import Context
from worker.health import serve_health

DUE = "UPDATE jobs SET next_step_at = now() WHERE finished_at IS NULL AND next_step_at > now()"
PROBE_DUE = "UPDATE platform_credentials SET probe_at = now() WHERE probe_at IS NOT NULL"


async def reason(rig: Any) -> Reason | None:
    async with rig.database.transaction() as session:
        accounts = await parking.parked_accounts(session)
    return accounts[0].reason if accounts else None


def parked(rig: Any, why: Reason | None) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return await reason(rig) is why

    return so


def asked(rig: Any, route: str, count: int) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return bool(rig.requests(route) >= count)

    return so


async def probe(rig: Any, context: Context) -> None:
    """Let the next probe be due now."""
    await rig.sql(PROBE_DUE)
    context.account.trouble.set()


async def test_a_platform_that_is_down_is_probed_alone_and_everything_goes_on_after(
    rig: Any, until: Any
) -> None:
    rig.platform(job_seconds=3600)
    jobs = [await rig.create() for _ in range(6)]
    async with rig.worker(poll_interval="1h") as (context, _):
        for job in jobs:
            await rig.reaches(job, JobState.TRACKING)
        rig.order("server_error:0;route=any")
        await rig.sql(DUE)
        await until(parked(rig, Reason.UNAVAILABLE), "the breaker to open")
        await idle(rig, until)
        before = rig.requests("retrieve")
        await rig.sql(DUE)
        for probes in (1, 2):
            await probe(rig, context)
            await until(asked(rig, "list", probes), "a probe")
        assert (rig.requests("retrieve"), await reason(rig)) == (before, Reason.UNAVAILABLE)
        failures = "SELECT id, failures FROM jobs ORDER BY id"
        counted = await rig.sql(failures)
        rig.stand_in.script.clear()
        await probe(rig, context)
        await until(asked(rig, "retrieve", before + 6), "each job to be asked after")
    assert (await reason(rig), max(count for _, count in counted)) == (None, 1)


async def idle(rig: Any, until: Any) -> None:
    """Wait until no job is being worked on."""

    async def so() -> bool:
        return not await rig.value("SELECT count(*) FROM jobs WHERE claim_token IS NOT NULL")

    await until(so, "no job under way")


async def test_a_refused_key_parks_every_job_and_another_key_lets_them_go_on(rig: Any, until: Any) -> None:
    rig.stand_in.options = replace(rig.stand_in.options, api_key="the new key")
    jobs = [await rig.create() for _ in range(2)]
    async with rig.worker() as (context, _), seen(context) as readiness:
        await until(parked(rig, Reason.UNAUTHORIZED), "the account to be parked")
        await until(refused_altogether(rig), "a probe to be refused")
        for job in jobs:
            await until(told(rig, job, "refused our key"), "the job to be told")
        await idle(rig, until)
        ready = await readiness()
        tried = rig.requests("upload")
        for probes in (2, 3):
            await probe(rig, context)
            await until(asked(rig, "list", probes), "a probe")
    assert (ready.status_code, "platform: refuses our key since" in ready.text) == (200, True)
    assert (rig.requests("upload"), rig.requests("create")) == (tried, 0)
    async with rig.worker(xpulink_api_key="the new key"):
        for job in jobs:
            assert (await rig.ends(job)).state is JobState.SUCCEEDED
    for job in jobs:
        lines = await rig.lines(job)
        assert len([line for line in lines if "refused our key" in line]) == 1
        assert lines.count(GOES_ON) == 1
    stored = await rig.value("SELECT key_fingerprint FROM platform_credentials")
    assert len(stored) == 16
    assert b"key" not in stored


@asynccontextmanager
async def seen(context: Context) -> AsyncIterator[Callable[[], Awaitable[httpx.Response]]]:
    """Serve the worker's own health check, and yield what asks it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with (
        serve_health("127.0.0.1", port, context.database, context.account, context.stopping),
        httpx.AsyncClient() as http,
    ):
        yield lambda: http.get(f"http://127.0.0.1:{port}/readyz")


def refused_altogether(rig: Any) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return bool(await rig.value("SELECT refused_at IS NOT NULL FROM platform_credentials"))

    return so


def told(rig: Any, job: Any, words: str) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return any(words in line for line in await rig.lines(job))

    return so


async def test_a_job_that_is_refused_alone_waits_alone(rig: Any, until: Any) -> None:
    rig.platform("payment_required;route=create")
    job = await rig.create()
    async with rig.worker():
        await until(told(rig, job, "refused our key"), "the refusal")
        await until(parked(rig, None), "the account to be free again")
        other = await rig.create()
        assert (await rig.ends(other)).state is JobState.SUCCEEDED
        assert (await rig.get(job)).state is JobState.SUBMITTING
        await rig.sql(DUE)
        assert (await rig.ends(job)).state is JobState.SUCCEEDED


@pytest.mark.parametrize("fault", ["server_error:0;route=list", "unauthorized:0;route=list"])
async def test_a_list_that_alone_is_broken_or_refused_does_not_fail_the_probe(rig: Any, fault: str) -> None:
    rig.platform(fault)
    assert isinstance(await rig.shared_context.account.probe(), Answered)


@pytest.mark.parametrize("fault", ["server_error:0;route=any", "unauthorized:0;route=any"])
async def test_a_platform_that_refuses_files_too_fails_the_probe(rig: Any, fault: str) -> None:
    rig.platform(fault)
    assert isinstance(await rig.shared_context.account.probe(), Retryable)


async def test_a_refused_probe_of_a_restarted_worker_with_the_same_key_is_not_hurried(
    rig: Any, until: Any
) -> None:
    rig.platform("unauthorized:0")
    await rig.create()
    for _ in range(2):
        async with rig.worker():
            await until(refused_altogether(rig), "the account to be parked")
    assert rig.requests("list") == 1


async def test_polls_that_drip_keep_neither_a_cancel_nor_a_webhook_waiting(rig: Any, until: Any) -> None:
    """All the room there is for polls is taken by answers that do not end."""
    rig.platform(job_seconds=3600)
    victim = await rig.create()
    async with rig.worker(poll_interval="1h"):
        await rig.reaches(victim, JobState.TRACKING)
    await rig.sql(COPIES, id=victim.id)
    rig.order("drip:0;route=retrieve;seconds=5")
    async with rig.worker(poll_interval="1h", shutdown_grace="50ms"):
        await rig.sql("UPDATE jobs SET next_step_at = now() WHERE id <> :id", id=victim.id)
        await until(asked(rig, "retrieve", 32), "all room to be taken")
        await rig.cancel(victim)
        await until(asked(rig, "cancel", 1), "the cancel")
        await rig.cancel(await rig.create())
        await rig.told()
        assert rig.requests("retrieve") == 32  # not one of them has come back yet


COPIES = """
    INSERT INTO jobs (id, project_id, credential_id, model, platform_model, training_file_id, seed,
                      hyperparameters, state, platform_training_file, platform_job_id, next_step_at)
    SELECT id || n, project_id, credential_id, model, platform_model, training_file_id, seed,
           hyperparameters, state, platform_training_file, platform_job_id || n, now() + interval '1 h'
      FROM jobs, generate_series(1, 33) AS n WHERE id = :id"""


async def test_workers_together_send_no_more_than_the_rate(rig: Any) -> None:
    budgets = [Budget(rig.database, name=DEFAULT, rate=20) for _ in range(3)]
    sent = 0

    async def work(budget: Budget) -> None:
        nonlocal sent
        while True:
            await budget.take()
            sent += 1

    began = time.monotonic()
    working = [asyncio.create_task(work(each)) for each in budgets for _ in range(5)]
    await asyncio.wait(working, timeout=1.5)
    elapsed = time.monotonic() - began
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    # A bucket that is full at first, and what flows in; a fifth stays for creates and cancels.
    assert 16 <= sent <= 20 + 20 * elapsed
    assert await rig.value("SELECT tokens FROM platform_credentials") >= 3
    started = time.monotonic()
    for _ in range(3):
        await budgets[0].take(urgent=True)
    assert time.monotonic() - started < 1


async def test_a_worker_that_is_idle_or_within_its_second_asks_postgres_for_nothing(rig: Any) -> None:
    budget = Budget(rig.database, name=DEFAULT, rate=100)
    await budget.take()
    at = await rig.value("SELECT tokens_at FROM platform_credentials")
    for _ in range(5):
        await budget.take()
    assert await rig.value("SELECT tokens_at FROM platform_credentials") == at


async def test_without_postgres_a_worker_sends_a_little_on_its_own(unused_url: str) -> None:
    away = Database(unused_url)
    budget = Budget(away, name=DEFAULT, rate=20)
    async with asyncio.timeout(10):
        for _ in range(2):
            await budget.take()
        await budget.take(urgent=True)
    await away.close()


@pytest.fixture
def unused_url() -> str:
    """A database that is not there: port 9 of this machine is nobody's."""
    return "postgresql://nobody@127.0.0.1:9/none"


async def test_what_the_platform_answers_is_kept_though_postgres_is_away(rig: Any, unused_url: str) -> None:
    async with rig.context(database_url=unused_url) as context:
        context.account._budget.troubled = True  # an answer would be noted
        outcome = await context.platform.jobs(after=None, limit=1)
        rig.order("server_error;route=any")
        failed = await context.platform.job("ftjob-1")
    assert isinstance(outcome, Answered)
    assert failed == Retryable("the platform answered 500")
