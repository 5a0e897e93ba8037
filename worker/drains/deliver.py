"""Webhooks that are due: at most four at once to one endpoint, 256 in all."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from crash_points import CrashPoint, reach
from domain.crashes import UNSUSPECTED, Crashes
from domain.outcomes import Attempted
from domain.stages import Stage
from services import webhook_deliveries
from services.webhook_deliveries import Delivery
from worker import metrics
from worker.context import Context
from worker.drain import Drain
from worker.heartbeat import Heartbeat
from worker.recording import record

CONCURRENCY = 256
PER_ENDPOINT = 4
UNSIGNED = Attempted(
    status=None,
    duration=timedelta(0),
    error="nothing was sent: TUNEWARD_SECRET_KEYS lacks the key that this endpoint's secret was sealed with",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery and the claim it is held by, taken when the monotonic clock said `at`."""

    delivery: Delivery
    token: UUID
    at: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return Postgres's clock in Unix seconds, however far off this machine's is."""
        return self.delivery.read_at.timestamp() + time.monotonic() - self.at


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

    async def claim(self, limit: int, crashes: Crashes = UNSUSPECTED) -> Sequence[Claimed]:
        """Claim what is due and has that many crashes."""
        token, asked = uuid4(), self._heartbeat.now()
        box, lease = self._context.box, self._context.pace.lease
        due = await self._context.comeback.claim(
            lambda session: webhook_deliveries.claim(
                session, box, token=token, lease=lease, limit=limit, crashes=crashes
            )
        )
        self._heartbeat.claimed(token, asked=asked)
        return [Claimed(delivery, token) for delivery in due]

    async def work(self, claimed: Claimed) -> None:
        """Wait for the endpoint's turn, try once, record it.

        If this process stood still, or nobody could renew the claim, another worker may be at it: then
        nothing is sent, and what is still ours after all goes back unused.
        """
        endpoint_id = claimed.delivery.endpoint_id
        self._waiting[endpoint_id] += 1
        try:
            held = self._heartbeat.holding_delivery(claimed.delivery, claimed.token)
            async with held, self._turns[endpoint_id]:
                self._begun.add(claimed.delivery.id)
                if self._heartbeat.surely_holds(claimed.delivery, claimed.token):
                    await self._try_once(claimed)
                else:
                    await self.hand_back([claimed])
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
                url=delivery.url,
                body=delivery.body,
                delivery_id=delivery.id,
                secrets=delivery.secrets,
                clock=claimed.now,
            )
        reach(CrashPoint.DELIVERY_SENT)
        metrics.ATTEMPTS.labels("delivered" if attempted.delivered else "failed").inc()
        metrics.ATTEMPT_SECONDS.observe(attempted.duration.total_seconds())
        token, schedule = claimed.token, self._context.pace.webhook_schedule
        await record(
            self._context.database,
            lambda session: webhook_deliveries.finish(
                session, delivery, attempted, token=token, schedule=schedule
            ),
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
        claim_suspect=partial(deliver.claim, 1),
        work=deliver.work,
        hand_back=deliver.hand_back,
        begun=deliver.begun,
        describe=lambda claimed: {
            "delivery_id": claimed.delivery.id,
            "endpoint_id": claimed.delivery.endpoint_id,
        },
    )
