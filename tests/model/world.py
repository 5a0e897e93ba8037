"""The real pieces of a story: Postgres, the api, workers, the stand-in platform and a customer's receiver.

All of them live in one event loop of their own. Nobody waits: time passes by moving everything that is
written down, with us and on the platform, into the past.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
from aiohttp import web
from cryptography.fernet import Fernet
from fastapi import FastAPI

from api.main import create_app
from config.settings import Settings
from domain.events import EVENT_TYPES
from domain.outcomes import Answered
from services import api_keys, credentials
from simulator.app import create_app as create_platform
from simulator.options import Options
from simulator.script import parsed
from simulator.server import serving_app
from simulator.stand_in import StandIn
from worker.clock import now
from worker.context import Context
from worker.main import opened

from .gates import UNHURT
from .worker import Worker

JOB_SECONDS = 200.0
LIST_LAG = 45.0
"""Half the time that we give it."""
WORKERS = 3
MOST_ROWS = 200
"""More than can be due at once: a job is looked at once, a delivery tried once."""
SETTINGS = {
    "xpulink_api_key": "xpulink-simulator-key",
    "webhook_allowed_networks": "127.0.0.0/8",
    "webhook_schedule": "0s,5s,30s,60s",
    "database_pool_size": 6,
    "log_level": "CRITICAL",
    "models": "qwen3-32b",
    "platform_rate": 10_000,  # nobody waits for a share of them
}
LINES = [
    {"messages": [{"role": "user", "content": f"{n}?"}, {"role": "assistant", "content": f"{n}."}]}
    for n in range(10)
]
EXAMPLES = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in LINES)
HISTORY = ("job_events", "job_metrics", "checkpoints", "webhook_attempts", "alembic_version")
"""Nothing is due by these, so their times may stay."""
# Waits are drawn at random, up to a minute after a failure: whatever comes within a quarter of an hour is due
# now, in the order of its making, so that the same story runs the same way again. A step may come early.
ALL_DUE = """
    WITH due AS (
        SELECT id, row_number() OVER (ORDER BY id) * interval '1 ms' AS place FROM jobs
         WHERE next_step_at < now() + interval '15 min'
           AND (claimed_until IS NULL OR claimed_until < now()))
    UPDATE jobs SET next_step_at = now() - interval '1 s' + place FROM due WHERE jobs.id = due.id;
    WITH due AS (
        SELECT id, row_number() OVER (ORDER BY id) * interval '1 ms' AS place FROM webhook_deliveries
         WHERE state = 'pending' AND next_attempt_at < now() + interval '2 min'
           AND (claimed_until IS NULL OR claimed_until < now()))
    UPDATE webhook_deliveries AS delivery SET next_attempt_at = now() - interval '1 s' + place
      FROM due WHERE delivery.id = due.id"""


SOMETHING_LEFT = """
    SELECT EXISTS (SELECT FROM jobs WHERE finished_at IS NULL AND paused_at IS NULL)
        OR EXISTS (SELECT FROM webhook_deliveries WHERE state = 'pending')"""


@dataclass
class Receiver:
    """What a customer runs: two paths, each with its own answer, and a ledger of all that came."""

    root: str = ""
    status: dict[str, int] = field(default_factory=dict)
    got: list[tuple[str, str, bytes, int]] = field(default_factory=list)
    """URL, webhook-id, body, answer."""

    async def take(self, request: web.Request) -> web.Response:
        status = self.status.get(request.path, 200)
        url = self.root + request.path
        self.got.append((url, request.headers["webhook-id"], await request.read(), status))
        return web.Response(status=status)


@dataclass
class World:
    """One project at a time, with two training files and an endpoint that wants to know everything."""

    sql: asyncpg.Connection
    api: httpx.AsyncClient
    app: FastAPI
    platform_app: FastAPI
    receiver: Receiver
    context: Context
    passing: str
    """Moves everything that is written down into the past by $seconds."""
    workers: list[Worker] = field(default_factory=list)
    creates: list[str] = field(default_factory=list)
    """The markers of all creates that left, oldest first."""
    cancels: set[str] = field(default_factory=set)
    """The platform's ids of jobs for which a cancel left."""
    files: list[str] = field(default_factory=list)
    passed: float = 0.0
    """Seconds that have passed without being waited for."""

    @property
    def platform(self) -> StandIn:
        found: StandIn = self.platform_app.state.stand_in
        return found

    async def begin_anew(self) -> None:
        """Forget everything but the servers."""
        await self.sql.execute("DELETE FROM projects; DELETE FROM platform_credentials; DELETE FROM leases")
        resources = self.app.state.resources
        async with self.context.database.transaction() as session:
            key = await api_keys.create(session, resources.box, project="story")
            credential_id = await credentials.ensure_default(session)
        self.app.state.resources = replace(resources, credential_id=credential_id)
        self.api.headers["authorization"] = f"Bearer {key.api_key}"
        self.platform.close()
        self.platform_app.state.stand_in = StandIn(Options(job_seconds=JOB_SECONDS), self.platform.clock)
        self.receiver.got.clear()
        self.receiver.status.clear()
        self.creates.clear()
        self.cancels.clear()
        self.workers = [self.newcomer() for _ in range(WORKERS)]
        self.files = [await self._file(), await self._file()]
        endpoint = {"name": "all", "url": f"{self.receiver.root}/all", "event_types": list(EVENT_TYPES)}
        assert (await self.api.post("/v1/webhook_endpoints", json=endpoint)).status_code == 200

    async def _file(self) -> str:
        parts = {"file": ("train.jsonl", EXAMPLES)}
        answer = await self.api.post("/v1/files", data={"purpose": "fine-tune"}, files=parts)
        return str(answer.json()["id"])

    def newcomer(self) -> Worker:
        """Start one more process."""
        return Worker(self.context, self)

    def left(self, name: str, args: Any) -> None:
        """Keep what costs."""
        if name == "create_job":
            self.creates.append(args[0].marker)
        elif name == "cancel_job":
            self.cancels.add(args[0])

    def came(self, name: str, outcome: Any) -> Any:
        """Have the platform's list show a job only a while after its create."""
        if name != "jobs" or not isinstance(outcome, Answered):
            return outcome
        shown = self.platform.clock() - LIST_LAG
        items = tuple(job for job in outcome.value.items if job.created_at.timestamp() < shown)
        return Answered(replace(outcome.value, items=items))

    async def end(self) -> None:
        """Let nobody stand still any more."""
        for worker in self.workers:
            await worker.kill()

    def restart(self, number: int) -> Worker:
        """Put a fresh process in the place of a dead one."""
        self.workers[number] = self.newcomer()
        return self.workers[number]

    def order(self, fault: str) -> None:
        """Have the platform misbehave soon."""
        self.platform.script.add(parsed(fault))

    async def post(self, path: str, **parts: Any) -> tuple[int, Any]:
        answer = await self.api.post(f"/v1/fine_tuning/jobs{path}", **parts)
        return answer.status_code, answer.json()

    def passing_time(self) -> float:
        """Return what each process's own clock says."""
        return now() + self.passed

    async def time_passes(self, seconds: float) -> None:
        """Let time pass for everybody; then all that waits for minutes is due."""
        self.passed += seconds
        await self.sql.execute(self.passing.replace("$seconds", str(seconds)) + ALL_DUE)
        for job in self.platform.store.jobs.values():
            job.created -= seconds
            job.cancelled = None if job.cancelled is None else job.cancelled - seconds
        for file in self.platform.store.files.values():
            file.created -= seconds

    async def beat(self) -> None:
        """Let every worker that stands still prolong its claims: its process is alive, its network slow."""
        for worker in self.workers:
            if worker.standing and not worker.frozen:
                await worker.beat()

    async def come_to_rest(self) -> None:
        """End all trouble, and let workers work until nothing is left; those that were frozen wake late."""
        self.platform.script.clear()
        self.receiver.status.clear()
        for worker in self.workers:
            if not worker.frozen:
                await self._wake(worker)
        healthy = self.newcomer()
        await self._let_work(healthy, 35)
        for worker in self.workers[1:]:
            await self._wake(worker)
        for seconds in (100, 100):
            await self._let_work(healthy, seconds)
        await self._wake(self.workers[0])
        for seconds in (35, 200, 700, 100):
            await self._let_work(healthy, seconds)
        if await self.sql.fetchval(SOMETHING_LEFT):
            await healthy.sweep()

    async def _wake(self, worker: Worker) -> None:
        if worker.standing:
            await worker.wake(self.sql)

    async def _let_work(self, worker: Worker, seconds: float) -> None:
        await self.time_passes(seconds)
        await worker.work(MOST_ROWS, UNHURT)
        assert worker.taken < MOST_ROWS, "work that is never done"


