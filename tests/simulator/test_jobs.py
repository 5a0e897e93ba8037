import base64
import csv
import io
from itertools import pairwise
from typing import Any

import openai
import pytest

from simulator.options import Options

from .conftest import Clock, Platform, Start

STATUSES = ["validating_files", "queued", "running", "succeeded"]


async def test_the_sdk_sees_a_job_through_its_life(platform: Platform) -> None:
    training, validation = await platform.upload(), await platform.upload()
    job = await platform.openai.fine_tuning.jobs.create(
        model="qwen3-32b", training_file=training, validation_file=validation, suffix="shop", seed=7
    )
    seen = [job.status]
    while job.finished_at is None:
        platform.clock.pass_(4)
        job = await platform.openai.fine_tuning.jobs.retrieve(job.id)
        seen.append(job.status)
    assert sorted(set(seen), key=seen.index) == STATUSES
    assert seen == sorted(seen, key=STATUSES.index)
    assert job.finished_at == job.created_at + 100
    assert job.fine_tuned_model is not None
    assert job.fine_tuned_model.startswith("ft:qwen3-32b:xpulink:shop:")
    assert job.trained_tokens is not None
    assert job.trained_tokens > 0
    assert (await platform.openai.models.retrieve(job.fine_tuned_model)).id == job.fine_tuned_model


async def test_the_estimate_stands_until_the_end(platform: Platform) -> None:
    job = await platform.job()
    assert job["estimated_finish"] == job["created_at"] + 100
    platform.clock.pass_(100)
    assert (await platform.get(f"/fine_tuning/jobs/{job['id']}"))["estimated_finish"] is None


async def test_the_length_of_a_job_can_be_asked_for(platform: Platform) -> None:
    headers = {"x-simulator-job-seconds": "5"}
    short = (await platform.create(headers=headers)).json()
    long = await platform.job()
    platform.clock.pass_(5)
    states = [(await platform.get(f"/fine_tuning/jobs/{job['id']}"))["status"] for job in (short, long)]
    assert states == ["succeeded", "queued"]
    refused = await platform.create(headers={"x-simulator-job-seconds": "nan"})
    assert refused.json()["error"]["param"] == "x-simulator-job-seconds"


async def test_events_tell_the_whole_story_newest_first_by_pages(platform: Platform) -> None:
    id_ = (await platform.job())["id"]
    platform.clock.pass_(100)
    told = [event async for event in platform.openai.fine_tuning.jobs.list_events(id_, limit=7)]
    assert told[0].message == "The job has successfully completed"
    assert told[-1].message == f"Created fine-tuning job: {id_}"
    assert [event.created_at for event in told] == sorted((e.created_at for e in told), reverse=True)
    assert len({event.id for event in told}) == len(told)
    measured = [event.data for event in told if event.type == "metrics"]
    assert len(measured) == 30  # 40 examples in batches of 4, three times over
    assert all(isinstance(data, dict) and data["total_steps"] == 30 for data in measured)


async def test_an_event_that_was_told_stays_the_same(platform: Platform) -> None:
    id_ = (await platform.job())["id"]
    earlier: list[dict[str, Any]] = []
    for _ in range(12):
        platform.clock.pass_(9)
        now = (await platform.get(f"/fine_tuning/jobs/{id_}/events", limit=100))["data"]
        assert now[len(now) - len(earlier) :] == earlier
        earlier = now
    assert len(earlier) > 30


async def test_there_is_a_checkpoint_for_each_epoch(platform: Platform) -> None:
    job = await platform.job(hyperparameters={"n_epochs": 4, "batch_size": 8})
    platform.clock.pass_(60)
    assert len((await platform.get(f"/fine_tuning/jobs/{job['id']}/checkpoints"))["data"]) == 2
    platform.clock.pass_(40)
    made = [point async for point in platform.openai.fine_tuning.jobs.checkpoints.list(job["id"], limit=3)]
    assert [point.step_number for point in made] == [20, 15, 10, 5]
    losses = [point.metrics.train_loss or 0 for point in made]
    assert losses == sorted(losses)


async def test_the_results_are_a_csv_in_base64_of_a_falling_loss(platform: Platform) -> None:
    training = await platform.upload()
    job = await platform.job(training_file=training, validation_file=training)
    platform.clock.pass_(99)
    assert (await platform.get("/files"))["data"][0]["id"] == training
    platform.clock.pass_(1)
    ended = await platform.openai.fine_tuning.jobs.retrieve(job["id"])
    listed = (await platform.get("/files", purpose="fine-tune-results"))["data"]
    assert [file["id"] for file in listed] == ended.result_files
    content = (await platform.openai.files.content(ended.result_files[0])).read()
    assert listed[0]["bytes"] == len(content)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(content, validate=True).decode())))
    header = ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"]
    assert list(rows[0]) == header
    thirds = [[float(row["train_loss"]) for row in rows[at : at + 10]] for at in (0, 10, 20)]
    assert all(sum(later) < sum(earlier) for earlier, later in pairwise(thirds))
    assert float(rows[-1]["valid_loss"]) > float(rows[-1]["train_loss"])
    assert float(rows[-1]["train_accuracy"]) > float(rows[0]["train_accuracy"]) + 0.2


