"""Ringing: coalesced, in the background, and never an error for whoever rings."""

import asyncio
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from domain.stages import Stage
from doorbell.connection import connect

if TYPE_CHECKING:
    from arq.connections import ArqRedis

RING_FUNCTION = "ring"
PAUSE_AFTER_FAILURE = 1.0
"""Seconds in which no ring is tried after one that failed; the workers' timers go on."""

_log = logging.getLogger(__name__)


class Doorbell:
    """Rings for stages. `ring` returns at once; a task sends at most one ring for a stage at a time."""

    def __init__(self, url: str | None) -> None:
        """Take the address of Redis; without one, every ring is dropped and the workers' timers do."""
        self._redis: ArqRedis | None = connect(url) if url else None
        self._pending: set[Stage] = set()
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.sent = 0
        self.failed = 0

    def ring(self, stage: Stage) -> None:
        """Say that something is due. Call it after the commit."""
        if self._redis is not None:
            self._pending.add(stage)
            self._rung.set()

    async def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send_for_ever(), name="doorbell")

    async def close(self) -> None:
        """Stop sending; rings that were not sent are dropped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._redis is not None:
            await self._redis.aclose(close_connection_pool=True)

    async def ready(self) -> bool:
        """Tell whether Redis answers."""
        if self._redis is None:
            return False
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def _send_for_ever(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            stages, self._pending = self._pending, set()
            if not await self._send(stages):
                await asyncio.sleep(PAUSE_AFTER_FAILURE)

    async def _send(self, stages: set[Stage]) -> bool:
        assert self._redis is not None  # noqa: S101 - ring() drops what could not be sent
        try:
            for stage in stages:
                # One id per stage: a ring that nobody has heard yet stands for all later ones.
                await self._redis.enqueue_job(RING_FUNCTION, stage.value, _job_id=f"ring:{stage}")
                self.sent += 1
        except (RedisError, OSError) as error:
            self.failed += 1
            if self.failed == 1:
                _log.warning("the doorbell is out of order, workers go by their timers: %s", error)
            return False
        return True
