"""The heartbeat: prolongs the claims on everything that is under way, and stops work on what was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from db.session import Database
from domain.errors import Unavailable
from domain.jobs import Job
from services import claims, webhook_deliveries
from services.webhook_deliveries import Delivery
from worker.context import Pace

BEATS_PER_LEASE = 3
_log = structlog.get_logger(__name__)


class Heartbeat:
    """Knows what this process holds."""

    def __init__(self, database: Database, pace: Pace) -> None:
        self._database = database
        self._lease = pace.lease
        self._jobs: dict[str, tuple[UUID, asyncio.Task[None] | None]] = {}
        self._deliveries: dict[UUID, set[str]] = {}

    @asynccontextmanager
    async def holding(self, job: Job) -> AsyncIterator[None]:
        """Keep the claim on a job alive while the block runs; the task is cancelled if it is lost."""
        assert job.claim_token is not None  # noqa: S101 - it was just claimed
        self._jobs[job.id] = (job.claim_token, asyncio.current_task())
        try:
            yield
        finally:
            if self._jobs.get(job.id, (None,))[0] == job.claim_token:  # not another claim of ours by now
                del self._jobs[job.id]

    @asynccontextmanager
    async def holding_delivery(self, delivery: Delivery, token: UUID) -> AsyncIterator[None]:
        """Keep the claim on a delivery alive while the block runs."""
        self._deliveries.setdefault(token, set()).add(delivery.id)
        try:
            yield
        finally:
            held = self._deliveries[token]
            held.discard(delivery.id)
            if not held:
                del self._deliveries[token]

    async def run(self) -> None:
        """Beat three times in a lease, for ever."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / BEATS_PER_LEASE)
            try:
                await self._beat()
            except Unavailable as error:
                _log.warning("no heartbeat", error=str(error.__cause__ or error))

    async def _beat(self) -> None:
        held = dict(self._jobs)
        deliveries = {token: list(ids) for token, ids in self._deliveries.items()}
        if not held and not deliveries:
            return
        async with self._database.transaction() as session:
            tokens = {job_id: token for job_id, (token, _) in held.items()}
            kept = await claims.renew(session, claims=tokens, lease=self._lease) if tokens else set()
            for token, ids in deliveries.items():
                await webhook_deliveries.renew(session, delivery_ids=ids, token=token, lease=self._lease)
        self._drop(held, kept)

    def _drop(self, held: dict[str, tuple[UUID, asyncio.Task[None] | None]], kept: set[str]) -> None:
        for job_id, (token, task) in held.items():
            current = self._jobs.get(job_id)
            if job_id not in kept and task is not None and current is not None and current[0] == token:
                _log.warning("the claim was lost; its work stops", job_id=job_id)
                task.cancel()
