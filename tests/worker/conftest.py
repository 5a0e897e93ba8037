"""Real servers around a real worker: Postgres, the stand-in platform, a receiver of webhooks."""

import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from fastapi import FastAPI
from sqlalchemy import text

from config.settings import Settings
from db.session import Database
from domain.job_state import TERMINAL
from domain.jobs import Job, NewJob
from services import api_keys, credentials, files, jobs
from services.api_keys import Caller
from services.files import StoredFile
from services.secret_box import SecretBox
from simulator.app import create_app
from simulator.options import Options
from simulator.script import parsed
from simulator.server import serving_app
from simulator.stand_in import Clock, StandIn
from storage.blobs import open_store
from tests.training_files import checked, structure_of
from worker.context import Context
from worker.main import opened
from worker.motion import Motion

from .customer import Receiver, until

PLATFORM_KEY = "xpulink-simulator-key"
QUICK = {
    "drain_interval": "300ms",
    "poll_interval": "100ms",
    "claim_lease": "5s",
    "settle_time": "200ms",
    "probe_interval": "500ms",
    "sweep_interval": "1h",
    "shutdown_grace": "5s",
    "webhook_schedule": "0s,50ms,50ms",
    "webhook_allowed_networks": "127.0.0.0/8",
}
EXAMPLES = b"".join(
    orjson.dumps(
        {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}."}]},
        option=orjson.OPT_APPEND_NEWLINE,
    )
    for n in range(40)
)


