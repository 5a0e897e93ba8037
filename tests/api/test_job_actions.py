"""Pause, resume and checkpoints, as the real SDK asks for them."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import openai
import pytest
from openai import AsyncOpenAI

from domain import ids

from .served import Project, end_well, examples, refused

JOBS = "/fine_tuning/jobs"


async def test_a_job_is_paused_and_resumed_and_its_history_says_so(
    sdk: AsyncOpenAI, project: Project
) -> None:
    job_id = await project.job()
    paused = await sdk.fine_tuning.jobs.pause(job_id)
    assert (paused.status, paused.model_extra) == ("queued", {"paused": True})
    assert await sdk.fine_tuning.jobs.pause(job_id) == paused
    assert await sdk.fine_tuning.jobs.retrieve(job_id) == paused
    resumed = await sdk.fine_tuning.jobs.resume(job_id)
    assert (resumed.status, resumed.model_extra) == ("queued", {})
    assert await sdk.fine_tuning.jobs.resume(job_id) == resumed
    events = (await sdk.fine_tuning.jobs.list_events(job_id)).data
    assert [event.message for event in events[:2]] == ["The job was resumed", "The job was paused"]
    assert len(events) == 3
    await sdk.fine_tuning.jobs.pause(job_id)
    assert (await sdk.fine_tuning.jobs.cancel(job_id)).model_extra == {}


async def test_a_submitted_job_shows_a_cancel_that_is_on_its_way(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection
) -> None:
    job_id = await project.job()
    await sql.execute(
        "UPDATE jobs SET state = 'tracking', platform_training_file = 'p', platform_job_id = id,"
        " running_since = now(), platform_status = 'running' WHERE id = $1",
        job_id,
    )
    wished = await sdk.fine_tuning.jobs.cancel(job_id)
    assert (wished.status, wished.model_extra) == ("running", {"cancelling": True})
    await sql.execute("UPDATE jobs SET cancel_sent_at = now() WHERE id = $1", job_id)
    assert (await sdk.fine_tuning.jobs.retrieve(job_id)).model_extra == {}
    await sql.execute("UPDATE jobs SET platform_status = 'Canceling' WHERE id = $1", job_id)
    assert await sdk.fine_tuning.jobs.retrieve(job_id) == wished


@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_what_cannot_be_paused_says_why_and_is_not_tried_again(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection, action: str
) -> None:
    ask = getattr(sdk.with_options(max_retries=2).fine_tuning.jobs, action)
    submitted, ended = await project.job(), await project.job()
    await sql.execute(
        "UPDATE jobs SET state = 'tracking', platform_training_file = 'p', platform_job_id = id"
        " WHERE id = $1",
        submitted,
    )
    await sdk.fine_tuning.jobs.cancel(ended)
    for job_id, code in [(submitted, "already_submitted"), (ended, "job_already_ended")]:
        with pytest.raises(openai.ConflictError) as raised:
            await ask(job_id)
        assert raised.value.code == code
        assert raised.value.response.headers["x-should-retry"] == "false"
        assert raised.value.response.request.headers["x-stainless-retry-count"] == "0"


@pytest.mark.parametrize("action", ["cancel", "pause", "resume"])
async def test_an_action_comes_with_an_empty_json_body(project: Project, action: str) -> None:
    path = f"{JOBS}/{await project.job()}/{action}"
    answer = await project.post(path, content=b"", headers={"content-type": "application/json"})
    assert answer.request.headers["content-length"] == "0"
    assert answer.status_code == 200


async def with_checkpoints(sql: asyncpg.Connection, project: Project, model: str, count: int = 3) -> str:
    job_id = await project.job()
    await end_well(sql, job_id, model)
    for step, id_ in enumerate(sorted(ids.new_id(ids.CHECKPOINT) for _ in range(count)), 1):
        await sql.execute(
            "INSERT INTO checkpoints (id, job_id, step_number, model, metrics, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            id_,
            job_id,
            step,
            f"{model}:ckpt-step-{step}",
            json.dumps({"train_loss": 1 / step}),
            datetime.fromtimestamp(1700000000 + step, UTC),
        )
    return job_id


async def test_checkpoints_are_paged_newest_first(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection
) -> None:
    model = f"ft:qwen3-32b:org:{project.id}:a"
    job_id = await with_checkpoints(sql, project, model)
    ask = sdk.fine_tuning.jobs.checkpoints.list
    assert [point.step_number async for point in ask(job_id, limit=2)] == [3, 2, 1]
    page = await ask(job_id, limit=2)
    raw = (await project.get(f"{JOBS}/{job_id}/checkpoints", limit=2)).json()
    assert (raw["first_id"], raw["last_id"], raw["has_more"]) == (page.data[0].id, page.data[1].id, True)
    newest = page.data[0]
    assert (newest.created_at, newest.fine_tuning_job_id) == (1700000003, job_id)
    assert newest.fine_tuned_model_checkpoint == f"{model}:ckpt-step-3"
    assert newest.metrics.train_loss == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "query", [{}, {"after": "after"}, {"limit": 0}, {"after": ids.CHECKPOINT + "0" * 26}]
)
async def test_a_page_without_checkpoints_has_null_ends(project: Project, query: dict[str, Any]) -> None:
    answer = await project.get(f"{JOBS}/{await project.job()}/checkpoints", **query)
    empty = {"object": "list", "data": [], "has_more": False, "first_id": None, "last_id": None}
    assert answer.json() == empty


async def test_the_checkpoints_of_no_job_are_404(project: Project) -> None:
    for job_id in ("x", ids.new_id(ids.JOB)):
        answer = await project.get(f"{JOBS}/{job_id}/checkpoints")
        refused(answer, 404, "not_found", "fine_tuning_job_id")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/fine_tuning/checkpoints/ft:m:ckpt-step-1/permissions"),
        ("POST", "/fine_tuning/checkpoints/ft:m:ckpt-step-1/permissions"),
        ("DELETE", "/fine_tuning/checkpoints/ft:m:ckpt-step-1/permissions/cp_1"),
        ("POST", "/fine_tuning/alpha/graders/run"),
        ("POST", "/fine_tuning/alpha/graders/validate"),
    ],
)
async def test_what_is_not_offered_is_404_in_the_envelope(project: Project, method: str, path: str) -> None:
    refused(await project.request(method, path, json={} if method == "POST" else None), 404, "unknown_url")


async def test_a_checkpoint_is_a_model_of_its_project_while_its_job_s_model_is(
    sdk: AsyncOpenAI, project: Project, other: Project, sql: asyncpg.Connection
) -> None:
    model = f"ft:qwen3-32b:org/x:{project.id}:b"
    await with_checkpoints(sql, project, model)
    checkpoint = f"{model}:ckpt-step-2"
    found = await sdk.models.retrieve(checkpoint)
    assert (found.id, found.owned_by, found.created) == (checkpoint, project.id, 1700000002)
    # The platform has never heard of this name: that its own refusal comes back shows that it was asked.
    with pytest.raises(openai.NotFoundError, match=checkpoint):
        await sdk.chat.completions.create(model=checkpoint, messages=[{"role": "user", "content": "Hi"}])
    refused(await other.get(f"/models/{checkpoint}"), 404, "model_not_found", "model")
    with pytest.raises(openai.PermissionDeniedError, match="checkpoint"):
        await sdk.models.delete(checkpoint)
    await sdk.models.delete(model)
    refused(await project.get(f"/models/{checkpoint}"), 404, "model_not_found", "model")


async def test_the_size_of_the_file_decides_on_what_nobody_named(project: Project) -> None:
    for count, epochs, rate in [(99, 5, 2e-4), (100, 3, 1e-4), (1001, 2, 4e-5)]:
        file = await project.file(examples(count))
        answer = await project.create(training_file=file, hyperparameters={"learning_rate_multiplier": 2})
        shown = answer.json()["hyperparameters"]
        assert (shown["n_epochs"], shown["learning_rate"]) == (epochs, rate)
        assert shown["learning_rate_multiplier"] == 2
        looked_at = (await project.get(f"{JOBS}/{answer.json()['id']}")).json()
        assert looked_at == answer.json()


async def test_a_value_the_guide_would_not_take_is_one_warning_in_the_job_s_history(
    sdk: AsyncOpenAI, project: Project
) -> None:
    job_id = await project.job(hyperparameters={"n_epochs": 50, "lora_r": 256})
    warning, created = (await sdk.fine_tuning.jobs.list_events(job_id)).data
    assert (warning.level, created.level) == ("warn", "info")
    assert "n_epochs 50 (1 to 10" in warning.message
    assert "lora_r 256 (4 to 64" in warning.message
    cancelled = await sdk.fine_tuning.jobs.cancel(job_id)  # its history goes on behind the warning
    assert len((await sdk.fine_tuning.jobs.list_events(cancelled.id)).data) == 3


async def test_answers_to_a_known_key_name_its_project(project: Project) -> None:
    job = await project.create()
    for answer in (job, await project.get("/models"), await project.get(f"{JOBS}/x")):
        assert answer.headers["openai-organization"] == project.id
    assert (
        "openai-organization"
        not in (await project.service.http.get(project.service.root + "/healthz")).headers
    )
