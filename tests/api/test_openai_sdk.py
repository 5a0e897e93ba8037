"""The real OpenAI SDK, strict about every type it receives."""

import asyncio

import asyncpg
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from .served import Project, Service, end_well, examples

MODEL = "ft:qwen3-32b:org/x:shop:9a:ckpt"


async def test_a_file_is_created_listed_retrieved_read_and_deleted(sdk: AsyncOpenAI) -> None:
    content = examples()
    made = await sdk.files.create(
        file=("train.jsonl", content),
        purpose="fine-tune",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert (made.status, made.bytes, made.filename) == ("processed", len(content), "train.jsonl")
    assert made.expires_at == pytest.approx(made.created_at + 3600, abs=2)
    plain = await sdk.files.create(file=b"text", purpose="user_data")
    assert (plain.filename, plain.expires_at) == ("upload", None)
    assert [file.id async for file in sdk.files.list()] == [plain.id, made.id]
    assert [file.id async for file in sdk.files.list(order="asc", limit=1)] == [made.id, plain.id]
    assert [file.id async for file in sdk.files.list(purpose="fine-tune")] == [made.id]
    assert await sdk.files.retrieve(made.id) == made
    assert (await sdk.files.content(made.id)).content == content
    assert await sdk.files.wait_for_processing(made.id) == made
    deleted = await sdk.files.delete(made.id)
    assert (deleted.id, deleted.deleted) == (made.id, True)
    with pytest.raises(openai.NotFoundError) as raised:
        await sdk.files.retrieve(made.id)
    assert (raised.value.code, raised.value.request_id is None) == ("not_found", False)


async def test_lists_take_what_the_sdk_sends_in_its_own_tests(sdk: AsyncOpenAI) -> None:
    files = await sdk.files.list(after="after", limit=0, order="asc", purpose="purpose")
    assert (files.data, files.has_more) == ([], False)
    assert (await sdk.fine_tuning.jobs.list(after="string", limit=0)).data == []


async def test_a_job_is_created_with_everything_the_sdk_can_say(sdk: AsyncOpenAI, project: Project) -> None:
    training, validation = await project.training_file(), await project.file()
    job = await sdk.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=training,
        validation_file=validation,
        suffix="s" * 64,
        seed=42,
        metadata={"k" * 64: "v" * 512},
        integrations=[{"type": "wandb", "wandb": {"project": "p", "tags": ["a"]}}],
        method={
            "type": "supervised",
            "supervised": {
                "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5}
            },
        },
    )
    assert (job.status, job.model, job.seed, job.suffix if hasattr(job, "suffix") else None) == (
        "queued", "gpt-4o-mini", 42, None,
    )  # fmt: skip
    assert (job.training_file, job.validation_file) == (training, validation)
    assert job.organization_id == project.id
    assert (job.error, job.fine_tuned_model, job.finished_at, job.trained_tokens) == (None, None, None, None)
    assert job.result_files == []
    assert job.metadata == {"k" * 64: "v" * 512}
    assert job.hyperparameters.n_epochs == 3
    assert job.method is not None
    assert job.method.supervised is not None
    assert job.integrations is not None
    assert job.integrations[0].wandb.project == "p"
    assert await sdk.fine_tuning.jobs.retrieve(job.id) == job


async def test_25_jobs_are_paged_by_tens_newest_first(sdk: AsyncOpenAI, project: Project) -> None:
    made = [await project.job(metadata={"n": str(n % 2)} if n < 20 else None) for n in range(25)]
    first = await sdk.fine_tuning.jobs.list(limit=10)
    assert (len(first.data), first.has_more) == (10, True)
    assert [job.id async for job in sdk.fine_tuning.jobs.list(limit=10)] == made[::-1]
    assert [job.id async for job in sdk.fine_tuning.jobs.list(limit=5)] == made[::-1]
    odd = sdk.fine_tuning.jobs.list(metadata={"n": "1"}, limit=4)
    assert [job.id async for job in odd] == made[1:20:2][::-1]
    both = sdk.fine_tuning.jobs.list(metadata={"n": "1", "more": "x"})
    assert [job.id async for job in both] == []
    without = sdk.fine_tuning.jobs.list(extra_query={"metadata": "null"}, limit=2)
    assert [job.id async for job in without] == made[20:][::-1]


async def test_a_job_is_cancelled_and_says_so_in_its_events(sdk: AsyncOpenAI, project: Project) -> None:
    job = await sdk.fine_tuning.jobs.cancel(await project.job())
    assert (job.status, job.finished_at is None, job.error) == ("cancelled", False, None)
    events = [event async for event in sdk.fine_tuning.jobs.list_events(job.id, limit=1)]
    assert [event.message.partition(" ")[0] for event in events] == ["The", "Created"]
    assert len({event.id for event in events}) == 2
    with pytest.raises(openai.ConflictError) as raised:
        await sdk.fine_tuning.jobs.cancel(job.id)
    assert raised.value.code == "job_already_ended"
    assert raised.value.response.headers["x-should-retry"] == "false"


