"""The steps between calls to the platform: what each answer leads to."""

from datetime import UTC, datetime, timedelta
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
from domain.platform import JobError, PlatformCheckpoint, PlatformEvent, PlatformFile, PlatformStatus
from services.job_steps import collecting, reconciling, submitting, tracking, uploading
from services.job_steps.collecting import Collected, StoredResult
from services.job_steps.reconciling import ReconcilePlan
from services.job_steps.uploading import UploadPlan

NOW = timedelta(0)
SETTLE = timedelta(seconds=90)


async def finish_upload(world: Any, plan: UploadPlan, outcome: Outcome[PlatformFile]) -> Job | None:
    async with world.transaction() as session:
        return await uploading.finish_upload(session, plan, {plan.sources[0].file_id: outcome})


async def due_in(world: Any) -> float:
    return float(await world.value("SELECT extract(epoch FROM next_step_at - now()) FROM jobs"))


async def parked_for(world: Any) -> float | None:
    seconds = await world.value("SELECT extract(epoch FROM parked_until - now()) FROM platform_credentials")
    return None if seconds is None else float(seconds)


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
    assert await parked_for(world) is None


@pytest.mark.parametrize(
    ("asked", "parked"), [(None, 10), (timedelta(seconds=30), 30), (NOW, 1), (timedelta(hours=2), 900)]
)
async def test_a_429_parks_the_account_and_is_no_failed_attempt(
    world: Any, asked: timedelta | None, parked: float
) -> None:
    job = await world.create()
    plan = await world.begin_upload()
    await finish_upload(world, plan, Retryable("slow down", Trouble.THROTTLED, asked))
    seconds = await parked_for(world)
    assert seconds is not None
    assert parked - 5 < seconds <= parked
    assert ((await world.get(job)).failures, (await world.get(job)).state) == (0, JobState.UPLOADING)


async def test_a_longer_parking_stands(world: Any) -> None:
    await world.create()
    plan = await world.begin_upload()
    await world.sql("UPDATE platform_credentials SET parked_until = now() + interval '1 h'")
    await finish_upload(world, plan, Retryable("slow down", Trouble.THROTTLED, timedelta(seconds=5)))
    assert (await parked_for(world) or 0) > 3500


async def test_a_refused_key_parks_the_account_and_tells_the_operator(world: Any) -> None:
    job = await world.create()
    plan = await world.begin_upload()
    await finish_upload(world, plan, Retryable("401", Trouble.UNAUTHORIZED))
    assert 55 < (await parked_for(world) or 0) <= 60
    assert "Check XPULINK_API_KEY" in (await world.lines(job))[-1]
    # The next job is held before anything is sent, and says why.
    other = await world.create()
    claimed = await world.claim()
    async with world.transaction() as session:
        assert await uploading.begin_upload(session, claimed) is None
    assert (await world.lines(other))[-1] == "The job is held: the platform account is parked (unauthorized)"


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


async def test_the_intent_is_kept_before_the_create_leaves(world: Any) -> None:
    await world.create()
    plan = await world.begin_submit(await world.upload())
    ((id_, marker, outcome, own),) = await world.sql(
        "SELECT id, marker, outcome, own_file FROM platform_submissions"
    )
    assert (id_, marker, outcome, own) == (plan.submission_id, plan.request.marker, "pending", True)
    assert (await world.get(plan.job)).open_submission_id == plan.submission_id


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


async def test_a_platform_that_refuses_metadata_is_asked_again_without(world: Any) -> None:
    await world.create()
    plan = await world.begin_submit(await world.upload())
    assert plan.with_metadata
    refused = Rejected(400, "Unknown parameter: 'metadata'.", None, "metadata")
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, refused, first_poll=NOW)
    job = await world.claim()
    again = await world.begin_submit(job)
    assert not again.with_metadata
    async with world.transaction() as session:
        await submitting.finish_submit(session, again, refused, first_poll=NOW)
    assert (await world.get(job)).state is JobState.FAILED


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


ENDS: list[tuple[PlatformStatus, dict[str, Any], JobState, str | None]] = [
    (PlatformStatus.SUCCEEDED, {"fine_tuned_model": "ft:m"}, JobState.SUCCEEDED, None),
    (PlatformStatus.SUCCEEDED, {}, JobState.FAILED, "platform_named_no_model"),
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
