"""A job's life from end to end, on real sockets."""

import base64
import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from domain.job_state import JobState
from domain.stages import Stage
from simulator import story


async def test_a_job_is_uploaded_submitted_tracked_collected_and_told(rig: Any) -> None:
    job = await rig.create(metadata={"team": "客服"}, suffix="mine")
    async with rig.worker():
        ended = await rig.ends(job)
        (body,) = await rig.told()
        await rig.is_told()
    (there,) = rig.stand_in.store.jobs.values()
    assert (ended.state, ended.platform_job_id) == (JobState.SUCCEEDED, there.id)
    assert ended.fine_tuned_model == there.fine_tuned_model
    assert ended.trained_tokens
    assert there.metadata == {"tuneward": await rig.value("SELECT marker FROM platform_submissions")}
    assert (there.seed, there.hyperparameters["n_epochs"]) == (1, 2)

    headers, raw = rig.receiver.got[0]
    Webhook(rig.webhook_secret).verify(raw, headers)
    assert (body["type"], body["data"]["id"]) == ("fine_tuning.job.succeeded", job.id)
    assert body["data"]["fine_tuned_model"] == there.fine_tuned_model
    assert headers["webhook-id"] == await rig.value("SELECT id FROM webhook_deliveries")
    assert await rig.value("SELECT state FROM webhook_deliveries") == "delivered"

    told = story.events(there, time.time())
    steps = {event["data"]["step"]: event["data"] for event in told if event["type"] == "metrics"}
    assert dict(await rig.sql("SELECT step, numbers FROM job_metrics")) == steps
    saved = {
        one["step_number"]: one["fine_tuned_model_checkpoint"]
        for one in story.checkpoints(there, time.time())
    }
    assert dict(await rig.sql("SELECT step_number, model FROM checkpoints")) == saved
    assert len(steps) > 10
    assert saved
    (result,) = ended.result_files
    blob = rig.folder / "blobs" / "files" / result
    assert base64.b64decode(blob.read_bytes()).startswith(b"step,train_loss")
    lines = await rig.lines(job)
    assert lines[0] == f"Created fine-tuning job: {job.id}"
    assert lines[-1] == f"The job succeeded; its model is {there.fine_tuned_model}"
    sequences = [row[0] for row in await rig.sql("SELECT sequence FROM job_events ORDER BY sequence")]
    assert sequences == list(range(1, len(sequences) + 1))


async def test_a_validation_file_is_uploaded_as_well(rig: Any) -> None:
    job = await rig.create(validation_file_id=await rig.file())
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    (there,) = rig.stand_in.store.jobs.values()
    assert there.validation_file not in {None, there.training_file}


async def test_a_file_the_platform_refuses_ends_the_job_without_a_create(rig: Any) -> None:
    rig.platform("file_refused")
    job = await rig.create()
    async with rig.worker(drain_interval="30s"):  # the webhook leaves with the end, not with the timer
        ended = await rig.ends(job)
        (body,) = await rig.told()
    assert (ended.error_code, rig.requests("create")) == ("platform_refused_file", 0)
    assert body["data"]["error"]["param"] == "training_file"


async def test_a_training_that_fails_ends_the_job_with_the_platforms_reason(rig: Any) -> None:
    rig.platform("training_fails")
    job = await rig.create()
    async with rig.worker():
        ended = await rig.ends(job)
        (body,) = await rig.told()
    assert (ended.state, ended.error_code) == (JobState.FAILED, "training_failed")
    assert "loss is no longer a number" in body["data"]["error"]["message"]
    assert body["type"] == "fine_tuning.job.failed"


async def test_a_429_is_waited_out_and_is_no_failure(rig: Any) -> None:
    rig.platform("rate_limited;retry_after=1")
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    refused, taken = [one for one in rig.stand_in.ledger.requests if one.route == "create"]
    assert (refused.status, taken.status) == (429, 200)
    assert taken.at - refused.at >= 0.99
    assert await rig.sql("SELECT outcome FROM platform_submissions ORDER BY id") == [
        ("retryable",),
        ("created",),
    ]


