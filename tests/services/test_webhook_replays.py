"""Replays: the same delivery, due again, with a schedule that begins anew."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.outcomes import Attempted
from services import webhook_deliveries

SCHEDULE = [timedelta(seconds=seconds) for seconds in (0, 5, 300)]
OK = Attempted(200, timedelta(milliseconds=30), "thanks")
DOWN = Attempted(None, timedelta(seconds=5), error="connect: connection refused")


@pytest.fixture
async def pending(world: Any) -> Any:
    await world.cancel(await world.create(webhook_url="https://example.com/hook"))
    return world


async def try_once(world: Any, attempted: Attempted) -> tuple[str, bytes]:
    """Try the one delivery that there is, and return what the receiver sees of it."""
    await world.sql("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending'")
    await world.sql("UPDATE webhook_endpoints SET resume_at = NULL")
    token = uuid4()
    async with world.transaction() as session:
        (delivery,) = await webhook_deliveries.claim(
            session, world.box, token=token, lease=timedelta(seconds=30), limit=10
        )
    async with world.transaction() as session:
        assert await webhook_deliveries.finish(session, delivery, attempted, token=token, schedule=SCHEDULE)
    return delivery.id, delivery.body


async def replay(world: Any) -> Any:
    id_ = await world.value("SELECT id FROM webhook_deliveries")
    async with world.transaction() as session:
        delivery, _ = await webhook_deliveries.replay(session, project_id=world.project_id, delivery_id=id_)
    return delivery


async def row(world: Any) -> Sequence[Any]:
    """State, attempts, the schedule's start, and the wait in seconds."""
    (found,) = await world.sql(
        "SELECT state, attempts, schedule_start,"
        " CAST(extract(epoch FROM next_attempt_at - now()) AS float) FROM webhook_deliveries"
    )
    return tuple(found)


async def test_an_exhausted_delivery_is_sent_again_with_a_whole_schedule(pending: Any) -> None:
    seen = {await try_once(pending, DOWN) for _ in SCHEDULE}
    assert (await row(pending))[:3] == ("exhausted", 3, 0)
    assert (await replay(pending)).attempts == 3
    state, attempts, start, wait = await row(pending)
    assert (state, attempts, start) == ("pending", 3, 3)
    assert wait <= 0
    for made, step in ((4, 5), (5, 300)):
        seen.add(await try_once(pending, DOWN))
        state, attempts, _, wait = await row(pending)
        assert (state, attempts) == ("pending", made)
        assert step * 0.79 < wait <= step * 1.2
    seen.add(await try_once(pending, DOWN))
    assert (await row(pending))[:3] == ("exhausted", 6, 3)
    assert len(seen) == 1
    assert await pending.sql("SELECT number FROM webhook_attempts ORDER BY number") == [
        (number,) for number in range(1, 7)
    ]


async def test_a_delivered_one_is_sent_again_and_delivered_again(pending: Any) -> None:
    first = await try_once(pending, OK)
    assert (await replay(pending)).delivered_at is None
    assert await try_once(pending, OK) == first
    assert (await row(pending))[:2] == ("delivered", 2)
    assert await pending.value("SELECT delivered_at FROM webhook_deliveries") is not None


async def test_a_pending_one_comes_sooner_and_keeps_its_place_in_the_schedule(pending: Any) -> None:
    await try_once(pending, DOWN)
    await replay(pending)
    state, attempts, start, wait = await row(pending)
    assert (state, attempts, start) == ("pending", 1, 0)
    assert wait <= 0
    await try_once(pending, DOWN)
    assert 300 * 0.79 < (await row(pending))[3] <= 300 * 1.2


async def test_a_replay_leaves_a_try_that_is_under_way_alone(pending: Any) -> None:
    token = uuid4()
    async with pending.transaction() as session:
        (delivery,) = await webhook_deliveries.claim(
            session, pending.box, token=token, lease=timedelta(seconds=30), limit=10
        )
    await replay(pending)
    async with pending.transaction() as session:
        assert await webhook_deliveries.finish(session, delivery, OK, token=token, schedule=SCHEDULE)
    assert (await row(pending))[:2] == ("delivered", 1)
