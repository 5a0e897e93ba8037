"""A file that is gone from the platform is uploaded again, once."""

from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.jobs import Job
from domain.outcomes import Rejected
from services.job_steps import submitting

UNKNOWN = [
    Rejected(400, "File file-1 does not exist.", "file_not_found", "training_file"),
    Rejected(404, "No such File object: file-1", None, "id"),
    Rejected(422, "training_file: the file was deleted", None, "training_file"),
]
OTHERS = [
    Rejected(400, "The model `m` does not exist", "model_not_found", "model"),
    Rejected(400, "Invalid training file: line 3 is no JSON", "invalid_training_file", "training_file"),
]


async def refused(world: Any, job: Job, outcome: Rejected) -> None:
    plan = await world.begin_submit(job)
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, outcome, first_poll=timedelta(0))


@pytest.mark.parametrize("outcome", UNKNOWN)
async def test_a_file_that_the_platform_does_not_know_is_uploaded_again_once(
    world: Any, outcome: Rejected
) -> None:
    job = await world.create()
    await refused(world, await world.upload(), outcome)
    assert (await world.get(job)).state is JobState.HELD
    assert "uploading it again" in (await world.lines(job))[-1]
    plan = await world.begin_upload()
    assert len(plan.sources) == 1
    await refused(world, await world.finish_upload(plan), outcome)
    assert ((await world.get(job)).state, (await world.get(job)).error_message) == (
        JobState.FAILED,
        f"The platform refused the job: {outcome.message}",
    )


@pytest.mark.parametrize("outcome", OTHERS)
async def test_what_another_copy_would_not_mend_ends_the_job(world: Any, outcome: Rejected) -> None:
    job = await world.create()
    await refused(world, await world.upload(), outcome)
    assert (await world.get(job)).error_code == outcome.code


@pytest.mark.parametrize("param", ["validation_file", None])
async def test_only_the_file_that_is_gone_is_uploaded_again(world: Any, param: str | None) -> None:
    validation = await world.file()
    await world.create(validation_file_id=validation)
    message = "No such file." if param else f"No such file: p-{validation}"
    await refused(world, await world.upload(), Rejected(400, message, None, param))
    assert [source.file_id for source in (await world.begin_upload()).sources] == [validation]


async def test_where_it_is_not_said_which_file_is_gone_both_are_uploaded_again(world: Any) -> None:
    await world.create(validation_file_id=await world.file())
    await refused(world, await world.upload(), Rejected(404, "No such file."))
    assert len((await world.begin_upload()).sources) == 2


async def test_a_shared_copy_that_another_job_has_renewed_meanwhile_is_taken(world: Any) -> None:
    await world.sql("UPDATE platform_credentials SET echoes_metadata = true")
    job = await world.create()
    claimed = await world.upload()
    await world.sql("UPDATE platform_files SET platform_file_id = 'p-fresh'")
    await refused(world, claimed, Rejected(400, "gone: not found", "file_not_found", "training_file"))
    await world.finish_upload(await world.begin_upload())
    assert (await world.get(job)).platform_training_file == "p-fresh"
