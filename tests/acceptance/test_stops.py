"""SIGTERM to real processes in the middle of everything: they leave in time, and nothing is used up.

The grace is scaled down to a second; what comes behind it (handing back, closing) is as long as in earnest.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from embedded.ports import free_port
from simulator.app import create_app
from simulator.options import Options
from simulator.script import parsed
from simulator.server import serving_app
from tests.acceptance.fleet import Receiver
from tests.acceptance.nursery import Kept
from tests.acceptance.test_crash_points import SCALED, Customer, environment_of, until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]
SHORT = {"TUNEWARD_SHUTDOWN_GRACE": "1s", "TUNEWARD_CLAIM_LEASE": "30s", "TUNEWARD_SETTLE_TIME": "500ms"}
IN_TIME = 15.0
"""Seconds: far more than the promise of a grace of one second, for a busy machine; a hang takes thirty."""
HELD = ("upload", "create", "retrieve", "content")
LEFT = """
    SELECT count(*) FILTER (WHERE claim_token IS NOT NULL), COALESCE(sum(crashes + failures), 0) FROM jobs
    UNION ALL SELECT count(*) FILTER (WHERE claim_token IS NOT NULL), COALESCE(sum(attempts), 0)
      FROM webhook_deliveries WHERE state = 'pending'"""


async def end(kept: Kept, *, signals: int = 1) -> float:
    """Send SIGTERM to the process that lives now, check that it ends with 0, return the seconds."""
    life, began = kept.lives[-1], time.monotonic()
    for _ in range(signals):
        os.kill(life.pid or 0, signal.SIGTERM)
        await asyncio.sleep(0.05)
    await asyncio.to_thread(life.join, 60)
    assert life.exitcode == 0
    return time.monotonic() - began


async def test_a_worker_stops_in_every_stage_at_once_and_the_next_goes_on_at_once(
    database_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    """One job hangs in each stage, one delivery at its receiver; each is handed back, none is doubled."""
    app, options = create_app(), Options(job_seconds=0.2)
    receiver.open.clear()
    port = free_port()
    async with serving_app(app, options) as platform_url:
        environment = SCALED | environment_of(database_url, platform_url, tmp_path) | SHORT
        connection = await asyncpg.connect(database_url)
        customer = Customer(f"http://127.0.0.1:{port}/v1")
        async with Kept("api", environment, tmp_path, port=port):
            async with Kept("worker", environment, tmp_path) as worker:
                await hang_in_every_stage(app, customer, receiver)
                took = await end(worker, signals=2)
            left = [tuple(row) for row in await connection.fetch(LEFT)]
            app.state.stand_in.script.clear()
            receiver.open.set()
            began = time.monotonic()
            async with Kept("worker", environment, tmp_path):
                await until(lambda: all_ended(connection), "all ended")
        await connection.close()
        await customer.close()
        assert took < IN_TIME
        assert left == [(0, 0), (0, 0)]
        assert time.monotonic() - began < 25  # the lease of what had not been handed back is thirty
        store = app.state.stand_in.store
        assert len(store.jobs) == len(HELD) + 1
        assert all(len(bodies) == 1 for bodies in receiver.bodies_by_id().values())


async def hang_in_every_stage(app: Any, customer: Customer, receiver: Receiver) -> None:
    """Bring one job after the other to the route at which its answer never comes."""
    stand_in = app.state.stand_in
    await customer.create_job(receiver.url)
    await until(lambda: bool(receiver.got), "a delivery under way")
    for route in HELD:
        before = stand_in.ledger.counts[route]
        stand_in.script.add(parsed(f"delay;seconds=3600;route={route}"))
        await customer.create_job(receiver.url)
        await until(lambda route=route, before=before: stand_in.ledger.counts[route] > before, route)


async def all_ended(connection: asyncpg.Connection) -> bool:
    jobs = await connection.fetchval("SELECT count(*) FROM jobs WHERE finished_at IS NULL")
    return not jobs and not await connection.fetchval(
        "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"
    )


@pytest.mark.parametrize("part", ["worker", "api"])
async def test_a_database_that_hangs_keeps_no_process(part: Any, database_url: str, tmp_path: Path) -> None:
    """Connections stay open, and nothing comes back: what a server that is stopped or cut off looks like."""
    port = free_port()
    async with wire(database_url) as (url, hung):
        environment = SCALED | environment_of(url, "http://127.0.0.1:1/v1", tmp_path) | SHORT
        async with Kept(part, environment, tmp_path, port=port) as kept:
            await until(lambda: '"event":"ready"' in log_of(tmp_path, part), "ready")
            hung.set()
            await asyncio.sleep(0.2)  # a worker's claim is under way by now, and an api has nothing to do
            assert await end(kept) < IN_TIME


async def test_an_api_that_still_waits_for_its_database_ends_at_once(tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    environment = SCALED | environment_of(nowhere, "http://127.0.0.1:1/v1", tmp_path)
    async with Kept("api", environment, tmp_path, port=free_port()) as api:
        await until(lambda: "waiting for the database" in log_of(tmp_path, "api"), "it waits")
        assert await end(api) < IN_TIME
    assert '"level":"error"' not in log_of(tmp_path, "api")


def log_of(folder: Path, part: str) -> str:
    log = folder / f"{part}.log"
    return log.read_text() if log.exists() else ""


@asynccontextmanager
async def wire(database_url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to a database on which nothing comes through any more once the event is set."""
    server = urlsplit(database_url)
    hung = asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            if not hung.is_set():
                writer.write(chunk)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(server.hostname, server.port)
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer), return_exceptions=True)

    listener = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    yield server._replace(netloc=f"{server.netloc.rpartition(':')[0]}:{port}").geturl(), hung
    listener.close()
