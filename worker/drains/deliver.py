"""Webhooks that are due: at most four at once to one endpoint, 256 in all."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from crash_points import CrashPoint, reach
from domain.outcomes import Attempted
from domain.stages import Stage
from services import webhook_deliveries
from services.webhook_deliveries import Delivery
from worker import metrics
from worker.context import Context
from worker.drain import Drain
from worker.heartbeat import Heartbeat

CONCURRENCY = 256
PER_ENDPOINT = 4
UNSIGNED = Attempted(
    status=None,
    duration=timedelta(0),
    error="nothing was sent: TUNEWARD_SECRET_KEYS lacks the key that this endpoint's secret was sealed with",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery and the claim it is held by."""

    delivery: Delivery
    token: UUID


class Deliver:
    """Claims, tries and records deliveries."""

    def __init__(self, context: Context, heartbeat: Heartbeat) -> None:
        self._context = context
        self._heartbeat = heartbeat
        # An entry lives as long as the endpoint has something under way or waiting here.
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(PER_ENDPOINT)
        )
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._begun: set[str] = set()

    async def claim(self, limit: int) -> Sequence[Claimed]:
        """Claim what is due."""
        token = uuid4()
        async with self._context.database.transaction() as session:
            due = await webhook_deliveries.claim(
                session, self._context.box, token=token, lease=self._context.pace.lease, limit=limit
            )
        return [Claimed(delivery, token) for delivery in due]

    async def work(self, claimed: Claimed) -> None:
        """Wait for the endpoint's turn, try once, record it."""
        endpoint_id = claimed.delivery.endpoint_id
        self._waiting[endpoint_id] += 1
        try:
            held = self._heartbeat.holding_delivery(claimed.delivery, claimed.token)
            async with held, self._turns[endpoint_id]:
                self._begun.add(claimed.delivery.id)
                await self._try_once(claimed)
        finally:
            self._begun.discard(claimed.delivery.id)
            self._waiting[endpoint_id] -= 1
            if not self._waiting[endpoint_id]:
                del self._waiting[endpoint_id], self._turns[endpoint_id]

    async def _try_once(self, claimed: Claimed) -> None:
        delivery = claimed.delivery
        attempted = UNSIGNED
        if delivery.secrets:
            attempted = await self._context.sender.attempt(
                url=delivery.url, body=delivery.body, delivery_id=delivery.id, secrets=delivery.secrets
            )
        reach(CrashPoint.DELIVERY_SENT)
        metrics.ATTEMPTS.labels("delivered" if attempted.delivered else "failed").inc()
        metrics.ATTEMPT_SECONDS.observe(attempted.duration.total_seconds())
        async with self._context.database.transaction() as session:
            await webhook_deliveries.finish(
                session,
                delivery,
                attempted,
                token=claimed.token,
                schedule=self._context.pace.webhook_schedule,
            )

    def begun(self, claimed: Claimed) -> bool:
        """Tell whether a delivery's turn has come."""
        return claimed.delivery.id in self._begun

    async def hand_back(self, held: Sequence[Claimed]) -> None:
        """Give up deliveries that were not tried, or whose try was cut short; no try is used up."""
        ids: defaultdict[UUID, list[str]] = defaultdict(list)
        for claimed in held:
            ids[claimed.token].append(claimed.delivery.id)
        async with self._context.database.transaction() as session:
            for token, delivery_ids in ids.items():
                await webhook_deliveries.hand_back(session, delivery_ids=delivery_ids, token=token)


def drain(context: Context, heartbeat: Heartbeat) -> Drain[Claimed]:
    """Return the stage."""
    deliver = Deliver(context, heartbeat)
    return Drain(
        stage=Stage.DELIVER,
        concurrency=CONCURRENCY,
        claim=deliver.claim,
        work=deliver.work,
        hand_back=deliver.hand_back,
        begun=deliver.begun,
        describe=lambda claimed: {
            "delivery_id": claimed.delivery.id,
            "endpoint_id": claimed.delivery.endpoint_id,
        },
    )