@pytest.mark.parametrize("route", ["upload", "retrieve", "events", "checkpoints", "content"])
async def test_a_server_error_anywhere_else_is_tried_again(rig: Any, route: str) -> None:
    rig.platform(f"server_error;route={route}")
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert len(rig.stand_in.store.jobs) == 1
    assert rig.requests(route) >= 2
    assert not any("did not give" in line for line in await rig.lines(job))


async def test_a_server_error_on_the_create_is_looked_into_before_it_is_sent_again(rig: Any) -> None:
    rig.platform("server_error")
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert (rig.requests("create"), len(rig.stand_in.store.jobs)) == (2, 1)
    assert rig.requests("list") >= 2  # absent twice, a settle time apart
    outcomes = await rig.sql("SELECT outcome FROM platform_submissions ORDER BY id")
    assert outcomes == [("absent",), ("created",)]


async def know_the_echo(rig: Any) -> None:
    """Let one job show that the platform echoes the marker: from then on files are shared."""
    async with rig.worker():
        await rig.ends(await rig.create())
    assert await rig.value("SELECT echoes_metadata FROM platform_credentials")


async def test_a_create_that_was_accepted_though_the_line_was_cut_is_adopted(rig: Any) -> None:
    rig.platform("cut_after_accept")
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert (rig.requests("create"), len(rig.stand_in.store.jobs)) == (1, 1)
    assert await rig.value("SELECT outcome FROM platform_submissions") == "adopted"


@pytest.mark.parametrize("quirks", [(), ("empty_echo@list", "training_file_missing@list")])
async def test_it_is_adopted_by_its_marker_where_jobs_share_a_file(rig: Any, quirks: tuple[str, ...]) -> None:
    """Also by that which only a look at the job shows, where the list is an abridged one."""
    rig.stand_in.quirks.choose(quirks)
    await know_the_echo(rig)
    async with rig.worker():
        await rig.ends(await rig.create())  # makes the copy that is shared from now on
    uploads = rig.requests("upload")
    rig.order("cut_after_accept:2")
    both = [await rig.create(), await rig.create()]
    async with rig.worker():
        ended = [await rig.ends(job) for job in both]
    assert {job.state for job in ended} == {JobState.SUCCEEDED}
    assert (rig.requests("upload"), len(rig.stand_in.store.jobs)) == (uploads, 4)
    assert len({job.platform_job_id for job in ended}) == 2


async def test_it_is_adopted_by_its_file_where_metadata_came_to_be_refused(rig: Any) -> None:
    await know_the_echo(rig)
    async with rig.worker():
        await rig.ends(await rig.create())  # makes the copy that is shared from now on
    known = set(rig.stand_in.store.jobs)
    rig.stand_in.quirks.choose(["refuses_metadata"])
    rig.order("delay;seconds=0;route=create")  # spends the first try, which is refused
    rig.order("cut_after_accept")
    job = await rig.create()
    async with rig.worker():
        ended = await rig.ends(job)
    assert (ended.state, {ended.platform_job_id}) == (
        JobState.SUCCEEDED,
        set(rig.stand_in.store.jobs) - known,
    )
    outcome = "SELECT outcome FROM platform_submissions WHERE job_id = :id ORDER BY id"
    assert await rig.sql(outcome, id=job.id) == [("rejected",), ("adopted",)]


async def test_two_lost_answers_of_two_jobs_at_once_are_not_confused(rig: Any) -> None:
    rig.platform("cut_after_accept:2")
    both = [await rig.create(), await rig.create()]
    async with rig.worker():
        ended = [await rig.ends(job) for job in both]
    assert {job.platform_job_id for job in ended} == set(rig.stand_in.store.jobs)
    assert len(rig.stand_in.store.jobs) == 2
    for job in ended:
        marker = rig.stand_in.store.jobs[job.platform_job_id].metadata["tuneward"]
        owner = "SELECT job_id FROM platform_submissions WHERE marker = :marker"
        assert await rig.value(owner, marker=marker) == job.id