async def test_a_conflict_is_not_tried_again(sdk: AsyncOpenAI, project: Project) -> None:
    job = await sdk.fine_tuning.jobs.cancel(await project.job())
    with pytest.raises(openai.ConflictError) as raised:
        await sdk.with_options(max_retries=2).fine_tuning.jobs.cancel(job.id)
    assert raised.value.response.request.headers["x-stainless-retry-count"] == "0"


async def test_our_headers_reach_the_sdk(sdk: AsyncOpenAI) -> None:
    raw = await sdk.models.with_raw_response.list()
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0
    assert raw.headers["openai-version"] == "2020-10-01"
    assert raw.parse()._request_id == raw.headers["x-request-id"]
    own = await sdk.models.with_raw_response.list(extra_headers={"X-Request-Id": "mine-1"})
    assert own.headers["x-request-id"] == "mine-1"


async def test_models_are_the_configured_ones_and_the_project_s_own(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection
) -> None:
    await end_well(sql, await project.job(), MODEL)
    listed = await sdk.models.list()
    assert [model.id for model in listed.data] == ["qwen3-32b", "qwen3-72b", "gpt-4o-mini", MODEL]
    tuned = await sdk.models.retrieve(MODEL)
    assert tuned == listed.data[-1]
    assert tuned.owned_by == project.id
    assert (await sdk.models.retrieve("qwen3-32b")).owned_by == "xpulink"
    with pytest.raises(openai.NotFoundError) as raised:
        await sdk.models.retrieve("ft:no/such:model")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


async def test_a_finished_job_validates_and_its_model_can_be_tuned_and_chatted_with(
    sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection
) -> None:
    job_id = await project.job()
    await end_well(sql, job_id, MODEL)
    job = await sdk.fine_tuning.jobs.retrieve(job_id)
    assert (job.status, job.fine_tuned_model, job.trained_tokens) == ("succeeded", MODEL, 1234)
    again = await sdk.fine_tuning.jobs.create(model=MODEL, training_file=await project.training_file())
    assert again.model == MODEL
    # The platform has never heard of this name: that its own refusal comes back shows that it was asked.
    with pytest.raises(openai.NotFoundError) as raised:
        await sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}])
    assert MODEL in raised.value.message


async def test_a_failed_job_validates(sdk: AsyncOpenAI, project: Project, sql: asyncpg.Connection) -> None:
    job_id = await project.job()
    await sql.execute(
        "UPDATE jobs SET state = 'failed', next_step_at = NULL, finished_at = now(), error_code = 'x',"
        " error_message = 'It broke.', error_param = 'training_file' WHERE id = $1",
        job_id,
    )
    job = await sdk.fine_tuning.jobs.retrieve(job_id)
    assert job.error is not None
    assert (job.status, job.error.code, job.error.param) == ("failed", "x", "training_file")


async def test_chat_answers_whole_and_as_a_stream(sdk: AsyncOpenAI) -> None:
    asked = [{"role": "user", "content": "What is a boat?"}]
    whole = await sdk.chat.completions.create(model="gpt-4o-mini", messages=asked, max_tokens=200)
    assert whole.model == "qwen3-32b"
    text = whole.choices[0].message.content
    assert text
    stream = await sdk.chat.completions.create(model="qwen3-32b", messages=asked, stream=True)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert len(pieces) > 2
    assert "".join(pieces) == text


async def test_the_synchronous_sdk_does_the_same(service: Service, project: Project) -> None:
    def work() -> str:
        with OpenAI(
            api_key=project.api_key, base_url=service.url, max_retries=0, _strict_response_validation=True
        ) as sdk:
            file = sdk.files.create(file=("t.jsonl", examples()), purpose="fine-tune")
            jobs = [sdk.fine_tuning.jobs.create(model="qwen3-32b", training_file=file.id) for _ in range(3)]
            assert [job.id for job in sdk.fine_tuning.jobs.list(limit=2)] == [job.id for job in jobs[::-1]]
            assert sdk.fine_tuning.jobs.list_events(jobs[0].id).data[0].level == "info"
            assert sdk.files.content(file.id).read() == examples()
            stream = sdk.chat.completions.create(
                model="qwen3-32b", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
            return sdk.fine_tuning.jobs.cancel(jobs[0].id).status

    assert await asyncio.to_thread(work) == "cancelled"
