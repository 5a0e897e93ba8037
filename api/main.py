"""Where the api is put together: a table of contents."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from api import errors
from api.answered import Answered
from api.description import document
from api.docs import page
from api.middleware import AlsoUnprefixed, BodyLimit, Observed, Plain
from api.resources import Limits, Resources
from api.routes import (
    chat,
    files,
    health,
    jobs,
    models,
    plans,
    training_data,
    uploads,
    webhook_deliveries,
    webhook_endpoints,
)
from api.serving.connection import limited
from api.serving.limits import ConnectionLimits
from api.serving.server import LAST_CALL
from api.turns import Turns
from config.logging import configure_logging
from config.secret_keys import read_secret_keys
from config.settings import Settings
from crash_points import arm
from db.session import Database
from domain.create_requests import Answer
from domain.errors import Unavailable
from domain.plan.prices import parse_prices
from doorbell.bell import Doorbell
from examining.pool import Pool
from services import api_keys, create_requests, credentials
from services.secret_box import SecretBox
from storage.blobs import open_store
from webhooks.sender import WebhookSender
from xpulink.chat import XPULinkChat
from xpulink.client import Paths, XPULinkClient

BOOTSTRAP_PROJECT = "default"
STARTING_PATIENCE = 60.0
"""Seconds the database may be away when the process starts."""
STATEMENT_SECONDS = 10.0
"""That a statement may take: each is a matter of milliseconds, and a client waits for it."""
MODEL_CONNECTIONS = 10
"""Deletions of models under way; they are rare."""
_log = structlog.get_logger("api")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the app; the settings come from the environment unless given."""
    settings = settings or Settings()
    configure_logging(settings.log_level, process="api")
    arm(settings.crash_points)
    app = FastAPI(
        title="Tuneward",
        summary="Fine-tuning jobs on XPULink: accepted, tracked, delivered.",
        version="0.1.0",
        openapi_url=None,
        lifespan=lambda app: _lifespan(app, settings),
        redirect_slashes=False,
    )
    errors.install(app)
    # In the order in which they are asked for most: each is tried until one fits.
    # Its routes are the app's own: FastAPI asks an included router anew with every request.
    for router in (
        jobs.router,
        files.router,
        uploads.router,
        plans.router,
        models.router,
        chat.router,
        training_data.router,
        webhook_endpoints.router,
        webhook_deliveries.router,
        health.router,
    ):
        app.router.routes.extend(router.routes)
    document.install(app)
    page.install(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes, max_chat_bytes=settings.max_chat_bytes)
    app.add_middleware(Plain)
    app.add_middleware(Observed)
    app.add_middleware(AlsoUnprefixed)
    return app


def server_config(
    app: ASGIApp, settings: Settings, *, host: str = "127.0.0.1", port: int = 8000
) -> uvicorn.Config:
    """Return how the app is served, in production and in tests alike."""
    limits = ConnectionLimits(
        max_connections=settings.max_connections,
        max_head_bytes=settings.max_head_bytes,
        max_headers=settings.max_headers,
        head_timeout=settings.head_timeout,
        body_patience=settings.body_patience,
        min_rate=settings.min_rate,
    )
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=limited(limits),
        ws="none",  # there are none here, and an upgrade that is not offered is a plain request
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_keep_alive=math.ceil(settings.keep_alive.total_seconds()),
        timeout_graceful_shutdown=LAST_CALL,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        app.state.resources = await _open(settings, stack)
        _log.info("ready")
        yield
    _log.info("stopped")


async def _open(settings: Settings, stack: AsyncExitStack) -> Resources:
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        application="tuneward-api",
        statement_seconds=STATEMENT_SECONDS,
    )
    stack.push_async_callback(database.close)
    box = SecretBox(read_secret_keys(settings))
    credential_id = await _prepare(database, box, settings)
    doorbell = Doorbell(settings.redis_url.get_secret_value() if settings.redis_url else None)
    await doorbell.start()
    stack.push_async_callback(doorbell.close)
    answered = Answered(partial(_record_answers, database))
    await answered.start()
    stack.push_async_callback(answered.close)
    sender = WebhookSender(settings.webhook_allowed_networks, timeout=settings.webhook_timeout)
    stack.push_async_callback(sender.aclose)
    passing, asking = _platform(settings, stack)
    examiners = Pool(settings.examiners)
    stack.callback(examiners.close)
    return Resources(
        database=database,
        doorbell=doorbell,
        blobs=open_store(settings.storage_url),
        webhook_sender=sender,
        chat=passing,
        tuned_models=asking,
        box=box,
        credential_id=credential_id,
        models=settings.models,
        allowed_networks=settings.webhook_allowed_networks,
        limits=_limits(settings),
        examiners=examiners,
        prices=parse_prices(settings.prices),
        uploads_under_way=_upload_turns(settings.max_concurrent_uploads),
        answered=answered,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_file_bytes=settings.max_file_bytes,
        max_line_bytes=settings.max_line_bytes,
        fewest_examples=settings.fewest_examples,
    )


def _upload_turns(in_all: int) -> Turns:
    """Return who may upload at once: half of it for one project, so that others always get through."""
    return Turns("uploads", each=-(-in_all // 2), in_all=in_all)


def _platform(settings: Settings, stack: AsyncExitStack) -> tuple[XPULinkChat, XPULinkClient]:
    """Return the two ways to the platform that requests need: one passes chat through, one asks."""
    key = settings.xpulink_api_key.get_secret_value() if settings.xpulink_api_key else ""
    base_url = settings.xpulink_base_url
    passing = XPULinkChat(base_url=base_url, api_key=key, path=settings.xpulink_chat_path)
    stack.push_async_callback(passing.aclose)
    paths = Paths(models=settings.xpulink_models_path)
    asking = XPULinkClient(base_url=base_url, api_key=key, paths=paths, max_connections=MODEL_CONNECTIONS)
    stack.push_async_callback(asking.aclose)
    return passing, asking


async def _record_answers(database: Database, answers: Sequence[Answer]) -> None:
    async with database.transaction() as session:
        await create_requests.record_answers(session, answers)


async def _prepare(database: Database, box: SecretBox, settings: Settings) -> str:
    """Make sure of the platform's row and the bootstrap key; wait for a database that still starts."""
    give_up = asyncio.get_running_loop().time() + STARTING_PATIENCE
    while True:
        try:
            async with database.transaction() as session:
                if settings.bootstrap_api_key is not None:
                    key = settings.bootstrap_api_key.get_secret_value()
                    secret = settings.bootstrap_webhook_secret
                    await api_keys.ensure(
                        session,
                        box,
                        project=BOOTSTRAP_PROJECT,
                        api_key=key,
                        webhook_secret=secret.get_secret_value() if secret else None,
                    )
                return await credentials.ensure_default(session)
        except Unavailable as error:
            if asyncio.get_running_loop().time() > give_up:
                raise
            _log.warning("waiting for the database", error=str(error.__cause__ or error))
            await asyncio.sleep(1)
