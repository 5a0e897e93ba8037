"""Which create a retry is merged into."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from db.queries import create_requests as queries
from domain.create_requests import Answer, Try, try_of
from domain.jobs import Job
from services import create_requests, upkeep
from services.create_requests import Accepted

JUST_NOW = timedelta(0)
SAME = hashlib.sha256(b"body").digest()


async def accept(
    world: Any, count: int, fingerprint: bytes = SAME, *, told: Sequence[Answer] = (), **changes: Any
) -> Accepted:
    async with world.transaction() as session:
        return await create_requests.accept(
            session,
            caller=world.caller,
            credential_id=world.credential_id,
            new=world.new(**changes),
            repetition=Try(fingerprint, count),
            unwritten=lambda _: told,
        )


async def first_tries(world: Any, count: int) -> list[Job]:
    """Accept first tries, each a minute before the next."""
    made = [(await accept(world, 0)).job for _ in range(count)]
    for place, job in enumerate(made):
        await world.sql(
            "UPDATE create_requests SET tried_at = now() - make_interval(mins => :ago) WHERE job_id = :id",
            ago=count - place,
            id=job.id,
        )
    return made


async def answer(world: Any, job: Job, *, seconds_ago: float) -> None:
    await world.sql(
        "UPDATE create_requests SET answered_at = now() - make_interval(secs => :ago) WHERE job_id = :id",
        ago=seconds_ago,
        id=job.id,
    )


async def test_each_retry_takes_the_last_tried_create_before_it_then_the_oldest(
    world: Any,
) -> None:
    old, new = await first_tries(world, 2)
    taken = [(await accept(world, count)).job.id for count in (1, 1, 2, 2)]
    assert taken == [old.id, new.id, old.id, new.id]
    third = await accept(world, 2)
    assert third.merged is False
    assert third.job.id not in taken


async def test_a_create_that_nobody_got_an_answer_to_is_taken_before_one_that_was_answered(
    world: Any,
) -> None:
    answered, waiting = await first_tries(world, 2)
    await answer(world, answered, seconds_ago=0.5)
    assert (await accept(world, 1)) == Accepted(waiting, merged=True)
    assert (await accept(world, 1)) == Accepted(answered, merged=True)


async def test_an_answer_that_is_not_written_yet_counts_as_one_that_is(world: Any) -> None:
    answered, waiting = await first_tries(world, 2)
    told = [Answer(answered.id, 0, JUST_NOW)]
    assert (await accept(world, 1, told=told)).job.id == waiting.id
    assert (await accept(world, 1, told=[Answer(answered.id, 0, timedelta(seconds=3))])).merged is False
    assert (await accept(world, 1, told=told)) == Accepted(answered, merged=True)


async def test_a_late_retry_leaves_what_an_early_one_can_take(world: Any) -> None:
    early, late = await first_tries(world, 2)
    await world.sql("UPDATE create_requests SET last_retry_count = 1 WHERE job_id = :id", id=late.id)
    assert (await accept(world, 2)).job.id == late.id
    assert (await accept(world, 1)).job.id == early.id


async def test_what_was_answered_for_good_is_never_taken(world: Any) -> None:
    (job,) = await first_tries(world, 1)
    await answer(world, job, seconds_ago=2.5)
    assert (await accept(world, 1)).merged is False
    assert (await accept(world, 2)).job.id != job.id


async def test_a_retry_shows_that_the_answer_before_it_was_lost(world: Any) -> None:
    (job,) = await first_tries(world, 1)
    await answer(world, job, seconds_ago=1)
    await accept(world, 1)
    assert await world.value("SELECT answered_at IS NULL FROM create_requests")
    async with world.transaction() as session:  # one that was noted too late to say anything
        await create_requests.record_answers(session, [Answer(job.id, 0, JUST_NOW)])
    assert await world.value("SELECT answered_at IS NULL FROM create_requests")
    async with world.transaction() as session:
        await create_requests.record_answers(session, [Answer(job.id, 1, JUST_NOW)])
    assert await world.value("SELECT answered_at IS NOT NULL FROM create_requests")


async def test_a_retry_that_comes_after_an_sdk_s_time_out_is_new_and_the_old_one_is_forgotten(
    world: Any,
) -> None:
    (job,) = await first_tries(world, 1)
    await world.sql("UPDATE create_requests SET tried_at = now() - interval '629 s'")
    assert (await accept(world, 1)).job.id == job.id
    assert await world.value("SELECT tried_at > now() - interval '60 s' FROM create_requests")
    await world.sql("UPDATE create_requests SET tried_at = now() - interval '631 s'")
    assert (await accept(world, 2)).job.id != job.id
    async with world.transaction() as session:
        counts = await upkeep.forget_old(session, retention=upkeep.IDEMPOTENCY_KEPT)
    assert counts["create_requests"] == 1
    assert await world.value("SELECT count(*) FROM create_requests") == 1


async def test_a_retry_that_comes_alone_is_a_create_that_later_ones_can_take(world: Any) -> None:
    alone = await accept(world, 1)
    assert alone.merged is False
    assert (await accept(world, 2)) == Accepted(alone.job, merged=True)


async def test_the_merged_answer_is_the_job_as_it_is_now(world: Any) -> None:
    (job,) = await first_tries(world, 1)
    cancelled = await world.cancel(job)
    assert (await accept(world, 1)).job == cancelled


async def test_what_looks_different_is_not_merged(world: Any) -> None:
    (job,) = await first_tries(world, 1)
    assert (await accept(world, 1, hashlib.sha256(b"other").digest())).job.id != job.id


async def waiting_for_the_lock(world: Any, count: int) -> None:
    waiting = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""
    async with asyncio.timeout(20):
        while await world.value(waiting) != count:  # noqa: ASYNC110 - what is waited for is in Postgres
            await asyncio.sleep(0.01)


async def test_a_first_try_and_a_retry_that_name_the_same_webhook_url_never_block_each_other(
    world: Any,
) -> None:
    url = {"webhook_url": "https://hooks.example.com/"}
    async with asyncio.TaskGroup() as tasks, world.transaction() as session:
        await queries.lock(session, this=Try(SAME, 1))  # until both wait, the retry before the first try
        retry = tasks.create_task(accept(world, 1, **url))
        await waiting_for_the_lock(world, 1)
        first = tasks.create_task(accept(world, 0, **url))
        await waiting_for_the_lock(world, 2)
    assert (retry.result().merged, first.result().merged) == (False, False)
    assert retry.result().job.webhook_endpoint_id == first.result().job.webhook_endpoint_id


@pytest.mark.parametrize("count", [None, "", "-1", "1.5", " 1", "10000", "²"])
def test_a_client_that_does_not_count_has_no_tries(count: str | None) -> None:
    assert try_of(count, api_key_id="k", body=b"") is None


def test_tries_look_the_same_by_key_and_body() -> None:
    one = try_of("0", api_key_id="k", body=b"b")
    assert one is not None
    assert one == try_of("0000", api_key_id="k", body=b"b")
    others = [try_of("0", api_key_id="kb", body=b""), try_of("0", api_key_id="", body=b"kb")]
    assert len({other.fingerprint for other in [one, *others] if other}) == 3
    assert -(2**63) <= one.lock < 2**63
