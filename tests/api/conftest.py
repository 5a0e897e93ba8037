"""The real app on a real socket: one per xdist worker, and for each test a project of its own on it.

Tenants never meet, so a fresh project is as good as a fresh database, and ten times cheaper. What needs
settings, or a database, of its own is started with `serve`.
"""

import asyncio
import io
import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from openai import AsyncOpenAI

from api.main import create_app, server_config
from api.resources import Resources
from api.serving.server import GRACE
from config.logging import configure_logging
from config.settings import Settings
from simulator.options import Options
from simulator.server import serving

from .hooks import Receiver
from .served import Project, Service, running

PLATFORM_KEY = "the-platform's-own-key"
SECRET_KEY = Fernet.generate_key().decode()
MODELS = "qwen3-32b,qwen3-72b,gpt-4o-mini=qwen3-32b"


class Log:
    """What the service wrote, as it wrote it: JSON lines."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        self.failures_expected = False

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    async def line(self, **having: Any) -> dict[str, Any]:
        """The first line with these values; waits for it, since it is written after the answer left."""
        for _ in range(500):
            for line in self.lines:
                if having.items() <= line.items():
                    return line
            await asyncio.sleep(0.01)
        raise AssertionError(f"no line with {having} in\n{self.text}")


@pytest.fixture(autouse=True)
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """Whatever a test does: no unexpected error, and nobody's key in a log line."""
    if "service" in request.fixturenames:
        request.getfixturevalue("service")
    before = logging.getLogger().handlers[:]
    configure_logging("INFO", process="api")
    stream = io.StringIO()
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    written = Log(stream)
    yield written
    logging.getLogger().handlers = before
    assert "Bearer" not in stream.getvalue()
    assert "tw_" not in stream.getvalue()
    assert PLATFORM_KEY not in stream.getvalue()
    if not written.failures_expected:
        assert "unexpected error" not in stream.getvalue(), stream.getvalue()


@pytest.fixture(scope="session")
async def platform_url() -> AsyncIterator[str]:
    """The stand-in platform."""
    async with serving(Options(api_key=PLATFORM_KEY)) as url:
        yield url


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """One client for all tests: making one costs more than most of them."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        yield client


Serve = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture(scope="session")
def serve(
    platform_url: str,
    http: httpx.AsyncClient,
    tmp_path_factory: pytest.TempPathFactory,
    redis_url_of_api: str,
) -> Serve:
    """Start an api with settings of one's own; `around` wraps the app before it is served."""

    @asynccontextmanager
    async def start(
        *,
        around: Callable[[Any], Any] = lambda app: app,
        grace: timedelta = GRACE,
        **settings: Any,
    ) -> AsyncIterator[Service]:
        storage = tmp_path_factory.mktemp("storage")
        usual = {
            "redis_url": redis_url_of_api,
            "storage_url": storage.as_uri(),
            "xpulink_base_url": platform_url,
            "xpulink_api_key": PLATFORM_KEY,
            "models": MODELS,
            "secret_keys": SECRET_KEY,
            "webhook_allowed_networks": "127.0.0.0/8",
        }
        handlers = logging.getLogger().handlers[:]
        chosen = Settings(_env_file=None, **(usual | settings))
        app = create_app(chosen)
        logging.getLogger().handlers = handlers
        async with running(server_config(around(app), chosen, port=0), grace=grace) as server:
            yield Service(app, server.url, http, storage, server.stop)
        await _close_pool(app.state.resources)

    return start


async def _close_pool(resources: Resources) -> None:
    # `Doorbell.close` leaves its pool's connections to the process's end, which a test outlives.
    if resources.doorbell._redis is not None:
        await resources.doorbell._redis.connection_pool.disconnect()


@pytest.fixture(scope="session")
def redis_url_of_api(server_urls: dict[str, str], worker_number: int) -> str:
    """The same database that `redis_url` empties: one test at a time uses it."""
    return f"{server_urls['redis'].removesuffix('/0')}/{worker_number}"


@pytest.fixture(scope="session")
async def api_database_url(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[str]:
    name = f"api_{uuid.uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield f"{postgres_url.rpartition('/')[0]}/{name}"
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def service(serve: Serve, api_database_url: str) -> AsyncIterator[Service]:
    async with serve(database_url=api_database_url) as running:
        yield running


@pytest.fixture(scope="session")
async def sql(api_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another connection to the shared api's database."""
    connection = await asyncpg.connect(api_database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def project(service: Service) -> Project:
    return await service.project()


@pytest.fixture
async def other(service: Service) -> Project:
    """A second project on the same service."""
    return await service.project()


@pytest.fixture(scope="session")
async def openai_client(service: Service) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(
        api_key="none", base_url=service.url, max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


@pytest.fixture
def sdk(openai_client: AsyncOpenAI, project: Project) -> AsyncOpenAI:
    """The real SDK, strict about every type, in the project's name."""
    return openai_client.with_options(api_key=project.api_key)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/hook", one.take)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    if one.held is not None:
        one.held.set()  # a test that failed must not keep the api waiting
    await runner.cleanup()
