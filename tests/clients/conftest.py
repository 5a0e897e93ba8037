"""A whole service for other people's clients: api, worker and platform on real sockets, in one event loop."""

import asyncio
import json
import logging
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI

from api.main import create_app
from config.settings import Settings
from services import api_keys
from simulator.app import create_app as create_platform
from simulator.options import Options
from simulator.server import serving_app
from tests.api.served import examples
from worker.context import Context
from worker.main import opened
from worker.motion import Motion

from .customer import Customer, serving_customer
from .environments import failing_on_a_skip, program, variables

HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds that a whole conversation may take."""
QUICK = {
    "drain_interval": "200ms",
    "poll_interval": "200ms",
    "claim_lease": "5s",
    "settle_time": "200ms",
    "sweep_interval": "1h",
    "shutdown_grace": "5s",
    "webhook_allowed_networks": "127.0.0.0/8",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return failing_on_a_skip(report, os.environ)


@pytest.fixture(autouse=True)
def unbroken(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client sends: nothing in the service breaks."""
    yield
    broken = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not broken


@pytest.fixture(scope="session")
async def own_database_url(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[str]:
    name = f"clients_{uuid.uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield f"{postgres_url.rpartition('/')[0]}/{name}"
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def platform() -> AsyncIterator[tuple[FastAPI, str]]:
    """The stand-in platform, whose jobs take a third of a second."""
    app = create_platform(Options(job_seconds=0.3))
    async with serving_app(app, Options()) as url:
        yield app, url


@pytest.fixture(scope="session")
def settings(
    platform: tuple[FastAPI, str], own_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """One set for api and worker. Without Redis: the worker's timers are quick enough."""
    return Settings(
        _env_file=None,
        database_url=own_database_url,
        storage_url=tmp_path_factory.mktemp("storage").as_uri(),
        xpulink_base_url=platform[1],
        xpulink_api_key=Options().api_key,
        secret_keys=Fernet.generate_key().decode(),
        models="qwen3-32b,gpt-4o-mini=qwen3-32b",
        **QUICK,
    )


@pytest.fixture(scope="session")
async def api(settings: Settings) -> AsyncIterator[tuple[FastAPI, str]]:
    """The api, and its base URL, which ends in /v1."""
    handlers = logging.getLogger().handlers[:]
    app = create_app(settings)
    logging.getLogger().handlers = handlers
    async with serving_app(app, Options()) as url:
        yield app, url


@pytest.fixture(scope="session")
async def worker(settings: Settings) -> AsyncIterator[Context]:
    async with opened(settings) as context:
        yield context


@pytest.fixture
async def customer(worker: Context) -> AsyncIterator[Customer]:
    """A customer's own server; the worker moves from the moment at which it says so."""
    async with serving_customer() as one:
        motion = Motion(worker)
        starting = asyncio.create_task(_start_when_told(one, motion))
        yield one
        starting.cancel()
        if one.begin.is_set():
            await motion.stop()


async def _start_when_told(customer: Customer, motion: Motion) -> None:
    await customer.begin.wait()
    motion.start()


@pytest.fixture
async def order(api: tuple[FastAPI, str], customer: Customer) -> dict[str, Any]:
    """What a conversation has to know; it has two projects of its own, and most use the first alone."""
    first, second = await _new_project(api[0]), await _new_project(api[0])
    return {
        "base_url": api[1],
        **first,
        "second": second,
        "customer": customer.url,
        "training": examples(24).decode(),
    }


async def _new_project(app: FastAPI) -> dict[str, str | None]:
    held = app.state.resources
    async with held.database.transaction() as session:
        made = await api_keys.create(session, held.box, project=f"p-{uuid.uuid4().hex}")
    return {"api_key": made.api_key, "webhook_secret": made.webhook_secret}


Converse = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def converse(order: dict[str, Any], tmp_path: Path) -> Converse:
    """Run a conversation of a client as a process of its own, and return what it saw."""

    async def run(client: str, script: str, **more: Any) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            program(client),
            HERE / script,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=variables(tmp_path),
            cwd=tmp_path,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                said, complained = await process.communicate(json.dumps(order | more).encode())
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, complained.decode()
        return dict(json.loads(said.splitlines()[-1]))

    return run
