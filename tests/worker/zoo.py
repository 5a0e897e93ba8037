"""Many platforms behind one socket, one worker for all: each job has an account, and a mood, of its own."""

import asyncio
import copy
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from api.main import create_app as create_api
from config.settings import Settings
from db.queries.platform_credentials import ensure_credential
from domain import ids
from domain.jobs import Job
from simulator.app import create_app
from simulator.options import Options
from simulator.server import serving_app
from simulator.stand_in import StandIn
from worker.context import Context
from worker.drain import RunningDrain
from worker.drains import advance, deliver, jobs, track
from worker.main import opened
from worker.motion import Motion
from xpulink.client import Deadlines, Paths, XPULinkClient

KEY = "xpulink-simulator-key"
SECONDS = 3600.0
SHORT = Deadlines(*[timedelta(seconds=0.5)] * 5)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A platform, one job on it, and how that has to end."""

    quirks: tuple[str, ...]
    end: str = "succeeded"
    code: str | None = None
    """Of the job's error."""
    says: str = ""
    """What stands somewhere in the job's history."""
    faults: tuple[str, ...] = ()
    base: str = "/v1"
    under: str = ""
    """What the settings put before each path."""
    hasty: bool = False
    """Calls have half a second."""
    cancelled: bool = False
    ages: bool = False
    """It ends only when its patience, or a day, is over: that passes when all others have ended."""
    created: int = 1
    asks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "+".join((*self.quirks[:4], *self.faults, *self.asks, *["cancel"] * self.cancelled))


@dataclass
class Clock:
    """A platform's own clock, which the test moves."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


class Zoo:
    """ASGI app: `/3/v1/files` is `/v1/files` of the third platform."""

    def __init__(self, cases: list[Case]) -> None:
        self.cases = cases
        self.apps = [create_app() for _ in cases]
        for case, app in zip(cases, self.apps, strict=True):
            options = Options(job_seconds=SECONDS, faults=case.faults, quirks=case.quirks)
            app.state.stand_in = StandIn(options, Clock())

    def stand_in(self, number: int) -> StandIn:
        found: StandIn = self.apps[number].state.stand_in
        return found

    def reach(self, number: int, share: float) -> None:
        """Let a platform's job come as far as this share of its life."""
        stand_in = self.stand_in(number)
        for row in stand_in.store.jobs.values():
            stand_in.clock.now = max(stand_in.clock.now, row.created + share * SECONDS)

    def close(self) -> None:
        for number in range(len(self.apps)):
            self.stand_in(number).close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        number, _, path = scope["path"][1:].partition("/")
        raw = b"/" + scope["raw_path"][1:].partition(b"/")[2]
        await self.apps[int(number)]({**scope, "path": f"/{path}", "raw_path": raw}, receive, send)


@dataclass
class Stack:
    """What a test of moods runs on."""

    zoo: Zoo
    api: Any
    api_url: str
    context: Context
    credentials: list[str]

    @property
    def database(self) -> Any:
        return self.context.database


@asynccontextmanager
async def stack(cases: list[Case], database_url: str, folder: Path) -> AsyncIterator[Stack]:
    """Serve the platforms and the api; the worker starts with `working`."""
    zoo = Zoo(cases)
    settings = Settings(
        _env_file=None,
        database_url=database_url,
        storage_url=f"file://{folder}/blobs",
        xpulink_api_key=KEY,
        secret_keys=Fernet.generate_key().decode(),
        drain_interval="50ms",
        poll_interval="30s",
        settle_time="100ms",
        sweep_interval="1h",
        shutdown_grace="5s",
    )
    handlers = logging.getLogger().handlers[:]
    api = create_api(settings)
    logging.getLogger().handlers = handlers
    async with AsyncExitStack() as entered:
        entered.callback(zoo.close)
        url = (await entered.enter_async_context(serving_app(zoo, Options()))).removesuffix("/v1")
        api_url = await entered.enter_async_context(serving_app(api, Options()))
        context = await entered.enter_async_context(opened(settings))
        platform = XPULinkClient(base_url=url, api_key=KEY)
        entered.push_async_callback(platform.aclose)
        names = [f"platform {number}" for number in range(len(cases))]
        async with context.database.transaction() as session:
            accounts = [
                await ensure_credential(session, credential_id=ids.new_id(ids.CREDENTIAL), name=name)
                for name in names
            ]
        yield Stack(zoo, api, api_url, replace(context, platform=platform), accounts)


@asynccontextmanager
async def working(on: Stack) -> AsyncIterator[None]:
    """Run a worker that asks each job's own platform."""
    contexts = {
        account: replace(on.context, platform=_of(on.context.platform, number, case))
        for number, (account, case) in enumerate(zip(on.credentials, on.zoo.cases, strict=True))
    }
    motion = Motion(on.context)

    async def work(job: Job) -> None:
        await jobs.work(contexts[job.credential_id], motion._heartbeat, job)

    motion._drains = [
        RunningDrain(drain, on.context.wakes, on.context.pace.drain_interval)
        for drain in (
            replace(advance.drain(on.context, motion._heartbeat), work=work),
            replace(track.drain(on.context, motion._heartbeat), work=work),
            deliver.drain(on.context, motion._heartbeat),
        )
    ]
    motion.start()
    try:
        yield
    finally:
        await asyncio.wait_for(motion.stop(), 20)


def _of(client: Any, number: int, case: Case) -> Any:
    """Return a client on the same connections: making new ones for each platform costs most of the test."""
    one = copy.copy(client)
    one._base = f"{client._base}/{number}{case.base}"
    files = f"{case.under}/files" if case.under != "files" else "/v1/files"
    under = case.under if case.under != "files" else ""
    one._paths = Paths(files=files, jobs=f"{under}/fine_tuning/jobs", models=f"{under}/models")
    if case.hasty:
        one._deadlines = SHORT
    return one