@asynccontextmanager
async def opened_world(database_url: str, folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        sql = await asyncpg.connect(database_url)
        stack.push_async_callback(sql.close)
        platform_app = create_platform()
        platform_url = await stack.enter_async_context(serving_app(platform_app, Options()))
        settings = Settings(
            _env_file=None,
            **SETTINGS,
            database_url=database_url,
            storage_url=f"file://{folder}/blobs",
            xpulink_base_url=platform_url,
            secret_keys=Fernet.generate_key().decode(),
        )
        app = _quiet_app(settings)
        await stack.enter_async_context(app.router.lifespan_context(app))
        api = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
        await stack.enter_async_context(api)
        context = await stack.enter_async_context(opened(settings))
        receiver = await stack.enter_async_context(_receiving())
        world = World(sql, api, app, platform_app, receiver, context, await _passing(sql))
        yield world
        world.platform.close()


def _quiet_app(settings: Settings) -> FastAPI:
    """Make the app; how this process logs stays as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    app = create_app(settings)
    root.handlers = handlers
    root.setLevel(level)
    return app


@asynccontextmanager
async def _receiving() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/{path}", one.take)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


async def _passing(sql: asyncpg.Connection) -> str:
    """Return the statements that move every time in the schema, those of newer columns as well."""
    columns = await sql.fetch(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' GROUP BY 1"
    )
    statements = []
    for table, names in columns:
        if table not in HISTORY:
            moved = ", ".join(f"{name} = {name} - interval '$seconds s'" for name in names)
            statements.append(f"UPDATE {table} SET {moved};")  # noqa: S608 - names of the schema
    return "".join(statements)
