"""Deliveries: what follows from a try."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain import ids
from domain.outcomes import Attempted
from services import upkeep, webhook_deliveries

from .tries import DOWN, GONE, OK, claim, due_now, endpoint, fail, finish, more, row, try_once


async def test_a_2xx_delivers_and_is_logged(pending: Any) -> None:
    delivery = await try_once(pending, OK)
    found = await row(pending)
    assert (found.state, found.attempts, found.wait, found.claim_token) == ("delivered", 1, None, None)
    assert found.delivered_at is not None
    logged = await pending.sql(
        "SELECT delivery_id, number, status, duration_ms, answer FROM webhook_attempts"
    )
    assert logged == [(delivery.id, 1, 200, 30, "thanks")]
    assert await claim(pending, uuid4()) == []


async def test_id_and_bytes_stay_the_same_over_every_try_and_the_waits_follow_the_schedule(
    pending: Any,
) -> None:
    seen = []
    for step in (5, 300):
        seen.append(await try_once(pending, DOWN))
        found = await row(pending)
        assert (found.state, found.attempts) == ("pending", len(seen))
        assert step * 0.79 < found.wait <= step * 1.2
        await due_now(pending)
    seen.append(await try_once(pending, DOWN))
    assert len({(delivery.id, delivery.body) for delivery in seen}) == 1
    found = await row(pending)
    assert (found.state, found.attempts, found.wait) == ("exhausted", 3, None)
    assert await pending.value("SELECT count(*) FROM webhook_attempts") == 3


async def test_retry_after_puts_a_try_off_beyond_the_schedules_step(pending: Any) -> None:
    asked = Attempted(503, timedelta(seconds=1), retry_after=timedelta(seconds=100))
    await try_once(pending, asked)
    assert 95 < (await row(pending)).wait <= 100


async def test_410_ends_the_delivery_and_disables_the_endpoint(pending: Any) -> None:
    await more(pending, 1)
    token = uuid4()
    first, _ = await claim(pending, token)
    await finish(pending, first, GONE, token)
    assert "410" in (await endpoint(pending)).disabled_reason
    states = await pending.sql("SELECT state FROM webhook_deliveries WHERE id = :id", id=first.id)
    assert states == [("exhausted",)]
    # The other one is not tried, and the sweep writes down that it never will be.
    await pending.sql("UPDATE webhook_deliveries SET claim_token = NULL, claimed_until = NULL")
    assert await claim(pending, uuid4()) == []
    async with pending.transaction() as session:
        assert await upkeep.exhaust_unreachable(session) == 1


async def test_a_late_finish_after_a_lost_claim_keeps_nothing(pending: Any) -> None:
    token = uuid4()
    (delivery,) = await claim(pending, token)
    await pending.sql("UPDATE webhook_deliveries SET claimed_until = now() - interval '1 s'")
    other = uuid4()
    assert len(await claim(pending, other)) == 1
    assert not await finish(pending, delivery, DOWN, token)
    assert (await row(pending)).attempts == 0
    assert (await endpoint(pending)).failures == 0
    assert await pending.value("SELECT count(*) FROM webhook_attempts") == 0


async def test_the_breaker_opens_at_the_fifth_failure_in_a_row(pending: Any) -> None:
    await fail(pending, 4)
    assert (await endpoint(pending)).wait is None
    await fail(pending, 1)
    found = await endpoint(pending)
    assert (found.failures, 5 < found.wait <= 10) == (5, True)
    attempts = (await row(pending)).attempts
    assert await claim(pending, uuid4()) == []
    assert (await row(pending)).attempts == attempts  # waiting for a breaker uses up no try


async def test_tries_that_were_claimed_together_open_the_breaker_together(pending: Any) -> None:
    """Each knows only the failures from before it was claimed: the endpoint's own count decides."""
    await more(pending, 9)
    token = uuid4()
    for delivery in await claim(pending, token):
        await finish(pending, delivery, DOWN, token)
    found = await endpoint(pending)
    assert found.failures == 10
    assert found.wait > 100


async def open_breaker(world: Any) -> None:
    await fail(world, 5)
    await world.sql("UPDATE webhook_endpoints SET resume_at = now() - interval '1 ms'")


async def test_an_open_breaker_lets_one_probe_through_at_a_time(pending: Any) -> None:
    await open_breaker(pending)
    await more(pending, 5)
    token = uuid4()
    (probe,) = await claim(pending, token)
    assert await claim(pending, uuid4()) == []  # not while the probe is on its way
    await finish(pending, probe, DOWN, token)
    found = await endpoint(pending)
    assert (found.failures, 15 < found.wait <= 20) == (6, True)
    assert await claim(pending, uuid4()) == []