async def test_a_cancel_ends_the_job_now_and_only_once(platform: Platform) -> None:
    id_ = (await platform.job())["id"]
    platform.clock.pass_(50)
    cancelled = await platform.openai.fine_tuning.jobs.cancel(id_)
    assert (cancelled.status, cancelled.finished_at) == ("cancelled", int(platform.clock()))
    platform.clock.pass_(100)
    later = await platform.openai.fine_tuning.jobs.retrieve(id_)
    assert (later.status, later.result_files, later.fine_tuned_model) == ("cancelled", [], None)
    with pytest.raises(openai.BadRequestError, match="already ended"):
        await platform.openai.fine_tuning.jobs.cancel(id_)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"training_file": "file-nowhere"}, 400, "training_file"),
        ({"validation_file": "file-nowhere"}, 400, "validation_file"),
        ({"model": "gpt-9"}, 404, "model"),
        ({"suffix": "x" * 65}, 400, "suffix"),
        ({"seed": -1}, 400, "seed"),
        ({"hyperparameters": {"n_epochs": 51}}, 400, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"batch_size": "many"}}, 400, "hyperparameters.batch_size"),
        ({"metadata": {"k" * 65: "v"}}, 400, None),
        ({"metadata": {str(n): "v" for n in range(17)}}, 400, "metadata"),
    ],
)
async def test_a_job_that_cannot_be_is_refused(
    platform: Platform, body: dict[str, Any], status: int, param: str | None
) -> None:
    answer = await platform.create(**body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert param is None or answer.json()["error"]["param"] == param
    assert (await platform.get("/fine_tuning/jobs"))["data"] == []


async def test_hyperparameters_are_taken_from_both_places_and_echoed(platform: Platform) -> None:
    ours = {"n_epochs": 2, "batch_size": 8, "learning_rate": 5e-5, "lora_r": 8, "lora_alpha": 16}
    assert (await platform.job(hyperparameters=ours))["hyperparameters"] == ours
    method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": "auto", "batch_size": 2}}}
    job = await platform.job(method=method, hyperparameters={"n_epochs": 5})
    assert job["hyperparameters"] == {"n_epochs": 5, "batch_size": 2, "learning_rate_multiplier": 1.0}
    assert job["method"]["supervised"]["hyperparameters"] == job["hyperparameters"]


async def test_a_file_without_examples_fails_in_validation(platform: Platform) -> None:
    broken = await platform.upload(content=b'{"messages": []}\n{"prompt": "old"}\n')
    job = await platform.job(training_file=broken)
    platform.clock.pass_(100)
    failed = await platform.openai.fine_tuning.jobs.retrieve(job["id"])
    assert failed.error is not None
    assert (failed.status, failed.error.code, failed.error.param) == (
        "failed",
        "invalid_training_file",
        "training_file",
    )
    assert "Example 2" in failed.error.message
    newest = (await platform.get(f"/fine_tuning/jobs/{job['id']}/events"))["data"][0]
    assert (newest["level"], newest["data"]["error_code"]) == ("error", "invalid_training_file")


async def test_jobs_are_paged_newest_first_and_found_by_metadata(platform: Platform) -> None:
    training = await platform.upload()
    ids = [(await platform.job(training_file=training, metadata={"n": str(n % 2)}))["id"] for n in range(5)]
    plain = (await platform.job(training_file=training))["id"]
    walked = [job.id async for job in platform.openai.fine_tuning.jobs.list(limit=2)]
    assert walked == [plain, *ids[::-1]]
    page = await platform.get("/fine_tuning/jobs", limit=3, after=ids[3])
    assert ([job["id"] for job in page["data"]], page["has_more"]) == (ids[2::-1], False)
    odd = await platform.get("/fine_tuning/jobs", **{"metadata[n]": "1"})
    assert [job["id"] for job in odd["data"]] == [ids[3], ids[1]]
    assert [j["id"] for j in (await platform.get("/fine_tuning/jobs", metadata="null"))["data"]] == [plain]
    assert (await platform.get("/fine_tuning/jobs", limit=0, after="after"))["data"] == []
    assert (await platform.http.get("/fine_tuning/jobs", params={"limit": -1})).status_code == 400


async def test_the_same_seed_gives_the_same_run(start: Start) -> None:
    async def told(seed: int) -> list[Any]:
        async with start(Options(seed=seed, job_seconds=10.0), Clock()) as platform:
            job = await platform.job()
            platform.clock.pass_(10)
            events = await platform.get(f"/fine_tuning/jobs/{job['id']}/events", limit=100)
            return [await platform.get(f"/fine_tuning/jobs/{job['id']}"), events]

    first, again, other = await told(1), await told(1), await told(2)
    assert first == again
    assert first[1]["data"][5]["data"] != other[1]["data"][5]["data"]


async def test_a_tuned_model_can_be_tuned_again_and_deleted(platform: Platform) -> None:
    job = await platform.job()
    platform.clock.pass_(100)
    model = (await platform.get(f"/fine_tuning/jobs/{job['id']}"))["fine_tuned_model"]
    again = await platform.job(model=model)
    assert again["model"] == model
    assert [found.id async for found in platform.openai.models.list()] == ["qwen3-32b", "qwen3-72b", model]
    assert (await platform.openai.models.delete(model)).deleted
    with pytest.raises(openai.NotFoundError):
        await platform.openai.models.retrieve(model)
    with pytest.raises(openai.PermissionDeniedError):
        await platform.openai.models.delete("qwen3-32b")
