"""The app: a table of contents."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from simulator import errors
from simulator.front import Front
from simulator.options import Options
from simulator.routes import chat, control, files, jobs, models
from simulator.stand_in import Clock, StandIn


def create_app(options: Options | None = None, *, clock: Clock = time.time) -> FastAPI:
    """Build a stand-in platform; it opens its data folder when the app starts, by its lifespan.

    Args:
        options: How it behaves; the defaults if there are none.
        clock: Unix seconds, which decide how far every job is.
    """
    chosen = options or Options()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.stand_in = stand_in = StandIn(chosen, clock)
        try:
            yield
        finally:
            stand_in.close()

    app = FastAPI(title="Stand-in XPULink platform", lifespan=lifespan, strict_content_type=False)
    app.add_middleware(Front)
    errors.install(app)
    for noun in (files, jobs, models, chat, control):
        app.include_router(noun.router)
    return app