@dataclass
class Rig:
    """A project, its platform and its receiver; `worker()` starts a worker for them."""

    database: Database
    database_url: str
    platform_url: str
    app: FastAPI
    receiver: Receiver
    folder: Path
    shared_context: Context
    secret_key: str = field(default_factory=lambda: Fernet.generate_key().decode())
    project_id: str = ""
    caller: Caller = field(default_factory=lambda: Caller("", ""))
    credential_id: str = ""
    api_key: str = ""
    webhook_secret: str = ""
    file_id: str = ""

    def settings(self, **changes: Any) -> Settings:
        return Settings(
            _env_file=None,
            **{
                **QUICK,
                "database_url": self.database_url,
                "storage_url": f"file://{self.folder}/blobs",
                "xpulink_base_url": self.platform_url,
                "xpulink_api_key": PLATFORM_KEY,
                "secret_keys": self.secret_key,
                **changes,
            },
        )

    def platform(self, *faults: str, job_seconds: float = 0.3, clock: Clock = time.time) -> StandIn:
        """Replace the platform by a fresh one, with faults to come."""
        if (before := getattr(self.app.state, "stand_in", None)) is not None:
            before.close()
        fresh = StandIn(Options(job_seconds=job_seconds, faults=faults), clock)
        self.app.state.stand_in = fresh
        return fresh

    @property
    def stand_in(self) -> StandIn:
        found: StandIn = self.app.state.stand_in
        return found

    def order(self, fault: str) -> None:
        """Add a fault to those that are to come."""
        self.stand_in.script.add(parsed(fault))

    def requests(self, route: str) -> int:
        return self.stand_in.ledger.counts[route]

    @asynccontextmanager
    async def context(self, **changes: Any) -> AsyncIterator[Context]:
        async with opened(self.settings(**changes)) as context:
            yield context

    def sweeping(self, **pace: Any) -> Context:
        """Return ways out for a sweep of this project, at a pace of its own."""
        shared = self.shared_context
        blobs = open_store(self.settings().storage_url)
        return replace(shared, blobs=blobs, pace=replace(shared.pace, **pace))

    @asynccontextmanager
    async def worker(self, **changes: Any) -> AsyncIterator[tuple[Context, Motion]]:
        """Run a worker while the block runs, and stop it as SIGTERM would."""
        async with self.context(**changes) as context, self.moving(context) as motion:
            yield context, motion

    @asynccontextmanager
    async def moving(self, context: Context) -> AsyncIterator[Motion]:
        motion = Motion(context)
        motion.start()
        try:
            yield motion
        finally:
            await motion.stop()

    async def sql(self, statement: str, **values: object) -> Sequence[Any]:
        async with self.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    async def value(self, statement: str, **values: object) -> Any:
        return (await self.sql(statement, **values))[0][0]

    async def file(
        self, content: bytes = EXAMPLES, *, examine: bool = False, max_invalid_ratio: float = 0.0
    ) -> str:
        """Upload a training file, as the api would."""
        id_ = files.new_file_id()
        async with open_store(self.settings().storage_url).writer(files.blob_key(id_)) as writer:
            await writer.write(content)
        structure = checked(content) if examine else structure_of(examples=40)
        stored = StoredFile(
            id=id_, filename="train.jsonl", purpose="fine-tune", size=len(content), sha256=b"",
            blob_key=files.blob_key(id_), structure=structure, max_invalid_ratio=max_invalid_ratio, life=None,
        )  # fmt: skip
        async with self.database.transaction() as session:
            await files.keep(session, project_id=self.project_id, stored=stored)
        if not examine:  # a second of processor time each
            await self.sql("UPDATE file_reports SET finished_at = now(), failure = 'not asked for'")
        return id_

    async def create(self, **changes: Any) -> Job:
        known = {
            "model": "qwen3-32b",
            "platform_model": "qwen3-32b",
            "seed": 1,
            "hyperparameters": {"n_epochs": 2},
        }
        new = NewJob(
            **{**known, "training_file_id": self.file_id, "webhook_url": self.receiver.url, **changes}
        )
        async with self.database.transaction() as session:
            return await jobs.create(session, caller=self.caller, credential_id=self.credential_id, new=new)

    async def cancel(self, job: Job) -> Job:
        async with self.database.transaction() as session:
            return await jobs.cancel(session, project_id=self.project_id, job_id=job.id)

    async def get(self, job: Job) -> Job:
        async with self.database.transaction() as session:
            return await jobs.get(session, project_id=self.project_id, job_id=job.id)

    async def lines(self, job: Job) -> list[str]:
        """Return the job's history, oldest first."""
        async with self.database.transaction() as session:
            found = await jobs.events(
                session, project_id=self.project_id, job_id=job.id, before=None, limit=1000
            )
        return [event.message for event in reversed(found)]

    async def reaches(self, job: Job, *states: str) -> Job:
        """Wait until the job is in one of these states."""

        async def there() -> Job | None:
            now = await self.get(job)
            return now if now.state in states else None

        found: Job = await until(there, f"{job.id} in {states}")
        return found

    async def ends(self, job: Job) -> Job:
        return await self.reaches(job, *TERMINAL)

    async def told(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the receiver has got so many webhooks, and return their bodies."""

        async def enough() -> bool:
            return len(self.receiver.got) >= count

        await until(enough, f"{count} webhooks")
        return self.receiver.bodies

    async def is_told(self) -> None:
        """Wait until no delivery is pending."""

        async def none_pending() -> bool:
            return not await self.value("SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'")

        await until(none_pending, "no delivery pending")


@pytest.fixture(autouse=True)
def unbroken(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does to a worker: nothing in it breaks."""
    yield
    broken = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not broken


@pytest.fixture(scope="session")
async def own_database(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[tuple[str, Database]]:
    """A database that these tests share, and a pool of the tests' own."""
    name = f"worker_{uuid.uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    url = f"{postgres_url.rpartition('/')[0]}/{name}"
    pool = Database(url, pool_size=5)
    yield url, pool
    await pool.close()
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def platform_server() -> AsyncIterator[tuple[FastAPI, str]]:
    app = create_app()
    async with serving_app(app, Options()) as url:
        yield app, url


@pytest.fixture(scope="session")
async def shared_context(
    own_database: tuple[str, Database], platform_server: tuple[FastAPI, str]
) -> AsyncIterator[Context]:
    """Ways out to the database and the platform that tests share: to open them for each sweep costs more."""
    known = {**QUICK, "database_url": own_database[0], "xpulink_base_url": platform_server[1]}
    keys = {"xpulink_api_key": PLATFORM_KEY, "secret_keys": Fernet.generate_key().decode()}
    async with opened(Settings(_env_file=None, **known, **keys)) as context:
        yield context


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
    await runner.cleanup()


@pytest.fixture
async def rig(
    own_database: tuple[str, Database],
    platform_server: tuple[FastAPI, str],
    receiver: Receiver,
    shared_context: Context,
    tmp_path: Path,
) -> AsyncIterator[Rig]:
    (url, pool), (app, platform_url) = own_database, platform_server
    made = Rig(pool, url, platform_url, app, receiver, tmp_path, shared_context)
    for table in ("projects", "platform_credentials", "leases"):
        await made.sql(f"DELETE FROM {table}")  # noqa: S608 - constants above
    async with pool.transaction() as session:
        key = await api_keys.create(session, SecretBox([made.secret_key]), project="one")
        made.credential_id = await credentials.ensure_default(session)
    made.api_key, made.webhook_secret = key.api_key, key.webhook_secret or ""
    made.project_id = await made.value("SELECT id FROM projects")
    made.caller = Caller(made.project_id, key.id)
    made.file_id = await made.file()
    made.platform()
    yield made
    made.stand_in.close()


Until = Callable[..., Awaitable[Any]]


@pytest.fixture(name="until")
def until_fixture() -> Until:
    return until


RunningWorker = AbstractAsyncContextManager[tuple[Context, Motion]]