async def test_cancelling_while_queued_sends_nothing_and_tells(rig: Any) -> None:
    job = await rig.create()
    await rig.cancel(job)
    async with rig.worker():
        (body,) = await rig.told()
    assert body["type"] == "fine_tuning.job.cancelled"
    assert not rig.stand_in.ledger.requests


async def test_cancelling_a_running_job_ends_it_on_the_platform_first(rig: Any) -> None:
    rig.platform(job_seconds=3600)
    job = await rig.create()
    async with rig.worker() as (context, _):
        await rig.reaches(job, "tracking")
        assert (await rig.cancel(job)).state is JobState.TRACKING
        context.wake(Stage.TRACK)
        ended = await rig.ends(job)
        (body,) = await rig.told()
    assert (ended.state, body["data"]["status"]) == (JobState.CANCELLED, "cancelled")
    assert rig.requests("cancel") == 1
    assert [row.cancelled is not None for row in rig.stand_in.store.jobs.values()] == [True]


async def test_a_cancel_whose_answer_is_lost_is_sent_again(rig: Any) -> None:
    rig.platform("server_error;route=cancel", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():
        await rig.reaches(job, "tracking")
        await rig.cancel(job)
        assert (await rig.ends(job)).state is JobState.CANCELLED
    assert rig.requests("cancel") == 2


async def test_a_paused_job_is_held_and_goes_on(rig: Any) -> None:
    job = await rig.create()
    await rig.sql("UPDATE jobs SET paused_at = now()")
    async with rig.worker():
        await rig.reaches(job, "held")
        # Another job passes it by, so that the worker has certainly looked.
        await rig.ends(await rig.create())
        assert (await rig.get(job)).state is JobState.HELD
        await rig.sql("UPDATE jobs SET paused_at = NULL, next_step_at = now() WHERE state = 'held'")
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert "The job is held: the job is paused" in await rig.lines(job)


async def test_two_workers_share_twenty_jobs_and_do_each_once(rig: Any) -> None:
    made = [await rig.create() for _ in range(20)]
    async with rig.worker(), rig.worker():
        ended = [await rig.ends(job) for job in made]
        await rig.told(20)
        await rig.is_told()
    assert {job.state for job in ended} == {JobState.SUCCEEDED}
    assert {job.platform_job_id for job in ended} == set(rig.stand_in.store.jobs)
    assert (rig.requests("create"), rig.requests("upload")) == (20, 20)
    assert len(rig.receiver.got) == 20
    assert len({headers["webhook-id"] for headers, _ in rig.receiver.got}) == 20
    assert {body["data"]["id"] for body in rig.receiver.bodies} == {job.id for job in made}


async def test_a_receiver_that_is_down_is_told_later_with_the_same_id_and_bytes(rig: Any) -> None:
    rig.receiver.status = 503
    job = await rig.create()
    await rig.cancel(job)
    async with rig.worker():
        await rig.told(1)
        rig.receiver.status = 200
        await rig.told(2)
        await rig.is_told()
    (first, bytes_), (second, again) = rig.receiver.got
    assert (first["webhook-id"], bytes_) == (second["webhook-id"], again)
    statuses = await rig.sql("SELECT status FROM webhook_attempts ORDER BY number")
    assert statuses == [(503,), (200,)]


async def test_a_secret_that_cannot_be_read_is_a_failed_try_and_stops_no_other_endpoint(rig: Any) -> None:
    await rig.cancel(await rig.create())
    await rig.cancel(await rig.create(webhook_url=f"{rig.receiver.url}?other"))
    await rig.sql(
        "UPDATE webhook_endpoints SET hidden = false, secret = 'of a lost key' WHERE url LIKE '%other'"
    )
    async with rig.worker():
        await rig.is_told()
    assert len(rig.receiver.got) == 1
    assert sorted(await rig.sql("SELECT state FROM webhook_deliveries")) == [("delivered",), ("exhausted",)]
    errors = [
        row[0] for row in await rig.sql("SELECT DISTINCT error FROM webhook_attempts WHERE status IS NULL")
    ]
    assert len(errors) == 1
    assert "TUNEWARD_SECRET_KEYS" in errors[0]
