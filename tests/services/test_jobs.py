"""What clients do with jobs: create and cancel."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain import ids
from domain.errors import (
    AlreadyEnded,
    IdempotencyMismatch,
    InvalidTrainingFile,
    NotFound,
    PlatformCannotCancel,
)
from domain.job_state import BEFORE_SUBMISSION, TERMINAL, JobState
from domain.jobs import Job
from domain.platform import PlatformStatus
from services import jobs
from services.job_steps import submitting, uploading


async def test_a_new_job_is_received_due_and_has_its_first_line(world: Any) -> None:
    job = await world.create(
        suffix="s", metadata={"a": "b"}, hyperparameters={"n_epochs": 3}, extra={"unknown": [1]}
    )
    assert (job.state, job.sequence, job.metadata, job.extra) == (
        JobState.RECEIVED, 1, {"a": "b"}, {"unknown": [1]},
    )  # fmt: skip
    assert await world.lines(job) == [f"Created fine-tuning job: {job.id}"]
    assert await world.value("SELECT next_step_at <= now() FROM jobs")
    assert await world.get(job) == job


async def test_a_job_and_its_key_are_kept_together_or_not_at_all(world: Any) -> None:
    async def break_off() -> None:
        async with world.transaction() as session:
            await jobs.create(
                session,
                caller=world.caller,
                credential_id=world.credential_id,
                new=world.new(webhook_url="https://example.com/"),
                repeat=jobs.idempotency("k", b"body"),
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    for table in ("jobs", "job_events", "idempotency_keys", "webhook_endpoints"):
        assert await world.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - constants above


FILES: list[tuple[dict[str, Any], str]] = [
    ({"purpose": "batch"}, "has the purpose 'batch'; upload it as 'fine-tune'"),
    (
        {"status": "error", "status_details": "line 3: no messages."},
        "cannot be used: line 3: no messages. Upload",
    ),
    ({"life": -timedelta(hours=1)}, "There is no file"),
]


@pytest.mark.parametrize("param", ["training_file", "validation_file"])
@pytest.mark.parametrize(("columns", "words"), FILES)
async def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    world: Any, columns: dict[str, Any], words: str, param: str
) -> None:
    file_id = await world.file(**columns)
    with pytest.raises(InvalidTrainingFile, match=words) as refused:
        await world.create(**{f"{param}_id": file_id})
    assert file_id in refused.value.message
    assert refused.value.param == param
    assert await world.value("SELECT count(*) FROM jobs") == 0


@pytest.mark.parametrize("param", ["training_file", "validation_file"])
async def test_another_projects_file_is_as_missing_as_one_that_never_was(world: Any, param: str) -> None:
    foreign = await world.file(project_id=await world.project("two"))
    messages = set()
    for file_id in (foreign, ids.new_id(ids.FILE)):
        with pytest.raises(InvalidTrainingFile) as refused:
            await world.create(**{f"{param}_id": file_id})
        messages.add(refused.value.message.replace(file_id, "ID"))
    assert len(messages) == 1


async def test_a_deleted_file_is_missing(world: Any) -> None:
    await world.sql("UPDATE files SET deleted_at = now()")
    with pytest.raises(InvalidTrainingFile, match="There is no file"):
        await world.create()


async def test_the_same_key_and_body_give_the_same_job_as_it_is_now(world: Any) -> None:
    first = await world.create(repeat=jobs.idempotency("k", b"body"))
    await world.cancel(first)
    again = await world.create(repeat=jobs.idempotency("k", b"body"))
    assert (again.id, again.state) == (first.id, JobState.CANCELLED)
    assert await world.value("SELECT count(*) FROM jobs") == 1


async def test_the_same_key_with_another_body_is_a_conflict(world: Any) -> None:
    await world.create(repeat=jobs.idempotency("k", b"body"))
    with pytest.raises(IdempotencyMismatch):
        await world.create(repeat=jobs.idempotency("k", b"other"))


async def test_other_keys_and_other_projects_are_other_jobs(world: Any) -> None:
    first = await world.create(repeat=jobs.idempotency("k", b"body"))
    second = await world.create(repeat=jobs.idempotency("l", b"body"))
    await world.act_as("two")
    third = await world.create(repeat=jobs.idempotency("k", b"body"), training_file_id=await world.file())
    assert len({first.id, second.id, third.id}) == 3


async def test_a_refusal_uses_up_no_key(world: Any) -> None:
    key = jobs.idempotency("k", b"body")
    with pytest.raises(InvalidTrainingFile):
        await world.create(repeat=key, training_file_id=ids.new_id(ids.FILE))
    assert (await world.create(repeat=key)).state is JobState.RECEIVED


async def test_fifty_creates_at_once_with_one_key_make_one_job(world: Any) -> None:
    repeat = jobs.idempotency("k", b"body")
    made = await asyncio.gather(*(world.create(repeat=repeat) for _ in range(50)))
    assert len({job.id for job in made}) == 1
    assert await world.value("SELECT count(*) FROM jobs") == 1
    assert await world.value("SELECT count(*) FROM job_events") == 1


async def test_jobs_with_one_url_share_one_hidden_endpoint(world: Any) -> None:
    urls = ["https://a.example/", "https://a.example/", "https://b.example/"]
    made = await asyncio.gather(*(world.create(webhook_url=url) for url in urls))
    assert len({job.webhook_endpoint_id for job in made}) == 2


@pytest.mark.parametrize("state", sorted({*BEFORE_SUBMISSION, JobState.SUBMITTING}))
async def test_cancelling_before_submission_ends_the_job_at_once(world: Any, state: JobState) -> None:
    job = await world.reach(state, webhook_url="https://example.com/")
    answered = await world.cancel(job)
    assert answered == await world.get(job)
    assert answered.state is JobState.CANCELLED
    assert answered.cancel_requested_at is not None
    assert await world.value("SELECT type FROM webhook_events") == "fine_tuning.job.cancelled"


async def test_cancelling_what_a_worker_holds_is_a_wish_that_its_next_step_honours(world: Any) -> None:
    await world.create()
    plan = await world.begin_upload()
    answered = await world.cancel(plan.job)
    assert (answered.state, answered.cancel_requested_at is not None) == (JobState.UPLOADING, True)
    await world.hand_back(plan.job)
    await no_upload(world)
    assert (await world.get(answered)).state is JobState.CANCELLED


@pytest.mark.parametrize("uploaded", [False, True])
async def test_cancelling_what_a_dead_worker_held_ends_it_at_once(world: Any, *, uploaded: bool) -> None:
    """Nobody may claim it for long, if the platform's account is parked."""
    await world.create()
    job = await world.upload() if uploaded else (await world.begin_upload()).job
    await world.sql("UPDATE jobs SET claimed_until = now() - interval '1 s'")
    assert (await world.cancel(job)).state is JobState.CANCELLED


