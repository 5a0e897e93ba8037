import httpx
import openai
import pytest

from .conftest import KEY, Platform

EXAMPLES = [
    ("How do I return a parcel?", "Print the label in your account and drop it at any shop."),
    ("When do you open on Sundays?", "From eleven to five."),
    ("你们几点关门？", "每天晚上九点。"),  # noqa: RUF001 - Chinese as it is written
]


async def tuned(platform: Platform) -> str:
    job = await platform.job(training_file=await platform.upload(EXAMPLES * 10))
    platform.clock.pass_(100)
    return str((await platform.get(f"/fine_tuning/jobs/{job['id']}"))["fine_tuned_model"])


async def say(platform: Platform, model: str, text: str) -> str:
    answer = await platform.openai.chat.completions.create(
        model=model, messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    )
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.choices[0].finish_reason == "stop"
    return answer.choices[0].message.content or ""


async def test_a_tuned_model_answers_from_its_examples_and_a_base_model_does_not(platform: Platform) -> None:
    model = await tuned(platform)
    assert "drop it at any shop" in await say(platform, model, "how can I return my parcel")
    assert "每天晚上九点" in await say(platform, model, "几点关门")
    general = await say(platform, "qwen3-32b", "how can I return my parcel")
    assert "shop" not in general
    assert general == await say(platform, "qwen3-32b", "how can I return my parcel")


async def test_a_tuned_model_still_answers_when_its_file_is_gone(platform: Platform) -> None:
    model = await tuned(platform)
    file = (await platform.get("/files", purpose="fine-tune"))["data"][0]["id"]
    await platform.openai.files.delete(file)
    assert "eleven" in await say(platform, model, "open on Sundays?")


async def test_a_stream_says_what_one_answer_says(platform: Platform) -> None:
    whole = await say(platform, "qwen3-72b", "Hello, 你好")
    stream = await platform.openai.chat.completions.create(
        model="qwen3-72b",
        messages=[{"role": "user", "content": "Hello, 你好"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert said == whole
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == len(chunks) - 3  # role, end and usage say nothing


async def test_a_stream_is_server_sent_events(platform: Platform) -> None:
    body = {"model": "qwen3-32b", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    answer = await platform.http.post("/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith('data: {"id":') for event in events[:-2])


async def test_an_answer_is_cut_at_max_tokens(platform: Platform) -> None:
    answer = await platform.openai.chat.completions.create(
        model="qwen3-32b", messages=[{"role": "user", "content": "Hi"}], max_tokens=4, n=2
    )
    assert [choice.finish_reason for choice in answer.choices] == ["length", "length"]
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8


async def test_a_model_that_is_not_there_is_404_until_its_job_is_done(platform: Platform) -> None:
    job = await platform.job()
    model = f"ft:qwen3-32b:xpulink:custom:{job['id'][-8:]}"
    with pytest.raises(openai.NotFoundError) as refused:
        await say(platform, model, "Hi")
    assert refused.value.code == "model_not_found"
    platform.clock.pass_(100)
    assert await say(platform, model, "Hi")
    assert await say(platform, f"{model}:ckpt-step-30", "Hi")
    with pytest.raises(openai.NotFoundError):
        await say(platform, f"{model}:ckpt-step-31", "Hi")


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {KEY}"])
async def test_without_the_key_nothing_is_done(platform: Platform, header: str | None) -> None:
    headers = {"authorization": header} if header else {}
    async with httpx.AsyncClient(base_url=platform.url, headers=headers) as stranger:
        answer = await stranger.get("/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert answer.headers["x-request-id"]
