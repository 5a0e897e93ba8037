"""The only writer of a job's state: compare-and-set, one transaction, one history."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.outcomes import Ambiguous
from domain.platform import JobError, PlatformEvent, PlatformStatus
from services import transitions
from services.job_steps import submitting
from services.transitions import ClaimLost

LINE = NewEvent("moved")


def other_token(job: Job) -> Job:
    return replace(job, claim_token=uuid4())


def other_state(job: Job) -> Job:
    return replace(job, state=JobState.HELD)


def no_token(job: Job) -> Job:
    """What the api has: no claim. It must not write while a worker's is live."""
    return replace(job, claim_token=None)


@pytest.mark.parametrize("wrong", [other_token, other_state, no_token])
async def test_a_write_that_is_not_ours_keeps_nothing(world: Any, wrong: Callable[[Job], Job]) -> None:
    await world.create()
    job = await world.claim()
    with pytest.raises(ClaimLost):
        async with world.transaction() as session:
            await transitions.move(session, wrong(job), JobState.UPLOADING, events=[LINE])
    with pytest.raises(ClaimLost):
        async with world.transaction() as session:
            await transitions.stay(session, wrong(job), wait=timedelta(0), events=[LINE])
    assert await world.get(job) == job
    assert len(await world.lines(job)) == 1


async def test_a_lost_claim_rolls_back_what_went_before_it(world: Any) -> None:
    """Statements that came before the write, or ride along with it, are not kept either."""
    await world.create()
    job = await world.claim()

    async def write() -> None:
        async with world.transaction() as session:
            await session.exec_driver_sql("UPDATE platform_credentials SET parked_until = now()")
            await transitions.stay(session, other_token(job), wait=timedelta(0), events=[LINE])

    with pytest.raises(ClaimLost):
        await write()
    assert await world.value("SELECT parked_until FROM platform_credentials") is None


async def test_what_would_ride_along_with_a_lost_claim_need_not_fit_any_more(world: Any) -> None:
    """The answer to a create was lost, and so was the claim: another worker has found the job meanwhile."""
    await world.create()
    plan = await world.begin_submit(await world.upload())
    await world.sql("UPDATE jobs SET claim_token = gen_random_uuid()")
    await world.sql("UPDATE platform_submissions SET outcome = 'adopted', platform_job_id = 'p'")
    with pytest.raises(ClaimLost):
        async with world.transaction() as session:
            await submitting.finish_submit(session, plan, Ambiguous("cut"), first_poll=timedelta(0))
    assert await world.value("SELECT outcome FROM platform_submissions") == "adopted"


async def test_without_a_claim_a_write_may_follow_one_that_ran_out(world: Any) -> None:
    await world.create()
    job = await world.claim()
    await world.sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    async with world.transaction() as session:
        await transitions.cancel(session, transitions.unclaimed(job))
    assert (await world.get(job)).state is JobState.CANCELLED


async def test_a_move_along_no_edge_is_refused_before_anything_is_written(world: Any) -> None:
    await world.create()
    job = await world.claim()
    with pytest.raises(ValueError, match="no edge leads from received to tracking"):
        async with world.transaction() as session:
            await transitions.move(session, job, JobState.TRACKING, events=[LINE])


async def test_an_end_never_moves_again(world: Any) -> None:
    job = await world.reach(JobState.CANCELLED)
    for state in JobState:
        with pytest.raises(ValueError, match="no edge"):
            async with world.transaction() as session:
                await transitions.move(session, job, state, events=[LINE])


async def test_of_two_writers_at_once_one_wins(world: Any) -> None:
    await world.create()
    job = await world.claim()

    async def move() -> bool:
        try:
            async with world.transaction() as session:
                await transitions.move(session, job, JobState.UPLOADING, events=[LINE])
                await asyncio.sleep(0)
        except ClaimLost:
            return False
        return True

    assert sorted(await asyncio.gather(move(), move())) == [False, True]
    assert len(await world.lines(job)) == 2


async def endpoint(world: Any, *types: str, url: str = "https://example.com/hook") -> str:
    id_ = f"we_{uuid4().hex}"
    await world.sql(
        "INSERT INTO webhook_endpoints (id, project_id, name, url, hidden, event_types, secret)"
        " VALUES (:id, :project_id, 'n', :url, false, CAST(:types AS jsonb), :secret)",
        id=id_, project_id=world.project_id, url=url, types=json.dumps(types),
        secret=world.box.seal("whsec_c2VjcmV0"),
    )  # fmt: skip
    return id_


FAILED = "fine_tuning.job.failed"


