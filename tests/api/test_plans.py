"""What a job would come to, told before it is made; and what may be asked of a model."""

import json
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from openai import AsyncOpenAI

from api.schemas.plans import LimitsOut, PlanOut

from .examined import examine
from .served import Project, end_well, examples, refused

PLANS = "/fine_tuning/plans"
JOBS = "/fine_tuning/jobs"
MINUTE, HOUR = 60, 3600


async def planned(project: Project, file: str, **body: Any) -> dict[str, Any]:
    answer = await project.post(PLANS, json={"model": "qwen3-32b", "training_file": file} | body)
    assert answer.status_code == 200, answer.text
    return PlanOut.model_validate_json(answer.content, strict=True).model_dump()


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(50, 5 * MINUTE, 15 * MINUTE), (200, 20 * MINUTE, 40 * MINUTE), (1000, HOUR, 2 * HOUR)],
)
async def test_three_epochs_take_as_long_as_the_guide_says(
    project: Project, count: int, low: int, high: int
) -> None:
    file = await project.file(examples(count))
    plan = await planned(project, file, hyperparameters={"n_epochs": 3})
    assert plan["examples"] == count
    assert low <= plan["duration"]["low"] <= plan["duration"]["high"] <= high
    chosen = {each["name"]: each for each in plan["hyperparameters"]}
    assert (chosen["n_epochs"]["value"], chosen["n_epochs"]["source"]) == (3, "request")
    assert plan["steps"]["total"] == 3 * plan["steps"]["per_epoch"]
    assert all(each["reason"] and each["reason_zh"] for each in chosen.values())


async def test_a_plan_estimates_the_tokens_until_a_worker_has_counted_them(project: Project) -> None:
    file = await project.file(examples(60))
    before = (await planned(project, file))["tokens"]
    assert before["error"] > 0
    assert before["in_all_low"] < before["in_all_high"]
    await examine(project, file)
    after = (await planned(project, file))["tokens"]
    assert after["error"] == 0
    assert after["in_all_low"] == after["in_all_high"]
    assert abs(after["count"] - before["count"]) <= before["error"] * after["count"]


async def test_a_plan_names_validation_examples_that_are_trained_on(project: Project) -> None:
    training, validation = await project.file(examples(60)), await project.file(examples(20))
    assert (await planned(project, training, validation_file=validation))["validation_examples"] == 20
    for file in (training, validation):
        await examine(project, file)
    plan = await planned(project, training, validation_file=validation)
    (leak,) = (risk for risk in plan["risks"] if "validation" in risk["code"])
    assert leak["count"] == 20


async def test_a_place_in_the_queue_is_behind_the_jobs_that_wait(project: Project, other: Project) -> None:
    file = await project.training_file()
    assert (await planned(project, file))["place_in_queue"] == 0
    await other.job()
    await project.job()
    await project.job(seed=2)
    assert (await planned(project, file))["place_in_queue"] == 2


async def test_what_cannot_be_trained_on_cannot_be_planned(project: Project, other: Project) -> None:
    faulty = await project.file(examples(20) + b"{}\n")
    theirs, vision = await other.file(), await project.file(b"x", purpose="vision")
    good = await project.training_file()
    for file in (faulty, theirs, vision, "file-x", "\u0000x"):
        for field, body in (("training_file", {}), ("validation_file", {"training_file": good})):
            asked = {"model": "qwen3-32b", **body, field: file}
            answer = await project.post(PLANS, json=asked)
            code = "invalid_value" if "\0" in file else "invalid_training_file"
            refused(answer, 400, code, field)
    message = (await project.post(PLANS, json={"model": "qwen3-32b", "training_file": faulty})).text
    assert "Line 21" in message


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"model": "no-such"}, 404, "model_not_found", "model"),
        ({"hyperparameters": {"n_epochs": 0}}, 400, "invalid_value", "hyperparameters.n_epochs"),
        ({"webhook_url": "http://10.0.0.1/x"}, 400, "invalid_value", "webhook_url"),
        ({"dry_run": "yes"}, 400, "invalid_value", "dry_run"),
        ({"seed": -1}, 400, "invalid_value", "seed"),
    ],
)
async def test_what_a_create_refuses_a_plan_refuses_too(
    project: Project, body: dict[str, Any], status: int, code: str, param: str
) -> None:
    asked = {"model": "qwen3-32b", "training_file": await project.training_file()} | body
    refused(await project.post(PLANS, json=asked), status, code, param)
    refused(
        await project.post(JOBS, json=asked | {"dry_run": body.get("dry_run", True)}), status, code, param
    )


async def test_a_plan_needs_a_key_that_lives(project: Project, sql: asyncpg.Connection) -> None:
    file = await project.training_file()
    await planned(project, file)
    await sql.execute("UPDATE api_keys SET revoked_at = now() WHERE id = $1", project.key_id)
    body = {"model": "qwen3-32b", "training_file": file}
    refused(await project.post(PLANS, json=body), 401, "invalid_api_key")
    refused(await project.post(JOBS, json=body | {"dry_run": True}), 401, "invalid_api_key")


async def test_a_dry_run_is_the_plan_and_creates_nothing(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection
) -> None:
    file = await project.training_file()
    for _ in range(2):
        raw = await sdk.fine_tuning.jobs.with_raw_response.create(
            model="qwen3-32b",
            training_file=file,
            extra_body={"dry_run": True},
            extra_headers={"idempotency-key": "once"},
        )
        assert json.loads(raw.content) == await planned(project, file)
    assert (await project.get(JOBS)).json()["data"] == []
    for table in ("jobs", "idempotency_keys"):
        count = f"SELECT count(*) FROM {table} WHERE project_id = $1"  # noqa: S608 - constants above
        assert await sql.fetchval(count, project.id) == 0
    job = await sdk.fine_tuning.jobs.create(
        model="qwen3-32b",
        training_file=file,
        extra_body={"dry_run": False},
        extra_headers={"idempotency-key": "once"},
    )
    assert [one.id async for one in sdk.fine_tuning.jobs.list()] == [job.id]


async def limits(project: Project, model: str) -> dict[str, Any]:
    answer = await project.get(f"/models/{quote(model, safe='')}/limits")
    assert answer.status_code == 200, answer.text
    return LimitsOut.model_validate_json(answer.content, strict=True).model_dump()


async def test_a_model_has_limits_be_it_a_base_an_alias_or_a_tuned_one(
    project: Project, sql: asyncpg.Connection
) -> None:
    base, alias = await limits(project, "qwen3-32b"), await limits(project, "gpt-4o-mini")
    assert alias == base
    assert (base["model"], base["context_length"], base["files"]["min_examples"]) == ("qwen3-32b", 32_768, 1)
    epochs = next(each for each in base["hyperparameters"] if each["name"] == "n_epochs")
    assert (epochs["sensible"]["low"], epochs["sensible"]["high"]) == (2, 5)
    assert "supervised" in base["methods"]
    name = "ft:qwen3-32b:acme/shop::a:b"
    await end_well(sql, await project.job(), name)
    assert (await limits(project, name))["model"] == name


@pytest.mark.parametrize("model", ["no-such", "ft:qwen3-32b:theirs", "a/b", "%", "\0", "qwen3-32b/limits"])
async def test_a_model_that_is_not_the_project_s_has_no_limits(
    project: Project, other: Project, sql: asyncpg.Connection, model: str
) -> None:
    await end_well(sql, await other.job(), "ft:qwen3-32b:theirs")
    path = f"/models/{quote(model, safe='')}/limits"
    refused(await project.get(path), 404, "model_not_found", "model")
