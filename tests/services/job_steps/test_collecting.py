"""How a job ends, and what is kept of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.job_state import JobState
from domain.outcomes import (
    Retryable,
)
from domain.platform import JobError, PlatformCheckpoint, PlatformEvent, PlatformStatus
from services import jobs
from services.job_steps import collecting, submitting
from services.job_steps.collecting import Collected, StoredResult

ENDS: list[tuple[PlatformStatus, dict[str, Any], JobState, str | None]] = [
    (PlatformStatus.SUCCEEDED, {"fine_tuned_model": "ft:m"}, JobState.SUCCEEDED, None),
    (PlatformStatus.SUCCEEDED, {}, JobState.FAILED, "platform_named_no_model"),
    (PlatformStatus.SUCCEEDED, {"unusable_model": r"a\x00"}, JobState.FAILED, "platform_model_unusable"),
    (PlatformStatus.FAILED, {}, JobState.FAILED, "platform_job_failed"),
    (PlatformStatus.FAILED, {"error": JobError("oom", "Out of memory.")}, JobState.FAILED, "oom"),
    (PlatformStatus.FAILED, {"fine_tuned_model": "ft:m"}, JobState.FAILED, "platform_job_failed"),
    (PlatformStatus.CANCELLED, {}, JobState.CANCELLED, None),
]


@pytest.mark.parametrize(("status", "known", "state", "code"), ENDS)
async def test_how_a_job_ends(
    world: Any, status: PlatformStatus, known: dict[str, Any], state: JobState, code: str | None
) -> None:
    job = await world.reach(JobState.TRACKING)
    await world.end(await world.collecting(status, **known))
    job = await world.get(job)
    assert (job.state, job.error_code) == (state, code)


async def test_the_end_keeps_events_metrics_checkpoints_and_results(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    end = await world.collecting(PlatformStatus.SUCCEEDED, fine_tuned_model="ft:m", trained_tokens=99)
    collected = Collected(
        events=(
            PlatformEvent("e2", at, "odd", "", "metrics", {"step": 2, "train_loss": 0.5}),
            PlatformEvent("e1", at, "warn", "first", "message", {}),
        ),
        checkpoints=(
            PlatformCheckpoint("c2", at, "ft:m:2", 20, {"train_loss": 0.4}),
            PlatformCheckpoint("c1", at, "ft:m:1", 10, {}),
        ),
        results=(StoredResult("file-r1", "files/file-r1", 5, b"h"),),
        missing=("result file x",),
    )
    await world.end(end, collected)
    job = await world.get(job)
    assert (job.state, job.trained_tokens, job.result_files) == (JobState.SUCCEEDED, 99, ["file-r1"])
    told = await world.sql(
        "SELECT level, kind, message FROM job_events WHERE platform_event_id IS NOT NULL ORDER BY sequence"
    )
    assert told == [("warn", "message", "first"), ("info", "metrics", "metrics")]
    assert (await world.lines(job))[-2] == "The platform did not give: result file x"
    assert await world.value("SELECT numbers FROM job_metrics WHERE step = 2") == {
        "step": 2,
        "train_loss": 0.5,
    }
    steps = await world.sql("SELECT step_number, model FROM checkpoints ORDER BY id DESC")
    assert sorted(steps) == [(10, "ft:m:1"), (20, "ft:m:2")]
    assert await world.value("SELECT purpose FROM files WHERE id = 'file-r1'") == "fine-tune-results"


async def test_collecting_twice_keeps_each_thing_once(world: Any) -> None:
    await world.reach(JobState.TRACKING)
    end = await world.collecting(PlatformStatus.SUCCEEDED, fine_tuned_model="ft:m")
    async with world.transaction() as session:
        await collecting.try_again(session, end, Retryable("away"))
    end = await world.claim()
    await world.end(end)
    with pytest.raises(submitting.transitions.ClaimLost):
        await world.end(end)
    assert await world.value("SELECT count(*) FROM webhook_events") == 1


async def test_checkpoints_come_newest_step_first_with_the_platform_s_own_time(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    saved = datetime(2026, 1, 2, tzinfo=UTC)
    points = tuple(
        PlatformCheckpoint(f"c{step}", saved if step == 3 else None, f"m:{step}", step, {"train_loss": 0.5})
        for step in (3, 1, 2, 4)
    )
    await world.end(await world.collecting(fine_tuned_model="m"), Collected(checkpoints=points))
    async with world.transaction() as session:
        found = await jobs.checkpoints(
            session, project_id=world.project_id, job_id=job.id, after=None, limit=10
        )
        behind = await jobs.checkpoints(
            session, project_id=world.project_id, job_id=job.id, after=found[1].id, limit=10
        )
    assert [point.step_number for point in found] == [4, 3, 2, 1]
    assert behind == found[2:]
    assert found[1].created_at == saved
    assert found[0].created_at > saved