async def test_an_end_writes_row_history_event_and_deliveries(world: Any) -> None:
    wanting = await endpoint(world, FAILED)
    other = await endpoint(world, "fine_tuning.job.succeeded")
    disabled = await endpoint(world, FAILED)
    await world.sql(
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'r' WHERE id = :id", id=disabled
    )
    job = await world.create(webhook_url="https://example.com/own", metadata={"team": "a"})
    claimed = await world.claim()
    async with world.transaction() as session:
        ended = await transitions.fail(session, claimed, JobError("code", "Do this.", "training_file"))
    job = await world.get(job)
    assert (job.state, job.error, job.claim_token) == (
        JobState.FAILED,
        JobError("code", "Do this.", "training_file"),
        None,
    )
    assert abs((job.finished_at or datetime.min.replace(tzinfo=UTC)) - datetime.now(UTC)) < timedelta(
        seconds=30
    )
    assert (await world.lines(job))[-1] == "The job failed: Do this."
    ((event_id, type_, sequence),) = await world.sql("SELECT id, type, sequence FROM webhook_events")
    assert (type_, sequence) == (FAILED, ended.sequence)
    rows = await world.sql("SELECT endpoint_id, event_id, body, state FROM webhook_deliveries")
    assert {row.endpoint_id for row in rows} == {wanting, job.webhook_endpoint_id} - {other, disabled}
    assert {(row.event_id, row.state) for row in rows} == {(event_id, "pending")}
    assert len({bytes(row.body) for row in rows}) == 1
    body = json.loads(rows[0].body)
    assert (body["id"], body["type"], body["data"]["id"]) == (event_id, FAILED, job.id)
    assert body["data"]["error"]["param"] == "training_file"


async def test_the_body_is_frozen_when_the_job_ends(world: Any) -> None:
    job = await world.create(webhook_url="https://example.com/own", metadata={"team": "a"})
    await world.cancel(job)
    await world.sql("UPDATE jobs SET metadata = '{}'")
    body = await world.value("SELECT body FROM webhook_deliveries")
    assert json.loads(body)["data"]["metadata"] == {"team": "a"}


async def test_an_end_that_is_rolled_back_leaves_no_trace(world: Any) -> None:
    job = await world.create(webhook_url="https://example.com/own")
    claimed = await world.claim()

    async def break_off() -> None:
        async with world.transaction() as session:
            await transitions.fail(session, claimed, JobError("code", "message"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await world.get(job) == claimed
    assert len(await world.lines(job)) == 1
    assert await world.value("SELECT count(*) FROM webhook_events") == 0
    assert await world.value("SELECT count(*) FROM webhook_deliveries") == 0


def platform_event(number: int) -> PlatformEvent:
    return PlatformEvent(f"ev-{number}", datetime.now(UTC), "info", f"line {number}", "message", {})


async def sequences(world: Any) -> list[int]:
    return [row[0] for row in await world.sql("SELECT sequence FROM job_events ORDER BY sequence")]


async def test_the_history_is_numbered_without_gaps_and_keeps_each_platform_event_once(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    running = world.platform_job(PlatformStatus.RUNNING)
    newest_first = [platform_event(number) for number in (2, 1)]
    await world.poll(running, events=newest_first)
    await world.poll(running, events=[platform_event(3), *newest_first])
    await world.poll(running, events=[platform_event(3), platform_event(3)])
    told = [line for line in await world.lines(job) if line.startswith("line")]
    assert told == ["line 1", "line 2", "line 3"]
    numbers = await sequences(world)
    assert numbers == list(range(1, len(numbers) + 1))
    assert (await world.get(job)).sequence == numbers[-1]


async def test_a_wish_and_a_step_at_once_number_their_lines_apart(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    claimed = await world.claim(tracked=True)
    await world.cancel(job)
    async with world.transaction() as session:
        await transitions.stay(session, claimed, wait=timedelta(0), events=[LINE, LINE])
    numbers = await sequences(world)
    assert numbers == list(range(1, len(numbers) + 1))
    assert (await world.lines(job))[-3:] == ["Cancellation was asked for", "moved", "moved"]


async def due_in(world: Any) -> timedelta:
    return timedelta(
        seconds=float(await world.value("SELECT extract(epoch FROM next_step_at - now()) FROM jobs"))
    )


async def test_a_wish_that_came_during_a_step_is_looked_at_soon(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    claimed = await world.claim(tracked=True)
    await world.cancel(job)
    async with world.transaction() as session:
        await transitions.stay(session, claimed, wait=timedelta(minutes=10))
    assert await due_in(world) <= timedelta(seconds=1)


async def test_a_step_that_knew_of_the_wish_waits_as_long_as_it_says(world: Any) -> None:
    """Else a job whose platform is away would be asked for every second, however long it backs off."""
    job = await world.reach(JobState.TRACKING)
    await world.cancel(job)
    claimed = await world.claim(tracked=True)
    assert claimed.cancel_requested_at is not None
    async with world.transaction() as session:
        await transitions.stay(session, claimed, wait=timedelta(minutes=10))
    assert await due_in(world) > timedelta(minutes=9)
