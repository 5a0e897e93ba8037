"""One create call: its intent, its outcome, and the search for one whose answer was lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import methods
from domain.job_state import JobState
from domain.jobs import Job
from domain.outcomes import (
    Ambiguous,
    NotFound,
    Outcome,
    Rejected,
    Retryable,
)
from domain.reconciliation import Sought
from services import operations
from services.job_steps import reconciling, submitting
from services.job_steps.reconciling import ReconcilePlan

NOW = timedelta(0)
SETTLE = timedelta(seconds=90)
FIRST_CHECK = timedelta(minutes=2)


async def due_in(world: Any) -> float:
    return float(await world.value("SELECT extract(epoch FROM next_step_at - now()) FROM jobs"))


async def test_the_intent_is_kept_before_the_create_leaves(world: Any) -> None:
    await world.create()
    plan = await world.begin_submit(await world.upload())
    ((id_, marker, outcome, own),) = await world.sql(
        "SELECT id, marker, outcome, own_file FROM platform_submissions"
    )
    assert (id_, marker, outcome, own) == (plan.submission_id, plan.request.marker, "pending", True)
    assert (await world.get(plan.job)).open_submission_id == plan.submission_id


async def test_a_create_that_kills_its_worker_is_not_absolved_by_the_looks_that_find_nothing(
    world: Any,
) -> None:
    job = await world.create()
    await world.begin_submit(await world.upload())
    await world.sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    for settle in (SETTLE, NOW):
        async with world.transaction() as session:
            plan = await reconciling.begin_reconcile(session, await world.claim())
            await reconciling.finish_absent(session, plan, settle=settle)
    after = await world.get(job)
    assert (after.open_submission_id, after.crashes) == (None, 1)
    await world.submit(await world.claim())
    assert (await world.get(job)).crashes == 0


async def test_what_the_job_s_owner_wants_reported_to_is_sent(world: Any) -> None:
    wanted = [{"type": "wandb", "wandb": {"project": "p"}}]
    await world.create(integrations=wanted)
    plan = await world.begin_submit(await world.upload())
    assert plan.request.integrations == wanted


async def test_no_second_create_while_the_fate_of_one_is_unknown(world: Any) -> None:
    await world.create()
    job = await world.upload()
    await world.begin_submit(job)
    with pytest.raises(submitting.transitions.ClaimLost):
        await world.begin_submit(job)
    assert await world.value("SELECT count(*) FROM platform_submissions") == 1


@pytest.mark.parametrize(
    ("outcome", "recorded", "state", "still_open"),
    [
        (Retryable("refused"), "retryable", JobState.SUBMITTING, False),
        (Ambiguous("cut"), "ambiguous", JobState.SUBMITTING, True),
        (Rejected(400, "bad model", "bad_model", "model"), "rejected", JobState.FAILED, False),
        (NotFound("no such file"), "rejected", JobState.FAILED, False),
    ],
)
async def test_what_becomes_of_a_create(
    world: Any, outcome: Outcome[Any], recorded: str, state: JobState, *, still_open: bool
) -> None:
    await world.create()
    plan = await world.begin_submit(await world.upload())
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, outcome, first_poll=NOW)
    job = await world.get(plan.job)
    assert (job.state, job.open_submission_id is not None) == (state, still_open)
    assert await world.value("SELECT outcome FROM platform_submissions") == recorded


REFUSED = Rejected(400, "Unknown parameter: 'metadata'.", None, "metadata")
OF_ITS_OWN = "submitting with a training file uploaded for this job alone"


@pytest.mark.parametrize("echoed", [False, True])
async def test_a_platform_that_refuses_metadata_is_asked_again_with_a_file_that_tells_instead(
    world: Any, *, echoed: bool
) -> None:
    await world.sql("UPDATE platform_credentials SET echoes_metadata = :echoed", echoed=echoed or None)
    job = await world.create()
    plan = await world.begin_submit(await world.upload())
    assert plan.with_metadata
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, REFUSED, first_poll=NOW)
    assert (await world.get(job)).state is JobState.HELD
    assert (await world.lines(job))[-1] == f"The platform refuses the metadata field; {OF_ITS_OWN}"
    # One that was shared is uploaded again; one that is the job's own already is not.
    uploading = await world.begin_upload()
    assert (bool(uploading.sources), uploading.shared) == (echoed, False)
    again = await world.begin_submit(await world.finish_upload(uploading))
    assert not again.with_metadata
    assert await world.value("SELECT own_file FROM platform_submissions ORDER BY id DESC LIMIT 1")
    async with world.transaction() as session:
        await submitting.finish_submit(session, again, REFUSED, first_poll=NOW)
    assert (await world.get(job)).state is JobState.FAILED


@pytest.mark.parametrize(
    "learnt", ["refuses_metadata = true", "echoes_metadata = false", "echoes_metadata = NULL"]
)
async def test_no_create_leaves_that_could_not_be_recognised(world: Any, learnt: str) -> None:
    await world.sql("UPDATE platform_credentials SET echoes_metadata = true")
    job = await world.create()
    claimed = await world.upload()
    await world.sql(f"UPDATE platform_credentials SET {learnt}")  # noqa: S608 - by another job, meanwhile
    async with world.transaction() as session:
        assert (
            await submitting.begin_submit(
                session, claimed, lease=timedelta(seconds=30), first_check=FIRST_CHECK
            )
            is None
        )
    assert (await world.get(job)).state is JobState.HELD
    assert (await world.lines(job))[-1] == f"The platform does not keep the metadata field; {OF_ITS_OWN}"
    assert await world.value("SELECT count(*) FROM platform_submissions") == 0
    uploading = await world.begin_upload()
    assert uploading.sources
    await world.begin_submit(await world.finish_upload(uploading))
    assert await world.value("SELECT own_file FROM platform_submissions")


async def test_a_shared_file_is_nobody_s_own_though_the_job_had_one_uploaded_before(world: Any) -> None:
    job = await world.create()
    claimed = await world.upload()
    await world.sql("UPDATE platform_credentials SET echoes_metadata = true")
    await world.sql("UPDATE jobs SET platform_training_file = 'file-of-all' WHERE id = :id", id=job.id)
    await world.begin_submit(claimed)
    assert not await world.value("SELECT own_file FROM platform_submissions")


async def unclear(world: Any) -> ReconcilePlan:
    """Take a job to a create whose answer was lost, and begin to look for it."""
    await world.create()
    plan = await world.begin_submit(await world.upload())
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, Ambiguous("cut"), first_poll=NOW)
    return await look(world)


async def look(world: Any) -> ReconcilePlan:
    job = await world.claim()
    async with world.transaction() as session:
        return await reconciling.begin_reconcile(session, job)


async def test_a_create_that_is_found_is_adopted(world: Any) -> None:
    plan = await unclear(world)
    assert plan.sought.own_file
    async with world.transaction() as session:
        await reconciling.finish_found(session, plan, world.platform_job(id_="ftjob-p9"), first_poll=NOW)
    job = await world.get(plan.job)
    assert (job.state, job.platform_job_id, job.open_submission_id) == (JobState.TRACKING, "ftjob-p9", None)
    assert await world.value("SELECT outcome FROM platform_submissions") == "adopted"


async def test_another_create_may_leave_only_after_two_looks_a_settle_time_apart(world: Any) -> None:
    plan = await unclear(world)
    for _ in range(2):  # the second look comes too early
        async with world.transaction() as session:
            await reconciling.finish_absent(session, plan, settle=SETTLE)
        assert SETTLE.total_seconds() - 10 < await due_in(world) <= SETTLE.total_seconds()
        plan = await look(world)
        assert plan.job.open_submission_id is not None
    await world.sql("UPDATE platform_submissions SET absent_since = now() - interval '91 s'")
    await world.hand_back(plan.job)
    plan = await look(world)
    async with world.transaction() as session:
        await reconciling.finish_absent(session, plan, settle=SETTLE)
    assert (await world.get(plan.job)).open_submission_id is None
    again = await world.begin_submit(await world.claim())
    assert again.request.marker != plan.sought.marker
    assert await world.sql("SELECT outcome FROM platform_submissions ORDER BY id") == [
        ("absent",),
        ("pending",),
    ]


@pytest.mark.parametrize("unreachable", [False, True])
async def test_what_is_neither_confirmed_nor_ruled_out_fails_after_a_day_naming_the_marker(
    world: Any, *, unreachable: bool
) -> None:
    async def finish(plan: ReconcilePlan) -> Job:
        async with world.transaction() as session:
            if unreachable:
                await reconciling.finish_unreachable(session, plan, Retryable("refused"))
            else:
                await reconciling.finish_unknown(session, plan, "the list does not reach far enough")
        return await world.get(plan.job)  # type: ignore[no-any-return]

    plan = await unclear(world)
    assert (await finish(plan)).state is JobState.SUBMITTING
    await world.sql("UPDATE platform_submissions SET intent_at = now() - interval '24 h 1 s'")
    job = await finish(await look(world))
    assert job.error is not None
    assert (job.state, job.error.code) == (JobState.FAILED, "submission_unconfirmed")
    assert f"tuneward={plan.sought.marker}" in job.error.message


async def test_the_platform_is_sent_the_guide_s_spelling(world: Any) -> None:
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}, "extra": 1}}
    tuning = methods.tuning({"learning_rate_multiplier": 2}, method)
    await world.create(hyperparameters=tuning.given, variants=tuning.variants, method=tuning.method)
    request = (await world.begin_submit(await world.upload())).request
    guide = {
        "n_epochs": 2, "batch_size": 2, "learning_rate": 2e-4,
        "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.05,
    }  # fmt: skip
    assert request.hyperparameters == guide
    supervised = {"hyperparameters": guide, "extra": 1}
    assert request.method == {"type": "supervised", "supervised": supervised}


async def test_a_look_that_cannot_tell_is_told_once_and_makes_the_job_one_of_the_stuck_after_a_while(
    world: Any,
) -> None:
    async def stuck() -> list[Job]:
        async with world.transaction() as session:
            return await operations.stuck_jobs(session, limit=10)

    plan = await unclear(world)
    for _ in range(2):
        async with world.transaction() as session:
            await reconciling.finish_unknown(session, plan, "it hides")
        assert await stuck() == []
        plan = await look(world)
    await world.hand_back(plan.job)
    told = "Whether the platform got the submission cannot be told yet (it hides); looking for up to a day"
    assert (await world.lines(plan.job)).count(told) == 1
    await world.sql("UPDATE platform_submissions SET intent_at = now() - interval '11 min'")
    assert [job.id for job in await stuck()] == [plan.job.id]


@pytest.mark.parametrize("own", [True, False])
def test_the_last_word_on_an_unconfirmed_create_names_the_file_if_it_tells(*, own: bool) -> None:
    message = reconciling.unconfirmed(Sought("m-1", "file-1", own, datetime.now(UTC))).message
    assert "tuneward=m-1" in message
    assert ("the training file file-1" in message) is own