async def test_a_probe_that_works_closes_the_breaker(pending: Any) -> None:
    await open_breaker(pending)
    await more(pending, 5)
    token = uuid4()
    (probe,) = await claim(pending, token)
    await finish(pending, probe, OK, token)
    found = await endpoint(pending)
    assert (found.failures, found.failing_since, found.wait) == (0, None, None)
    assert len(await claim(pending, uuid4())) == 5


async def test_a_probe_whose_worker_died_is_sent_again_after_the_lease(pending: Any) -> None:
    await open_breaker(pending)
    assert len(await claim(pending, uuid4())) == 1
    await pending.sql("UPDATE webhook_deliveries SET claimed_until = now() - interval '1 ms'")
    await pending.sql("UPDATE webhook_endpoints SET resume_at = resume_at - interval '30 s'")
    assert len(await claim(pending, uuid4())) == 1


@pytest.mark.parametrize(("days", "disabled"), [(4.9, False), (5.1, True)])
async def test_five_days_of_only_failures_disable_an_endpoint(
    pending: Any, days: float, *, disabled: bool
) -> None:
    await try_once(pending, DOWN)
    await due_now(pending)
    await pending.sql(
        "UPDATE webhook_endpoints SET failing_since = now() - CAST(:ago AS interval)",
        ago=timedelta(days=days),
    )
    await try_once(pending, DOWN)
    assert ((await endpoint(pending)).disabled_reason is not None) is disabled


async def test_a_success_after_years_of_failures_starts_afresh(pending: Any) -> None:
    await try_once(pending, DOWN)
    await due_now(pending)
    await pending.sql("UPDATE webhook_endpoints SET failing_since = now() - interval '2 y'")
    await try_once(pending, OK)
    found = await endpoint(pending)
    assert (found.disabled_reason, found.failing_since) == (None, None)


async def test_a_claim_takes_at_most_twenty_of_one_endpoint(pending: Any) -> None:
    await more(pending, 30)
    assert len(await claim(pending, uuid4())) == 20


async def secrets_of(world: Any) -> Sequence[str]:
    (delivery,) = await claim(world, uuid4())
    await world.sql("UPDATE webhook_deliveries SET claim_token = NULL, claimed_until = NULL")
    return delivery.secrets


async def test_a_job_s_own_url_is_signed_with_the_projects_secrets(pending: Any) -> None:
    await pending.sql("UPDATE projects SET webhook_secret = :new", new=pending.box.seal("whsec_new"))
    assert await secrets_of(pending) == ("whsec_new",)
    await pending.sql(
        "UPDATE projects SET previous_webhook_secret = :old, previous_secret_expires_at = :until",
        old=pending.box.seal("whsec_old"),
        until=datetime.now(UTC) + timedelta(hours=1),
    )
    assert await secrets_of(pending) == ("whsec_new", "whsec_old")
    await pending.sql("UPDATE projects SET previous_secret_expires_at = now() - interval '1 s'")
    assert await secrets_of(pending) == ("whsec_new",)


async def test_an_endpoint_of_its_own_is_signed_with_its_own_secrets(pending: Any) -> None:
    await pending.sql(
        "UPDATE webhook_endpoints SET hidden = false, secret = :new, previous_secret = :old,"
        " previous_secret_expires_at = now() + interval '1 h'",
        new=pending.box.seal("whsec_own"),
        old=pending.box.seal("whsec_before"),
    )
    assert await secrets_of(pending) == ("whsec_own", "whsec_before")


async def test_claims_are_prolonged_and_handed_back_by_their_holder_alone(pending: Any) -> None:
    token = uuid4()
    (delivery,) = await claim(pending, token)
    left = "SELECT CAST(extract(epoch FROM claimed_until - now()) AS float) FROM webhook_deliveries"
    for whose, lease in ((uuid4(), 30), (token, 90)):
        async with pending.transaction() as session:
            kept = await webhook_deliveries.renew(
                session, claims={delivery.id: whose}, lease=timedelta(seconds=90)
            )
        assert kept == ({delivery.id} if whose == token else set())
        assert lease - 10 < await pending.value(left) <= lease
    for whose, held in ((uuid4(), True), (token, False)):
        async with pending.transaction() as session:
            await webhook_deliveries.hand_back(session, delivery_ids=[delivery.id], token=whose)
        assert (await pending.value("SELECT claim_token FROM webhook_deliveries") is not None) is held
    assert (await row(pending)).attempts == 0


async def test_a_secret_is_not_in_the_repr_of_a_delivery(pending: Any) -> None:
    (delivery,) = await claim(pending, uuid4())
    assert delivery.secrets[0] not in repr(delivery)


def test_delivery_ids_can_be_webhook_ids() -> None:
    assert "." not in ids.new_id(ids.DELIVERY)
