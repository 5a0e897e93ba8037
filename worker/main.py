"""Where a worker is put together: settings in, ways out, motion, and a clean end on SIGTERM."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import orjson
import structlog
from arq.worker import func

from config.logging import configure_logging
from config.secret_keys import read_secret_keys
from config.settings import Settings
from crash_points import arm
from db.session import Database
from domain.parking import Probing
from doorbell.bell import RING_FUNCTION
from doorbell.connection import QUEUE, dump
from examining.pool import Pool
from leaving import CLEANING_UP, leave, leave_within, within
from services.credentials import DEFAULT
from services.secret_box import SecretBox
from storage.blobs import open_store
from webhooks.sender import WebhookSender
from worker.account import Account
from worker.bell import listen, ring
from worker.context import Context, Pace
from worker.health import serve_health
from worker.motion import Motion
from xpulink.client import Deadlines, Paths, XPULinkClient

PROBE_GRACE = timedelta(seconds=5)
"""What a probe may take beside the call itself."""
ENDING = timedelta(seconds=3.5)
"""Behind the grace: for handing back, for closing, and for what hangs in between."""
CLOSING = timedelta(milliseconds=500)
"""What the connections may take to close."""
_log = structlog.get_logger(__name__)


class WorkerSettings:
    """arq's settings, for a worker that only hears rings; each differs from the default for a reason."""

    functions = (func(ring, name=RING_FUNCTION),)
    queue_name = QUEUE
    poll_delay = 0.05  # half a second by default
    job_timeout = 5  # also how long a killed worker's ring stays taken, plus ten seconds
    keep_result = 0  # a kept result blocks the next ring of the same id
    max_tries = 100  # a shutdown uses up a try
    allow_abort_jobs = False  # aborting an unknown id would kill a later ring
    handle_signals = False  # `run` decides how the process ends
    log_results = False
    job_serializer = staticmethod(dump)  # pickle by default
    job_deserializer = staticmethod(orjson.loads)


def run() -> None:
    """Run a worker until SIGTERM or SIGINT; exit 0 within the grace and `ENDING`, whatever hangs."""
    settings = Settings()
    configure_logging(settings.log_level, process="worker")
    arm(settings.crash_points)
    asyncio.run(_run(settings))
    leave()  # Python's own taking apart takes up to seconds on a busy machine, and ends nothing of ours


async def _run(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as ways_out:
        context = await ways_out.enter_async_context(opened(settings))
        await _move(settings, context, stopping)
        if not await within(CLOSING, ways_out.pop_all().aclose()):
            _log.warning("not everything could be closed")
    _log.info("stopped")
    leave_within(CLEANING_UP)


async def _move(settings: Settings, context: Context, stopping: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        if settings.worker_port is not None:
            await stack.enter_async_context(
                serve_health(
                    settings.worker_host,
                    settings.worker_port,
                    context.database,
                    context.account,
                    context.stopping,
                )
            )
        motion = Motion(context)
        motion.start()
        stack.push_async_callback(motion.stop)
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            bell = asyncio.create_task(listen(url, context.wakes, WorkerSettings), name="bell")
            stack.callback(bell.cancel)
        _log.info("ready")
        await _until_stopped(stopping, motion)
        _log.info("stopping")
        leave_within(settings.shutdown_grace + ENDING)


async def _until_stopped(stopping: asyncio.Event, motion: Motion) -> None:
    asked = asyncio.create_task(stopping.wait())
    broken = asyncio.create_task(motion.wait())
    await asyncio.wait({asked, broken}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not broken.done():
        broken.cancel()
        return
    await broken


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Context]:
    """Open every way out that the settings name, and close them in the end."""
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            application="tuneward-worker",
        )
        stack.push_async_callback(database.close)
        deadlines = Deadlines.of_create(settings.xpulink_timeout)
        key = settings.xpulink_api_key.get_secret_value() if settings.xpulink_api_key else ""
        platform = XPULinkClient(
            base_url=settings.xpulink_base_url,
            api_key=key,
            paths=Paths(
                files=settings.xpulink_files_path,
                jobs=settings.xpulink_jobs_path,
                models=settings.xpulink_models_path,
            ),
            deadlines=deadlines,
        )
        stack.push_async_callback(platform.aclose)
        probing = Probing(first=settings.probe_interval, lease=2 * deadlines.read + PROBE_GRACE)
        account = Account(platform, database, name=DEFAULT, rate=settings.platform_rate, probing=probing)
        box = SecretBox(read_secret_keys(settings))
        sender = WebhookSender(settings.webhook_allowed_networks, timeout=settings.webhook_timeout)
        stack.push_async_callback(sender.aclose)
        examiners = Pool(settings.examiners)
        stack.callback(examiners.close)
        yield Context(
            database=database,
            platform=account,
            account=account,
            account_key=box.fingerprint(key),
            sender=sender,
            blobs=open_store(settings.storage_url),
            box=box,
            pace=_pace(settings),
            examiners=examiners,
        )


def _pace(settings: Settings) -> Pace:
    return Pace(
        drain_interval=settings.drain_interval,
        poll_interval=settings.poll_interval,
        lease=settings.claim_lease,
        settle_time=settings.settle_time,
        duplicate_checks=tuple(settings.duplicate_checks),
        sweep_interval=settings.sweep_interval,
        shutdown_grace=settings.shutdown_grace,
        retention=timedelta(days=settings.retention_days),
        stray_blob_age=settings.stray_blob_age,
        webhook_schedule=tuple(settings.webhook_schedule),
    )
