"""What the platform says of a submitted job, and to a cancel."""

from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.outcomes import (
    Ambiguous,
    Answered,
    NotFound,
    NotOffered,
    Outcome,
    Rejected,
    Retryable,
)
from domain.platform import PlatformStatus
from services.job_steps import tracking


async def due_in(world: Any) -> float:
    return float(await world.value("SELECT extract(epoch FROM next_step_at - now()) FROM jobs"))


async def poll(world: Any, outcome: Outcome[Any]) -> None:
    job = await world.claim(tracked=True)
    async with world.transaction() as session:
        await tracking.finish_poll(session, job, outcome, interval=timedelta(seconds=30))


async def test_running_is_shown_once_the_platform_said_so_and_stays(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    shown = []
    for status in (PlatformStatus.QUEUED, PlatformStatus.RUNNING, PlatformStatus.QUEUED):
        await world.poll(world.platform_job(status))
        shown.append((await world.get(job)).shown_status.value)
    assert shown == ["queued", "running", "running"]
    assert (await world.get(job)).polls == 3


async def test_a_job_is_lost_after_three_404s_over_ten_minutes_and_not_before(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    for _ in range(4):
        await poll(world, NotFound("No such job"))
    assert (await world.get(job)).state is JobState.TRACKING  # four, but within a second
    assert await due_in(world) > 190
    await world.sql("UPDATE jobs SET not_found_since = now() - interval '10 min', not_found_count = 1")
    await poll(world, NotFound("No such job"))
    assert (await world.get(job)).state is JobState.TRACKING  # ten minutes, but two looks
    await poll(world, NotFound("No such job"))
    job = await world.get(job)
    assert job.error is not None
    assert (job.error.code, job.state) == ("platform_job_lost", JobState.FAILED)
    assert "ftjob-p1" in job.error.message


async def test_a_job_that_shows_itself_again_is_not_lost(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    await poll(world, NotFound("No such job"))
    await poll(world, Answered(world.platform_job(PlatformStatus.RUNNING)))
    assert ((await world.get(job)).not_found_count, (await world.get(job)).not_found_since) == (0, None)


async def test_an_unknown_status_counts_as_running_and_is_told_once(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    strange = world.platform_job(PlatformStatus.RUNNING, known_status=False)
    for _ in range(2):
        await poll(world, Answered(strange))
    # `raw_status` is the same both times: the second look brings no news.
    assert sum("unknown status" in line for line in await world.lines(job)) == 1


@pytest.mark.parametrize(("marker", "echoes"), [("sub_1", True), (None, False)])
async def test_the_first_look_shows_whether_the_platform_echoes_the_marker(
    world: Any, marker: str | None, *, echoes: bool
) -> None:
    await world.reach(JobState.TRACKING)
    metadata = {"tuneward": marker} if marker else None
    await poll(world, Answered(world.platform_job(metadata=metadata)))
    assert await world.value("SELECT echoes_metadata FROM platform_credentials") is echoes


@pytest.mark.parametrize(
    ("outcome", "sent", "remembered"),
    [
        (Answered(None), True, False),
        (Rejected(400, "already ended"), True, False),
        (NotOffered("405"), True, True),
        (Retryable("refused"), False, False),
        (Ambiguous("cut"), False, False),
    ],
)
async def test_what_the_platform_says_to_a_cancel(
    world: Any, outcome: Outcome[Any], *, sent: bool, remembered: bool
) -> None:
    job = await world.reach(JobState.TRACKING)
    await world.cancel(job)
    claimed = await world.claim(tracked=True)
    async with world.transaction() as session:
        await tracking.finish_cancel(session, claimed, outcome)
    job = await world.get(job)
    assert (job.state, job.cancel_sent_at is not None) == (JobState.TRACKING, sent)
    known = await world.value("SELECT jsonb_exists(missing_routes, 'cancel') FROM platform_credentials")
    assert known is remembered
