"""A job's copy of its file does not stay on the platform after the job's end, and no sooner does it go."""

from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.jobs import Job
from worker.sweeps import spent_copies


async def swept(rig: Any) -> int:
    """Sweep with a last check after ten minutes, so a quarter of an hour after the end."""
    checks = (timedelta(minutes=2), timedelta(minutes=10))
    return (await spent_copies.run_once(rig.sweeping(duplicate_checks=checks)))["deleted"]


async def age(rig: Any, minutes: int) -> None:
    """Let so much time pass."""
    past = f"interval '{minutes} minutes'"
    await rig.sql(f"UPDATE platform_uploads SET check_at = check_at - {past}")  # noqa: S608 - a number
    await rig.sql(f"UPDATE jobs SET finished_at = finished_at - {past}")  # noqa: S608 - a number


async def ended(rig: Any, **new: Any) -> Job:
    """Return a job that has ended and whose create was looked at for late duplicates for the last time."""
    job = await rig.create(**new)
    async with rig.worker():
        done = await rig.ends(job)
    await rig.sql("UPDATE platform_submissions SET check_at = NULL")
    return done  # type: ignore[no-any-return]


def left(rig: Any) -> int:
    return sum(row.job is None and not row.deleted for row in rig.stand_in.store.files.values())


async def test_it_goes_a_quarter_of_an_hour_after_the_end(rig: Any) -> None:
    job = await ended(rig, validation_file_id=await rig.file())
    assert (job.state, left(rig)) == (JobState.SUCCEEDED, 2)
    await age(rig, 14)
    assert (await swept(rig), left(rig)) == (0, 2)
    await age(rig, 2)
    assert (await swept(rig), left(rig)) == (2, 0)
    await age(rig, 16)
    assert (await swept(rig), rig.requests("file_delete")) == (0, 2)
    assert await rig.sql("SELECT outcome FROM platform_uploads") == [("spent",)] * 2
    assert not await rig.sql("SELECT FROM platform_files")


NEEDED = {
    "a living job": "UPDATE jobs SET state = 'held', finished_at = NULL, next_step_at = now(),"
    " platform_job_id = NULL, fine_tuned_model = NULL",
    "a living job that it was shared with": "INSERT INTO jobs (id, project_id, credential_id, model,"
    " platform_model, training_file_id, seed, hyperparameters, state, next_step_at, platform_training_file)"
    " SELECT 'ftjob-2', project_id, credential_id, 'm', 'm', training_file_id, 1, '{}', 'held', now(), 'p'"
    " FROM jobs",
    "a living job that validates by it": "INSERT INTO jobs (id, project_id, credential_id, model,"
    " platform_model, training_file_id, seed, hyperparameters, state, next_step_at, platform_validation_file)"
    " SELECT 'ftjob-2', project_id, credential_id, 'm', 'm', training_file_id, 1, '{}', 'held', now(), 'p'"
    " FROM jobs",
    "all jobs": "UPDATE platform_files SET job_id = NULL",
    "a create that may come to light": "UPDATE platform_submissions SET outcome = 'unconfirmed',"
    " platform_job_id = NULL",
    "a look that is still to come": "UPDATE platform_submissions SET check_at = now()",
    "a person, as the platform lost the job": "UPDATE jobs SET platform_end = NULL",
    "another upload, as the same content has one id there": "INSERT INTO platform_uploads (id, file_id,"
    " credential_id, job_id, claim_token, outcome, platform_file_id) SELECT 'pu_other', file_id,"
    " credential_id, 'other', claim_token, 'used', platform_file_id FROM platform_uploads",
}


async def test_what_is_needed_stays(rig: Any) -> None:
    for needed_by, change in NEEDED.items():
        await rig.sql("DELETE FROM platform_uploads")
        await rig.sql("DELETE FROM platform_files")
        await rig.sql("DELETE FROM jobs")
        await rig.sql(
            "INSERT INTO jobs (id, project_id, credential_id, model, platform_model, training_file_id, seed,"
            " hyperparameters, state, finished_at, next_step_at, platform_training_file, platform_job_id,"
            " fine_tuned_model, platform_end) VALUES ('ftjob-1', :project, :credential, 'm', 'm', :file, 1,"
            " '{}', 'succeeded', now() - interval '16 min', NULL, 'p', 'j', 'ft', '{}')",
            project=rig.project_id, credential=rig.credential_id, file=rig.file_id,
        )  # fmt: skip
        rows = {"file": rig.file_id, "credential": rig.credential_id}
        await rig.sql(
            "INSERT INTO platform_files (id, file_id, credential_id, job_id, platform_file_id)"
            " VALUES ('pf_1', :file, :credential, 'ftjob-1', 'p')", **rows,
        )  # fmt: skip
        await rig.sql(
            "INSERT INTO platform_submissions (id, job_id, marker, platform_training_file, own_file, outcome,"
            " platform_job_id, check_at)"
            " VALUES ('sub_1', 'ftjob-1', 'sub_1', 'p', true, 'created', 'j', NULL)"
        )
        await rig.sql(
            "INSERT INTO platform_uploads (id, file_id, credential_id, job_id, claim_token, outcome,"
            " platform_file_id, check_at) VALUES ('pu_1', :file, :credential, 'ftjob-1',"
            " gen_random_uuid(), 'used', 'p', now() - interval '16 min')", **rows,
        )  # fmt: skip
        await rig.sql(change)
        assert await swept(rig) == 0, needed_by
        assert rig.requests("file_delete") == 0
        again = "SELECT check_at IS NOT NULL FROM platform_uploads WHERE id = 'pu_1'"
        assert await rig.value(again), needed_by
    await rig.sql("DELETE FROM platform_uploads WHERE id = 'pu_other'")
    await age(rig, 16)
    assert await swept(rig) == 1  # the platform says that it is gone


@pytest.mark.parametrize(
    ("fault", "quirks", "after"),
    [("server_error;route=file_delete", [], 1), ("any", ["no_file_delete"], 0)],
)
async def test_what_cannot_be_deleted_now_is_tried_again_if_it_ever_can(
    rig: Any, fault: str, quirks: list[str], after: int
) -> None:
    await ended(rig)
    await age(rig, 16)
    rig.stand_in.quirks.choose(quirks)
    if not quirks:
        rig.order(fault)
    assert (await swept(rig), left(rig)) == (0, 1)
    await age(rig, 16)
    assert (await swept(rig), rig.requests("file_delete")) == (after, 1 + after)


async def test_of_a_job_that_was_never_submitted_it_goes_too(rig: Any) -> None:
    rig.order("file_refused;route=create")
    assert (await ended(rig)).state is JobState.FAILED
    await age(rig, 16)
    assert (await swept(rig), left(rig)) == (1, 0)
