"""From an accepted job to its files on the platform; waiting and parking."""

from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.jobs import Job
from domain.outcomes import (
    Ambiguous,
    Answered,
    NotFound,
    NotOffered,
    Outcome,
    Rejected,
    Retryable,
    Trouble,
)
from domain.platform import PlatformFile
from services.job_steps import uploading
from services.job_steps.uploading import UploadPlan


async def finish_upload(world: Any, plan: UploadPlan, outcome: Outcome[PlatformFile]) -> Job | None:
    async with world.transaction() as session:
        return await uploading.finish_upload(session, plan, {plan.sources[0].file_id: outcome})


async def due_in(world: Any) -> float:
    return float(await world.value("SELECT extract(epoch FROM next_step_at - now()) FROM jobs"))


async def test_a_failed_attempt_waits_longer_each_time_and_is_told_once(world: Any) -> None:
    job = await world.create()
    for failures in range(1, 4):
        plan = await world.begin_upload()
        await finish_upload(world, plan, Retryable("connection refused"))
        assert (await world.get(job)).failures == failures
        assert 0 < await due_in(world) <= 2**failures
    assert [line for line in await world.lines(job) if "connection refused" in line] == [
        "Uploading a file to the platform did not work (connection refused); it is tried again"
    ]


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (Retryable("slow down", Trouble.THROTTLED, timedelta(seconds=30)), 30),
        (Retryable("slow down", Trouble.THROTTLED), 10),
        (Retryable("401", Trouble.UNAUTHORIZED), 60),
    ],
)
async def test_a_429_or_a_refused_key_is_waited_out_and_is_no_failed_attempt(
    world: Any, outcome: Retryable, wait: float
) -> None:
    job = await world.create()
    await finish_upload(world, await world.begin_upload(), outcome)
    assert wait - 2 < await due_in(world) <= wait + 1
    assert ((await world.get(job)).failures, (await world.get(job)).state) == (0, JobState.UPLOADING)


@pytest.mark.parametrize(
    "outcome", [Rejected(400, "no messages"), NotFound("no messages"), NotOffered("no messages")]
)
async def test_a_refused_file_ends_the_job_with_the_platforms_words(
    world: Any, outcome: Outcome[PlatformFile]
) -> None:
    job = await world.create()
    await finish_upload(world, await world.begin_upload(), outcome)
    job = await world.get(job)
    assert job.error is not None
    assert (job.error.code, job.error.param) == ("platform_refused_file", "training_file")
    assert "no messages" in job.error.message


async def test_a_copy_that_arrived_is_not_uploaded_again_when_the_other_file_failed(world: Any) -> None:
    validation = await world.file()
    await world.create(validation_file_id=validation)
    plan = await world.begin_upload()
    outcomes: dict[str, Outcome[PlatformFile]] = {
        world.file_id: Answered(PlatformFile("p-1")),
        validation: Ambiguous("cut"),
    }
    async with world.transaction() as session:
        assert await uploading.finish_upload(session, plan, outcomes) is None
    plan = await world.begin_upload()
    assert [source.file_id for source in plan.sources] == [validation]
    assert plan.copies == {world.file_id: "p-1"}


@pytest.mark.parametrize(("echoes", "shared"), [(None, False), (False, False), (True, True)])
async def test_a_copy_is_shared_only_where_the_platform_was_seen_to_echo_the_marker(
    world: Any, *, echoes: bool | None, shared: bool
) -> None:
    await world.sql("UPDATE platform_credentials SET echoes_metadata = :echoes", echoes=echoes)
    await world.create()
    await world.hand_back(await world.upload())
    await world.sql("UPDATE jobs SET next_step_at = now() + interval '1 h', paused_at = now()")
    assert (await world.value("SELECT job_id IS NULL FROM platform_files")) is shared
    second = await world.create()
    await world.sql("UPDATE jobs SET state = 'failed', finished_at = now(), next_step_at = NULL,"
                    " error_code = 'c', error_message = 'm' WHERE id <> :id", id=second.id)  # fmt: skip
    plan = await world.begin_upload()
    assert bool(plan.copies) is shared
    assert bool(plan.sources) is not shared


async def test_a_file_whose_bytes_are_gone_ends_the_job(world: Any) -> None:
    job = await world.create()
    await world.sql("UPDATE files SET blob_key = ''")
    claimed = await world.claim()
    async with world.transaction() as session:
        assert await uploading.begin_upload(session, claimed) is None
    job = await world.get(job)
    assert job.error is not None
    assert job.error.code == "invalid_training_file"
    assert "cannot be used: its content is gone. Upload a corrected file" in job.error.message
