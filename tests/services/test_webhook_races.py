"""Deliveries: what may happen between a claim and the end of its try."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from db.session import Session
from domain.outcomes import Attempted
from services import webhook_deliveries
from services.webhook_deliveries import Delivery

from .tries import DOWN, GONE, OK, claim, due_now, endpoint, fail, finish, more, row, try_once

NEW_URL = "https://example.org/moved"


async def move(world: Any) -> None:
    """Give the endpoint another URL."""
    await world.sql("UPDATE webhook_endpoints SET url = :url", url=NEW_URL)


async def test_a_late_410_from_the_url_before_neither_disables_the_new_one_nor_ends_the_delivery(
    pending: Any,
) -> None:
    token = uuid4()
    (delivery,) = await claim(pending, token)
    await move(pending)
    assert await finish(pending, delivery, GONE, token)
    assert (await endpoint(pending)).disabled_reason is None
    found = await row(pending)
    assert (found.state, found.attempts) == ("pending", 1)
    assert 5 * 0.79 < found.wait <= 5 * 1.2
    await due_now(pending)
    assert (await try_once(pending, OK)).url == NEW_URL


async def test_the_410_of_a_last_try_to_the_url_before_ends_the_delivery_alone(pending: Any) -> None:
    await pending.sql("UPDATE webhook_deliveries SET attempts = 2")
    token = uuid4()
    (delivery,) = await claim(pending, token)
    await move(pending)
    await finish(pending, delivery, GONE, token)
    assert (await row(pending)).state == "exhausted"
    assert (await endpoint(pending)).disabled_reason is None


@pytest.mark.parametrize("attempted", [DOWN, OK])
async def test_what_the_url_before_answers_says_nothing_about_the_new_one(
    pending: Any, attempted: Attempted
) -> None:
    await fail(pending, 1)
    token = uuid4()
    (delivery,) = await claim(pending, token)
    await move(pending)
    await finish(pending, delivery, attempted, token)
    assert (await endpoint(pending)).failures == 1
    assert await pending.value("SELECT count(*) FROM webhook_attempts") == 2


async def test_a_success_since_the_claim_keeps_a_failure_from_disabling(pending: Any) -> None:
    await fail(pending, 1)
    await more(pending, 1)
    await pending.sql("UPDATE webhook_endpoints SET failing_since = now() - interval '6 days'")
    token = uuid4()
    works, fails = await claim(pending, token)
    await finish(pending, works, OK, token)
    await finish(pending, fails, DOWN, token)
    found = await endpoint(pending)
    assert (found.disabled_reason, found.failures) == (None, 1)


PLANT_CLOCK = (
    "CREATE SCHEMA slow",
    """CREATE FUNCTION slow.now() RETURNS timestamptz LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN pg_catalog.now(); END'""",
    "SET LOCAL search_path = slow, public, pg_catalog",
)


async def claim_slowly(session: Session, world: Any) -> list[Delivery]:
    """Claim in `session` with a `now()` that waits for lock 7: behind the snapshot, before any row's lock."""
    for statement in PLANT_CLOCK:
        await session.execute(text(statement))
    claimed = await webhook_deliveries.claim(
        session, world.box, token=uuid4(), lease=timedelta(seconds=30), limit=100
    )
    await session.rollback()  # nobody else has seen the clock
    return claimed


async def waits_for_the_lock(world: Any) -> None:
    """Return as soon as somebody waits for lock 7."""
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    for _ in range(1000):
        if await world.value(waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for the lock")


async def test_what_was_tried_between_a_claims_snapshot_and_its_locks_is_not_sent_at_once(
    pending: Any,
) -> None:
    async def late() -> list[Delivery]:
        async with pending.transaction() as session:
            return await claim_slowly(session, pending)

    async with pending.transaction() as holding:
        await holding.execute(text("SELECT pg_advisory_xact_lock(7)"))
        claiming = asyncio.create_task(late())
        await waits_for_the_lock(pending)
        await try_once(pending, DOWN)
    assert await claiming == []
