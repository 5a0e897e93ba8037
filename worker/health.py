"""A worker's own health check: alive, and able to reach the database. Not the api's: another port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from db.session import Database
from domain.errors import Unavailable
from worker.account import Account

LAST_ANSWERS = 0.5
"""Seconds that a question under way gets at the end; aiohttp would wait for a minute."""


@asynccontextmanager
async def serve_health(
    host: str, port: int, database: Database, account: Account, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """Serve `/healthz`, `/readyz` and `/metrics` while the block runs; not ready once `stopping` is set."""

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        if stopping.is_set():
            return web.Response(status=503, text="stopping\n")
        try:
            await database.ready()
        except Unavailable:
            return web.Response(status=503, text="database: unreachable\n")
        # A parked account is no reason to start this process anew, so it is ready all the same.
        parked = account.standing.explanation if account.standing is not None else None
        return web.Response(text=f"database: ok\nplatform: {parked or 'ok'}\n")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_ANSWERS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
