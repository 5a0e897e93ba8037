"""Ringing: coalesced, in the background, and never an error for whoever rings."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from arq.constants import in_progress_key_prefix, job_key_prefix, result_key_prefix, retry_key_prefix
from prometheus_client import Counter
from redis.exceptions import RedisError

from domain.stages import Stage
from doorbell.connection import QUEUE, connect

if TYPE_CHECKING:
    from arq.connections import ArqRedis

RING_FUNCTION = "ring"
PAUSE_AFTER_FAILURE = 1.0
"""Seconds in which no ring is tried after one that failed; the workers' timers go on."""
CANCEL_AGAIN = 0.2
"""Seconds: a cancellation that arrives while redis-py connects may be lost there, and Redis may hang."""
KEPT: Final = 3_600_000
"""Milliseconds that Redis keeps a ring nobody hears."""
UNHEARD: Final = 20_000
"""Milliseconds after which a ring in the way of others is a leftover: a dead worker's is taken for 15 s."""
_LONG_AGO = datetime.fromtimestamp(1, UTC)
"""When each ring was due: a worker whose clock is behind would else hear it an hour late."""
_LEFTOVERS = (job_key_prefix, in_progress_key_prefix, retry_key_prefix, result_key_prefix)

RINGS = Counter("tuneward_rings_total", "Rings for a stage of the workers", ["outcome"])
_log = logging.getLogger(__name__)


class Doorbell:
    """Rings for stages. `ring` returns at once; a task sends at most one ring for a stage at a time.

    What cannot be sent is tried again until it can be: so the bell rings by itself when Redis is back.
    `sent` and `failed` count, `working` is how the last try ended.
    """

    def __init__(self, url: str | None) -> None:
        """Take the address of Redis; without one, every ring is dropped and the workers' timers do."""
        self._redis: ArqRedis | None = connect(url) if url else None
        self._pending: set[Stage] = set()
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.sent = 0
        self.failed = 0
        self.working = True

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
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CANCEL_AGAIN)
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
                self._pending |= stages
                self._rung.set()

    async def _send(self, stages: set[Stage]) -> bool:
        assert self._redis is not None  # noqa: S101 - ring() drops what could not be sent
        try:
            for stage in stages:
                await self._send_one(self._redis, stage)
                self.sent += 1
                RINGS.labels("sent").inc()
        except (RedisError, OSError) as error:
            self.failed += 1
            RINGS.labels("failed").inc()
            if self.working:
                _log.warning("the doorbell is out of order, workers go by their timers: %s", error)
            self.working = False
            return False
        if not self.working:
            _log.info("the doorbell rings again")
        self.working = True
        return True

    async def _send_one(self, redis: "ArqRedis", stage: Stage) -> None:
        # One id per stage: a ring that nobody has heard yet stands for all later ones.
        id_ = f"ring:{stage}"
        for _ in range(2):
            sent = await redis.enqueue_job(
                RING_FUNCTION, stage.value, _job_id=id_, _defer_until=_LONG_AGO, _expires=KEPT / 1000
            )
            if sent is not None or not await self._is_leftover(redis, id_):
                return
            await redis.delete(*(prefix + id_ for prefix in _LEFTOVERS))
            await redis.zrem(QUEUE, id_)

    @staticmethod
    async def _is_leftover(redis: "ArqRedis", id_: str) -> bool:
        """Tell whether what stands in a ring's way will never be heard.

        Such as keys from before a restore or of another version, of a worker that was killed or evicted in
        part. Their age is told by Redis's clock.
        """
        queued = await redis.zscore(QUEUE, id_)
        left = await redis.pttl(job_key_prefix + id_)
        return queued is None or not KEPT - UNHEARD < left <= KEPT
