"""Tries of a webhook and what the database holds after them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.outcomes import Attempted
from services import webhook_deliveries
from services.webhook_deliveries import Delivery

SCHEDULE = [timedelta(seconds=seconds) for seconds in (0, 5, 300)]
OK = Attempted(200, timedelta(milliseconds=30), "thanks")
DOWN = Attempted(None, timedelta(seconds=5), error="connection refused")
GONE = Attempted(410, timedelta(milliseconds=30))


async def more(world: Any, count: int) -> None:
    """Copy the delivery; each copy belongs to an event of its own."""
    await world.sql(
        "INSERT INTO webhook_events (id, project_id, type, object_id, sequence)"
        " SELECT 'evt_' || n, project_id, type, object_id, 1000 + n"
        " FROM webhook_events, generate_series(1, :count) n",
        count=count,
    )
    await world.sql(
        "INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body)"
        " SELECT 'wh_' || n, 'evt_' || n, endpoint_id, body"
        " FROM webhook_deliveries, generate_series(1, :count) n",
        count=count,
    )


async def claim(world: Any, token: UUID, *, limit: int = 100) -> list[Delivery]:
    async with world.transaction() as session:
        return await webhook_deliveries.claim(
            session, world.box, token=token, lease=timedelta(seconds=30), limit=limit
        )


async def finish(world: Any, delivery: Delivery, attempted: Attempted, token: UUID) -> bool:
    async with world.transaction() as session:
        return await webhook_deliveries.finish(session, delivery, attempted, token=token, schedule=SCHEDULE)


async def try_once(world: Any, attempted: Attempted) -> Delivery:
    """Claim the one delivery that is due and record what came of it."""
    token = uuid4()
    (delivery,) = await claim(world, token)
    assert await finish(world, delivery, attempted, token)
    return delivery


async def due_now(world: Any) -> None:
    await world.sql("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending'")


async def row(world: Any) -> Any:
    (found,) = await world.sql(
        "SELECT state, attempts, delivered_at, claim_token,"
        " CAST(extract(epoch FROM next_attempt_at - now()) AS float) AS wait FROM webhook_deliveries"
    )
    return found


async def endpoint(world: Any) -> Any:
    (found,) = await world.sql(
        "SELECT failures, failing_since, disabled_reason,"
        " CAST(extract(epoch FROM resume_at - now()) AS float) AS wait FROM webhook_endpoints"
    )
    return found


async def fail(world: Any, times: int) -> None:
    for _ in range(times):
        await due_now(world)
        await world.sql("UPDATE webhook_deliveries SET attempts = 0")
        await try_once(world, DOWN)
    await due_now(world)
