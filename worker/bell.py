"""The ear for the bell: an arq worker whose one function wakes a stage and returns.

arq 0.28 gives up when Redis drops a connection and would run a function again after a crash, so it is
trusted with nothing: it is started anew whenever it ends, and a ring may be lost, late or repeated.
"""

import asyncio
from typing import Any

import structlog
from arq.worker import Worker, get_kwargs

from domain.stages import Stage
from doorbell.connection import connect
from worker.wake import Wakes

RESTART_AFTER = 1.0
CLOSE_WITHIN = 5.0
CANCEL_AGAIN = 0.2
"""Seconds: a cancellation that arrives while redis-py connects may be lost there."""
HEARD_AGAIN_AFTER = 10.0
"""Seconds that an ear has to work to count as well: then the next trouble is worth a line again."""
_log = structlog.get_logger(__name__)


async def ring(ctx: dict[str, Any], stage: str) -> None:
    """Wake a stage's drain. Instant: while it runs, further rings for the stage are dropped."""
    wakes: Wakes = ctx["wakes"]
    try:
        wakes.wake(Stage(stage))
    except ValueError:  # of a newer version, or an older one
        wakes.wake_all()


async def listen(redis_url: str, wakes: Wakes, settings: Any) -> None:
    """Hear rings for ever, through any trouble with Redis; without it the drains go by their timers.

    Args:
        redis_url: where the bell hangs.
        wakes: what a ring wakes.
        settings: arq's `WorkerSettings`.
    """
    options: dict[str, Any] = get_kwargs(settings)
    now = asyncio.get_running_loop().time
    silent = False
    while True:
        worker = Worker(**options, redis_pool=connect(redis_url), ctx={"wakes": wakes})
        began = now()
        hearing = asyncio.create_task(worker.async_run(), name="ear")
        try:
            await asyncio.wait({hearing})
        finally:
            await _close(worker, hearing)
        # Whatever broke, the bell is not worth the worker.
        if not silent or now() - began > HEARD_AGAIN_AFTER:
            error = None if hearing.cancelled() else hearing.exception()
            _log.warning("the bell is silent; drains go by their timers", error=str(error))
        silent = True
        await asyncio.sleep(RESTART_AFTER)


async def _close(worker: Worker, hearing: "asyncio.Task[None]") -> None:
    try:
        async with asyncio.timeout(CLOSE_WITHIN):
            while not hearing.done():
                hearing.cancel()
                await asyncio.wait({hearing}, timeout=CANCEL_AGAIN)
            # A ring that is being heard would open a connection anew.
            await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
            await worker.pool.aclose(close_connection_pool=True)
    except Exception as error:  # noqa: BLE001 - it is being thrown away
        _log.debug("closing the bell's connection", error=str(error))