async def no_upload(world: Any) -> None:
    job = await world.claim()
    async with world.transaction() as session:
        assert await uploading.begin_upload(session, job) is None


async def test_cancelling_between_upload_and_create_sends_no_create(world: Any) -> None:
    await world.create()
    job = await world.upload()
    await world.cancel(job)
    await no_submit(world, job)
    assert (await world.get(job)).state is JobState.CANCELLED
    assert await world.value("SELECT count(*) FROM platform_submissions") == 0


async def no_submit(world: Any, job: Job) -> None:
    async with world.transaction() as session:
        assert (
            await submitting.begin_submit(
                session, job, lease=timedelta(seconds=30), first_check=timedelta(minutes=2)
            )
            is None
        )


@pytest.mark.parametrize("state", [JobState.TRACKING, JobState.COLLECTING])
async def test_cancelling_later_is_a_wish_told_once_and_due_now(world: Any, state: JobState) -> None:
    job = await world.reach(state)
    await world.sql("UPDATE jobs SET next_step_at = now() + interval '1 h'")
    for _ in range(2):
        answered = await world.cancel(job)
        assert answered.state is state
    assert (await world.lines(job)).count("Cancellation was asked for") == 1
    assert await world.value("SELECT next_step_at <= now() FROM jobs")


@pytest.mark.parametrize("state", sorted(TERMINAL))
async def test_what_has_ended_cannot_be_cancelled(world: Any, state: JobState) -> None:
    job = await world.reach(state)
    with pytest.raises(AlreadyEnded, match=state.value):
        await world.cancel(job)
    assert await world.get(job) == job


@pytest.mark.parametrize(("until", "refused"), [(3600, True), (-1, False)])
async def test_a_platform_known_to_have_no_cancel_is_not_asked_until_it_is_forgotten(
    world: Any, until: float, *, refused: bool
) -> None:
    job = await world.reach(JobState.TRACKING)
    await world.sql(
        "UPDATE platform_credentials SET missing_routes ="
        " jsonb_build_object('cancel', extract(epoch FROM now()) + CAST(:until AS float))",
        until=until,
    )
    if refused:
        with pytest.raises(PlatformCannotCancel):
            await world.cancel(job)
    else:
        await world.cancel(job)
    assert ((await world.get(job)).cancel_requested_at is None) is refused


async def test_another_projects_job_cannot_be_seen_or_cancelled(world: Any) -> None:
    job = await world.create()
    await world.act_as("two")
    for act in (world.get, world.cancel, world.lines):
        with pytest.raises(NotFound):
            await act(job)


async def test_a_success_that_came_first_beats_the_wish(world: Any) -> None:
    job = await world.reach(JobState.TRACKING)
    await world.cancel(job)
    await world.sql("UPDATE jobs SET cancel_sent_at = now()")
    await world.end(await world.collecting(PlatformStatus.SUCCEEDED, fine_tuned_model="ft:m"))
    assert (await world.get(job)).state is JobState.SUCCEEDED


async def test_naming_a_webhook_url_again_enables_it_again(world: Any) -> None:
    url = "https://example.com/hook"
    first = await world.create(webhook_url=url)
    await world.sql(
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = '410', failures = 9,"
        " failing_since = now(), resume_at = now()"
    )
    second = await world.create(webhook_url=url)
    assert first.webhook_endpoint_id == second.webhook_endpoint_id
    assert await world.sql(
        "SELECT disabled_at, disabled_reason, failures, resume_at FROM webhook_endpoints"
    ) == [(None, None, 0, None)]
