"""The servers that all tests share: one throw-away Postgres and one Valkey per run, a database per test.

With pytest-xdist the controller owns them and its workers get their addresses; else they start when the
first test asks for one. They end with the run, however it ends.
"""

import asyncio
import gc
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from embedded.errors import EmbeddedError
from embedded.postgres import Postgres
from embedded.valkey import DATABASES, Valkey

TEMPLATE = "tuneward_template"
TEMPLATE_LOCK = 7_483_266_002


class Servers:
    """Started at most once, stopped and forgotten at the end of the run."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._running: list[Postgres | Valkey] = []

    def urls(self) -> dict[str, str]:
        if not self._running:
            self._folder = Path(tempfile.mkdtemp(prefix="tuneward-tests-"))
            self._running = [
                Postgres(self._folder / "postgres", durable=False),
                Valkey(self._folder / "valkey", durable=False),
            ]
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda server: server.start(), self._running))
        postgres, valkey = self._running
        return {"postgres": postgres.url, "redis": valkey.url}

    def stop(self) -> None:
        for server in self._running:
            server.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


SERVERS = pytest.StashKey[Servers]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = Servers()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the addresses to an xdist worker that is about to start."""
    try:
        node.workerinput["servers"] = node.config.stash[SERVERS].urls()
    except EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives to the end anyway: to look at it again and again is slow."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].stop()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests recorded as their `summary`: figures that a tick does not show."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, text in report.user_properties:
            if name == "summary" and report.when == "call":
                terminalreporter.write_line(str(text))


@pytest.fixture(scope="session")
def server_urls(pytestconfig: pytest.Config) -> dict[str, str]:
    given = getattr(pytestconfig, "workerinput", None)
    return given["servers"] if given else pytestconfig.stash[SERVERS].urls()


@pytest.fixture(scope="session")
def postgres_url(server_urls: dict[str, str]) -> str:
    """The run's Postgres, as superuser, database `postgres`."""
    return server_urls["postgres"]


@pytest.fixture
def redis_url(server_urls: dict[str, str], worker_number: int) -> str:
    """A database of this xdist worker's own on the run's Valkey, empty at the start of each test."""
    url = f"{server_urls['redis'].removesuffix('/0')}/{worker_number % DATABASES}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker_number(pytestconfig: pytest.Config) -> int:
    """0 without xdist, from 1 on with it."""
    given = getattr(pytestconfig, "workerinput", None)
    return int(given["workerid"].removeprefix("gw")) + 1 if given else 0


@pytest.fixture(scope="session")
async def admin_connection(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def template_database(admin_connection: asyncpg.Connection, postgres_url: str) -> str:
    """The name of a database at the newest schema, made once per run by whichever worker is first."""
    await admin_connection.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
    try:
        if not await admin_connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            await _make_template(admin_connection, postgres_url)
    finally:
        await admin_connection.execute("SELECT pg_advisory_unlock($1)", TEMPLATE_LOCK)
    return TEMPLATE


async def _make_template(connection: asyncpg.Connection, postgres_url: str) -> None:
    from migrations.upgrade import upgrade_to_head  # noqa: PLC0415 - most runs of few tests need no schema

    half_made = f"{TEMPLATE}_{uuid.uuid4().hex}"
    await connection.execute(f"CREATE DATABASE {half_made}")
    await asyncio.to_thread(upgrade_to_head, of_database(postgres_url, half_made))
    await connection.execute(f"ALTER DATABASE {half_made} RENAME TO {TEMPLATE}")


@pytest.fixture
async def database_url(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[str]:
    """A database of this test's own at the newest schema; dropped afterwards, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    # FILE_COPY takes a third of WAL_LOG's time here.
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield of_database(postgres_url, name)
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def of_database(postgres_url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return f"{postgres_url.rpartition('/')[0]}/{name}"
