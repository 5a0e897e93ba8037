"""Pausing: either the pause wins and no create is sent, or it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db.queries import submissions
from domain.deadlines import DEADLINES
from domain.errors import AlreadyEnded, AlreadySubmitted, NotFound
from domain.job_state import BEFORE_SUBMISSION, TERMINAL, JobState
from domain.jobs import Job
from domain.outcomes import Ambiguous, Retryable
from services import claims, jobs, pauses, upkeep
from services.job_steps import submitting, uploading

LEASE = timedelta(seconds=30)
FIRST_CHECK = timedelta(minutes=2)
PAUSED, RESUMED = "The job was paused", "The job was resumed"


async def pause(world: Any, job: Job) -> Job:
    async with world.transaction() as session:
        return await pauses.pause(session, project_id=world.project_id, job_id=job.id)


async def resume(world: Any, job: Job) -> Job:
    async with world.transaction() as session:
        return await pauses.resume(session, project_id=world.project_id, job_id=job.id)


async def due(world: Any) -> list[Job]:
    async with world.transaction() as session:
        return list(await claims.claim_advancing(session, lease=LEASE, limit=10))


async def begin_submit(world: Any, job: Job) -> Any:
    async with world.transaction() as session:
        return await submitting.begin_submit(session, job, lease=LEASE, first_check=FIRST_CHECK)


async def sent(world: Any) -> int:
    return int(await world.value("SELECT count(*) FROM platform_submissions"))


@pytest.mark.parametrize("state", [*sorted(BEFORE_SUBMISSION), JobState.SUBMITTING])
async def test_what_nobody_holds_is_held_at_once_and_goes_on_at_once(world: Any, state: JobState) -> None:
    job = await world.reach(state)
    await world.sql("UPDATE jobs SET paused_at = NULL")  # how a job is held is how it got there
    paused = await pause(world, job)
    assert (paused.state, paused.paused_at is not None) == (JobState.HELD, True)
    assert paused == await world.get(job) == await pause(world, job)
    await world.sql("UPDATE jobs SET next_step_at = now() - interval '1 h'")
    assert await due(world) == []
    resumed = await resume(world, job)
    assert (resumed.paused_at, resumed) == (None, await resume(world, job))
    lines = await world.lines(job)
    assert (lines.count(PAUSED), lines.count(RESUMED)) == (1, 1)
    assert [one.id for one in await due(world)] == [job.id]


async def test_a_paused_job_is_not_due_before_its_deadline_which_ends_it(world: Any) -> None:
    job = await world.create()
    await pause(world, job)
    end = DEADLINES[JobState.HELD].end
    assert await world.value("SELECT next_step_at > now() + interval '29 days' FROM jobs")
    await world.sql("UPDATE jobs SET state_since = state_since - CAST(:by AS interval)", by=end)
    async with world.transaction() as session:
        assert await upkeep.fail_stalled(session, JobState.HELD) == 1
    error = (await world.get(job)).error
    assert error is not None
    assert error.code == "held_too_long"


async def test_a_paused_job_is_not_overdue(world: Any) -> None:
    await pause(world, await world.create())
    await world.sql("UPDATE jobs SET next_step_at = now() - interval '1 h'")
    async with world.transaction() as session:
        assert ("held", 1, 0, 0.0) in await upkeep.queue_depths(session)


async def test_cancelling_a_paused_job_ends_it_at_once(world: Any) -> None:
    job = await world.create()
    await pause(world, job)
    assert (await world.cancel(job)).state is JobState.CANCELLED


async def test_an_upload_under_way_is_finished_kept_and_not_submitted(world: Any) -> None:
    created = await world.create()
    plan = await world.begin_upload()
    answered = await pause(world, created)
    assert (answered.state, answered.paused_at is not None) == (JobState.UPLOADING, True)
    job = await world.finish_upload(plan)
    assert await begin_submit(world, job) is None
    assert ((await world.get(job)).state, await sent(world)) == (JobState.HELD, 0)
    await resume(world, job)
    again = await world.begin_upload()
    assert again.sources == ()  # what is on the platform already stays there
    await world.submit(await world.finish_upload(again))
    assert (await world.get(job)).state is JobState.TRACKING


async def test_a_pause_taken_back_before_its_worker_noticed_changes_nothing(world: Any) -> None:
    created = await world.create()
    plan = await world.begin_upload()
    await pause(world, created)
    await resume(world, created)
    assert await begin_submit(world, await world.finish_upload(plan)) is not None


@pytest.mark.parametrize("state", [JobState.RECEIVED, JobState.HELD, JobState.UPLOADING])
async def test_a_pause_taken_back_after_its_worker_read_it_puts_the_job_off_for_nothing(
    world: Any, state: JobState
) -> None:
    job = await world.reach(state)
    await world.sql("UPDATE jobs SET paused_at = NULL, next_step_at = now()")
    await world.sql(
        "UPDATE jobs SET paused_at = now() WHERE state <> 'held'"
    )  # held ones are not claimed then
    (claimed,) = await due(world)
    read = replace(claimed, paused_at=claimed.created_at)
    await world.sql("UPDATE jobs SET paused_at = now()")
    await resume(world, job)
    async with world.transaction() as session:
        assert await uploading.begin_upload(session, read) is None
    assert await world.value("SELECT paused_at IS NULL AND next_step_at <= now() FROM jobs")
    assert [one.id for one in await due(world)] == [job.id]


async def test_a_pause_taken_back_while_its_worker_asks_why_lets_the_job_go_on(world: Any) -> None:
    created = await world.create()
    job = await world.upload()
    await pause(world, created)
    async with world.transaction() as session:
        refused = await submissions.open_submission(
            session,
            submission_id="sub_x",
            job_id=job.id,
            token=job.claim_token,
            marker="m",
            lease=LEASE,
            first_check=FIRST_CHECK,
        )
        assert refused is None
    await resume(world, created)
    async with world.transaction() as session:
        await submitting._not_opened(session, job)
    assert await begin_submit(world, (await due(world))[0]) is not None


async def test_a_cancel_of_a_held_job_is_carried_out_though_it_is_paused_and_its_worker_died(
    world: Any,
) -> None:
    job = await world.reach(JobState.HELD)
    await world.sql("UPDATE jobs SET paused_at = NULL, next_step_at = now()")
    assert len(await due(world)) == 1
    await pause(world, job)
    await world.cancel(job)
    await world.sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    (claimed,) = await due(world)
    async with world.transaction() as session:
        assert await uploading.begin_upload(session, claimed) is None
    assert (await world.get(job)).state is JobState.CANCELLED


async def test_a_cancel_beats_a_pause(world: Any) -> None:
    created = await world.create()
    job = await world.upload()
    await pause(world, created)
    await world.cancel(created)
    assert await begin_submit(world, job) is None
    assert (await world.get(job)).state is JobState.CANCELLED


async def test_a_job_can_be_paused_between_two_tries_of_its_create(world: Any) -> None:
    created = await world.create()
    plan = await world.begin_submit(await world.upload())
    with pytest.raises(AlreadySubmitted):
        await pause(world, created)
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, Retryable("refused"), first_poll=LEASE)
    assert (await pause(world, created)).state is JobState.HELD


async def test_a_job_whose_create_is_unclear_cannot_be_paused(world: Any) -> None:
    created = await world.create()
    plan = await world.begin_submit(await world.upload())
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, Ambiguous("cut"), first_poll=LEASE)
    for act in (pause, resume):
        with pytest.raises(AlreadySubmitted):
            await act(world, created)


async def test_a_pause_and_a_create_at_the_same_moment_never_both_win(world: Any) -> None:
    for _ in range(12):
        created = await world.create()
        job = await world.upload()
        plan, paused = await asyncio.gather(
            begin_submit(world, job), pause(world, created), return_exceptions=True
        )
        refused = isinstance(paused, AlreadySubmitted)
        assert refused is (plan is not None), (plan, paused)
        assert not isinstance(plan, Exception)
        assert (await world.get(created)).state is (JobState.SUBMITTING if refused else JobState.HELD)
        assert await sent(world) == refused
        await world.sql("DELETE FROM jobs")


@pytest.mark.parametrize("act", [pause, resume])
@pytest.mark.parametrize("state", [JobState.TRACKING, JobState.COLLECTING])
async def test_what_is_with_the_platform_cannot_be_paused_or_resumed(
    world: Any, state: JobState, act: Callable[[Any, Job], Awaitable[Job]]
) -> None:
    job = await world.reach(state)
    with pytest.raises(AlreadySubmitted):
        await act(world, job)
    assert await world.get(job) == job


@pytest.mark.parametrize("act", [pause, resume])
@pytest.mark.parametrize("state", sorted(TERMINAL))
async def test_what_has_ended_cannot_be_paused_or_resumed(
    world: Any, state: JobState, act: Callable[[Any, Job], Awaitable[Job]]
) -> None:
    job = await world.reach(state)
    with pytest.raises(AlreadyEnded):
        await act(world, job)
    assert await world.get(job) == job


@pytest.mark.parametrize("act", [pause, resume])
async def test_another_projects_job_is_not_there(
    world: Any, act: Callable[[Any, Job], Awaitable[Job]]
) -> None:
    job = await world.create()
    await world.act_as("two")
    with pytest.raises(NotFound):
        await act(world, job)


async def test_a_job_that_waits_for_the_platform_can_be_paused_as_well(world: Any) -> None:
    job = await world.create()
    await world.sql(
        "UPDATE platform_credentials SET parked_until = now() + interval '1 h', parked_reason = 'x'"
    )
    async with world.transaction() as session:
        (claimed,) = await claims.claim_advancing(session, lease=LEASE, limit=1)
    await world.hold(claimed)
    assert (await pause(world, job)).state is JobState.HELD
    async with world.transaction() as session:
        lines = await jobs.events(session, project_id=world.project_id, job_id=job.id, before=None, limit=2)
    assert [line.message for line in lines] == [PAUSED, "The job is held: the platform account is parked (x)"]
