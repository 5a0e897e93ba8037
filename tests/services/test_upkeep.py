"""What the sweeps do inside a transaction."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.session import Session
from domain import ids
from domain.deadlines import DEADLINES
from domain.errors import FileInUse, NotFound
from domain.job_state import JobState
from domain.outcomes import Attempted
from services import files, jobs, pauses, upkeep, webhook_deliveries

RETENTION = timedelta(days=90)


async def stand_still(world: Any, since: timedelta) -> None:
    await world.sql("UPDATE jobs SET state_since = now() - CAST(:since AS interval)", since=since)


async def run(world: Any, sweep: Callable[[Session], Awaitable[int]]) -> int:
    async with world.transaction() as session:
        return await sweep(session)


async def warn(world: Any, state: JobState) -> int:
    async with world.transaction() as session:
        return await upkeep.warn_stalled(session, state)


async def give_up(world: Any, state: JobState) -> int:
    async with world.transaction() as session:
        return await upkeep.fail_stalled(session, state)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("state", list(DEADLINES))
async def test_a_job_that_stands_still_says_so_once_per_state(world: Any, state: JobState) -> None:
    job = await world.reach(state)
    await stand_still(world, DEADLINES[state].warn - 10 * SECOND)
    assert await warn(world, state) == 0
    await stand_still(world, DEADLINES[state].warn + SECOND)
    assert [await warn(world, state), await warn(world, state)] == [1, 0]
    assert f"has been {state.value} for over" in (await world.lines(job))[-1]
    assert (await world.get(job)).state is state


@pytest.mark.parametrize("state", list(DEADLINES))
async def test_a_job_that_never_moves_fails_with_a_code_or_is_left_to_its_own_step(
    world: Any, state: JobState
) -> None:
    job = await world.reach(state, webhook_url="https://example.com/")
    deadline = DEADLINES[state]
    await stand_still(world, (deadline.end or timedelta(days=365)) - 10 * SECOND)
    assert await give_up(world, state) == 0
    await stand_still(world, (deadline.end or timedelta(days=365)) + SECOND)
    assert await give_up(world, state) == (deadline.end is not None)
    job = await world.get(job)
    assert job.error == deadline.error
    assert await world.value("SELECT count(*) FROM webhook_deliveries") == (deadline.end is not None)


async def test_a_job_in_a_workers_hands_does_not_stand_still(world: Any) -> None:
    await world.create()
    await world.claim()
    await stand_still(world, timedelta(days=400))
    assert [await warn(world, JobState.RECEIVED), await give_up(world, JobState.RECEIVED)] == [0, 0]


async def test_a_move_starts_the_deadline_anew(world: Any) -> None:
    await world.create()
    await stand_still(world, timedelta(hours=1))
    await warn(world, JobState.RECEIVED)
    await world.begin_upload()
    assert await world.value("SELECT warned_at IS NULL AND state_since > now() - interval '1 min' FROM jobs")


async def poison(world: Any) -> int:
    async with world.transaction() as session:
        return await upkeep.fail_poisonous(session)


async def die(world: Any) -> None:
    """A worker claims the job and is heard of no more."""
    await world.claim()
    await world.sql("UPDATE jobs SET claimed_until = now() - interval '1 ms'")


async def test_the_fifth_worker_that_a_job_kills_is_the_last(world: Any) -> None:
    job = await world.create()
    for _ in range(4):
        await die(world)
        assert await poison(world) == 0
    await die(world)
    assert await poison(world) == 1
    job = await world.get(job)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_crash_loop")


async def test_a_poisonous_job_names_what_may_still_run_and_cost_on_the_platform(world: Any) -> None:
    job = await world.create()
    plan = await world.begin_submit(await world.upload())
    await world.sql("UPDATE jobs SET crashes = 4, claimed_until = now() - interval '1 ms'")
    assert await poison(world) == 1
    assert f"tuneward={plan.submission_id} " in (await world.get(job)).error_message


async def test_a_delivery_that_killed_its_workers_stands_in_the_log_and_can_be_replayed(pending: Any) -> None:
    """As four deaths that were written down, and a fifth that was not yet."""
    held = "claim_token = gen_random_uuid(), claimed_until = now() + interval '1 s'"
    await pending.sql(f"UPDATE webhook_deliveries SET crashes = 4, {held}")  # noqa: S608 - a constant
    assert await run(pending, upkeep.exhaust_poisonous) == 0  # its worker lives
    await pending.sql("UPDATE webhook_deliveries SET claimed_until = now() - interval '1 ms'")
    assert await run(pending, upkeep.exhaust_poisonous) == 1
    assert await run(pending, upkeep.exhaust_poisonous) == 0
    id_ = await pending.value("SELECT id FROM webhook_deliveries")
    async with pending.transaction() as session:
        shown, (tried,) = await webhook_deliveries.get(
            session, project_id=pending.project_id, delivery_id=id_
        )
        assert (shown.state, shown.attempts, tried.number, tried.status) == ("exhausted", 1, 1, None)
        assert "worker_crash_loop" in (tried.error or "")
        await webhook_deliveries.replay(session, project_id=pending.project_id, delivery_id=id_)
    assert await pending.sql("SELECT state, crashes FROM webhook_deliveries") == [("pending", 0)]


async def test_a_delivery_whose_try_was_recorded_forgets_its_crashes(pending: Any) -> None:
    await pending.sql(
        "UPDATE webhook_deliveries SET crashes = 1, claim_token = gen_random_uuid(),"
        " claimed_until = now() - interval '1 ms'"
    )
    token = uuid4()
    async with pending.transaction() as session:
        (delivery,) = await webhook_deliveries.claim(
            session, pending.box, token=token, lease=timedelta(minutes=1), limit=1
        )
    assert await pending.value("SELECT crashes FROM webhook_deliveries") == 2
    async with pending.transaction() as session:
        tried = Attempted(status=500, duration=timedelta(0))
        schedule = [timedelta(0), timedelta(0)]
        assert await webhook_deliveries.finish(session, delivery, tried, token=token, schedule=schedule)
    assert await pending.value("SELECT crashes FROM webhook_deliveries") == 0


async def test_a_pause_does_not_show_that_a_job_can_be_lived_through(world: Any) -> None:
    job = await world.create()
    await world.sql("UPDATE jobs SET crashes = 3")
    async with world.transaction() as session:
        await pauses.pause(session, project_id=world.project_id, job_id=job.id)
    assert (await world.get(job)).crashes == 3
    await world.sql("UPDATE jobs SET paused_at = NULL, state = 'received'")
    await world.begin_upload()
    assert (await world.get(job)).crashes == 0


async def test_a_job_that_moves_between_crashes_is_no_poison(world: Any) -> None:
    await world.create()
    for _ in range(4):
        await die(world)
    await world.hand_back((await world.begin_upload()).job)
    await die(world)
    assert await poison(world) == 0


async def test_a_job_that_is_held_by_a_live_worker_is_not_judged(world: Any) -> None:
    await world.create()
    for _ in range(4):
        await die(world)
    await world.claim()
    assert await poison(world) == 0


async def forget(world: Any) -> dict[str, int]:
    async with world.transaction() as session:
        return await upkeep.forget_old(session, retention=RETENTION)


async def age(world: Any, table: str, column: str, days: float) -> None:
    await world.sql(
        f"UPDATE {table} SET {column} = now() - CAST(:age AS interval)",  # noqa: S608 - constants below
        age=timedelta(days=days),
    )


async def test_what_is_old_and_over_is_forgotten_and_the_job_stays(world: Any) -> None:
    job = await world.reach(JobState.CANCELLED, webhook_url="https://example.com/")
    await world.sql(
        "UPDATE webhook_deliveries SET state = 'delivered', delivered_at = now(), next_attempt_at = NULL"
    )
    await age(world, "webhook_events", "created_at", 89.9)
    await age(world, "jobs", "finished_at", 89.9)
    assert set((await forget(world)).values()) == {0}
    await age(world, "webhook_events", "created_at", 90.1)
    await age(world, "jobs", "finished_at", 90.1)
    forgotten = await forget(world)
    assert {kind: rows for kind, rows in forgotten.items() if rows} == {"webhook_events": 1, "job_events": 2}
    assert await world.value("SELECT count(*) FROM webhook_deliveries") == 0
    assert (await world.get(job)).state is JobState.CANCELLED


async def test_a_delivery_that_is_still_pending_is_never_forgotten(world: Any) -> None:
    await world.reach(JobState.CANCELLED, webhook_url="https://example.com/")
    await age(world, "webhook_events", "created_at", 1000)
    assert (await forget(world))["webhook_events"] == 0


async def test_the_history_of_a_living_job_is_never_forgotten(world: Any) -> None:
    await world.reach(JobState.TRACKING)
    await age(world, "job_events", "created_at", 1000)
    assert (await forget(world))["job_events"] == 0


@pytest.mark.parametrize(("hours", "forgotten"), [(23.9, 0), (24.1, 1)])
async def test_an_idempotency_key_is_kept_a_day(world: Any, hours: float, forgotten: int) -> None:
    await world.create(repeat=jobs.idempotency("k", b"b"))
    await age(world, "idempotency_keys", "created_at", hours / 24)
    assert (await forget(world))["idempotency_keys"] == forgotten


async def unused(world: Any) -> list[str]:
    async with world.transaction() as session:
        return [file_id for file_id, _ in await upkeep.unused_blobs(session)]


async def test_bytes_are_unused_once_a_file_is_deleted_or_expired_and_no_living_job_needs_it(
    world: Any,
) -> None:
    kept, deleted, expired, needed = [await world.file() for _ in range(4)]
    await world.create(training_file_id=kept, validation_file_id=needed)
    await world.sql("UPDATE files SET deleted_at = now() - interval '1 s' WHERE id = :id", id=deleted)
    await world.sql(
        "UPDATE files SET expires_at = now() - interval '1 s' WHERE id = ANY(:ids)", ids=[expired, needed]
    )
    assert set(await unused(world)) == {deleted, expired}
    async with world.transaction() as session:
        for file_id in (deleted, expired):
            await upkeep.blob_deleted(session, file_id=file_id)
    assert await unused(world) == []
    job_id = await world.value("SELECT id FROM jobs")
    async with world.transaction() as session:
        await jobs.cancel(session, project_id=world.project_id, job_id=job_id)
    assert await unused(world) == [needed]


async def test_a_file_cannot_be_deleted_while_a_living_job_needs_it(world: Any) -> None:
    async def delete(file_id: str) -> None:
        async with world.transaction() as session:
            await files.delete(session, project_id=world.project_id, file_id=file_id)

    job = await world.create()
    with pytest.raises(FileInUse):
        await delete(world.file_id)
    await world.cancel(job)
    await delete(world.file_id)
    with pytest.raises(NotFound):
        await delete(world.file_id)
    with pytest.raises(NotFound):
        await delete(ids.new_id(ids.FILE))


async def test_queue_depths_say_what_waits_and_how_late_it_is(world: Any) -> None:
    await world.create()
    await world.create()
    await world.sql("UPDATE jobs SET next_step_at = now() + interval '1 h'")
    late = await world.create()
    await world.sql("UPDATE jobs SET next_step_at = now() - interval '60 s' WHERE id = :id", id=late.id)
    async with world.transaction() as session:
        depths = {stage: found for stage, *found in await upkeep.queue_depths(session)}
    waiting, due, overdue = depths["received"]
    assert (waiting, due, 59 < overdue < 90) == (3, 1, True)
    assert depths["delivery"] == [0, 0, 0.0]
