"""The client against the stand-in platform: a job's whole life, and what it makes of scripted faults."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from domain.outcomes import Ambiguous, Answered, NotFound, Rejected, Retryable, Trouble
from domain.platform import JobRequest, PlatformFile, PlatformJob, PlatformStatus
from simulator.options import Options
from simulator.server import serving
from xpulink.chat import XPULinkChat
from xpulink.client import XPULinkClient

LINE = (
    orjson.dumps({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})
    + b"\n"
)
KEY = "xpulink-simulator-key"


async def content() -> AsyncIterator[bytes]:
    for _ in range(30):
        yield LINE


async def platform(start: Any, *faults: str, job_seconds: float = 0.5) -> XPULinkClient:
    options = Options(job_seconds=job_seconds, faults=faults)
    url = await start.enter(serving(options))
    client: XPULinkClient = start.client(url, key=KEY)
    return client


async def uploaded(client: XPULinkClient) -> PlatformFile:
    outcome = await client.upload_file(filename="train.jsonl", size=30 * len(LINE), content=content)
    assert isinstance(outcome, Answered), outcome
    return outcome.value


async def created(client: XPULinkClient, marker: str = "sub_1") -> PlatformJob:
    request = JobRequest("qwen3-32b", (await uploaded(client)).id, marker, suffix="cs", seed=1)
    outcome = await client.create_job(request)
    assert isinstance(outcome, Answered), outcome
    return outcome.value


async def ended(client: XPULinkClient, id_: str) -> PlatformJob:
    async with asyncio.timeout(20):
        while True:
            outcome = await client.job(id_)
            assert isinstance(outcome, Answered), outcome
            if outcome.value.status.ended:
                return outcome.value
            await asyncio.sleep(0.05)


async def test_files_are_listed_newest_first_with_their_names_and_go_when_deleted(start: Any) -> None:
    client = await platform(start)
    first, second = await uploaded(client), await uploaded(client)
    newest = await client.files(after=None, limit=1)
    assert isinstance(newest, Answered)
    assert ([file.id for file in newest.value.items], newest.value.has_more) == ([second.id], True)
    assert newest.value.items[0].filename == "train.jsonl"
    assert newest.value.items[0].created_at is not None
    assert await client.delete_file(second.id) == Answered(None)
    left = await client.files(after=second.id, limit=10)
    assert isinstance(left, Answered)
    assert ([file.id for file in left.value.items], left.value.has_more) == ([first.id], False)


async def test_a_job_lives_from_upload_to_its_models_end(start: Any) -> None:
    client = await platform(start)
    job = await created(client)
    assert (job.marker, job.status, job.known_status) == ("sub_1", PlatformStatus.QUEUED, True)
    done = await ended(client, job.id)
    assert done.status is PlatformStatus.SUCCEEDED
    assert done.fine_tuned_model
    assert done.trained_tokens
    listed, events = (
        await client.jobs(after=None, limit=100),
        await client.events(job.id, after=None, limit=3),
    )
    assert isinstance(listed, Answered)
    assert [item.marker for item in listed.value.items] == ["sub_1"]
    assert isinstance(events, Answered)
    assert (len(events.value.items), events.value.has_more, events.value.skipped) == (3, True, 0)
    checkpoints = await client.checkpoints(job.id, after=None, limit=10)
    assert isinstance(checkpoints, Answered)
    assert all("train_loss" in item.metrics for item in checkpoints.value.items)
    results = await client.file_content(done.result_files[0], limit_bytes=1024**2)
    assert isinstance(results, Answered)
    assert results.value
    assert await client.delete_model(done.fine_tuned_model) == Answered(None)
    assert await client.delete_file(str(done.training_file)) == Answered(None)


async def test_a_page_goes_on_behind_the_last_item(start: Any) -> None:
    client = await platform(start)
    ids = [(await created(client, f"sub_{number}")).id for number in range(3)]
    first = await client.jobs(after=None, limit=2)
    assert isinstance(first, Answered)
    second = await client.jobs(after=first.value.items[-1].id, limit=2)
    assert isinstance(second, Answered)
    assert [item.id for item in first.value.items + second.value.items] == ids[::-1]
    assert (first.value.has_more, second.value.has_more) == (True, False)


async def test_a_cancel_ends_a_job_once(start: Any) -> None:
    client = await platform(start, job_seconds=60)
    job = await created(client)
    outcome = await client.cancel_job(job.id)
    assert isinstance(outcome, Answered)
    assert outcome.value.status is PlatformStatus.CANCELLED
    again = await client.cancel_job(job.id)
    assert isinstance(again, Rejected)
    assert again.code == "job_already_ended"


async def test_what_is_not_there_is_not_found(start: Any) -> None:
    client = await platform(start)
    assert isinstance(await client.job("ftjob-none"), NotFound)
    assert isinstance(await client.cancel_job("ftjob-none"), NotFound)
    assert isinstance(await client.delete_file("file-none"), NotFound)
    assert isinstance(await client.file_content("file-none", limit_bytes=9), NotFound)


async def test_an_accepted_create_whose_answer_was_cut_is_ambiguous_and_found_by_its_marker(
    start: Any,
) -> None:
    client = await platform(start, "cut_after_accept")
    outcome = await client.create_job(JobRequest("qwen3-32b", (await uploaded(client)).id, "sub_7"))
    assert isinstance(outcome, Ambiguous)
    listed = await client.jobs(after=None, limit=100)
    assert isinstance(listed, Answered)
    assert [item.marker for item in listed.value.items] == ["sub_7"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("rate_limited;retry_after=7", Retryable), ("server_error", Ambiguous)],
)
async def test_a_create_that_was_turned_away_left_no_job(start: Any, fault: str, kind: type) -> None:
    client = await platform(start, fault)
    outcome = await client.create_job(JobRequest("qwen3-32b", (await uploaded(client)).id, "sub_1"))
    assert type(outcome) is kind
    if isinstance(outcome, Retryable):
        assert (outcome.trouble, outcome.retry_after.total_seconds()) == (Trouble.THROTTLED, 7)
    listed = await client.jobs(after=None, limit=100)
    assert isinstance(listed, Answered)
    assert listed.value.items == ()


async def test_a_create_on_a_file_that_is_not_there_is_rejected_with_its_reason(start: Any) -> None:
    outcome = await (await platform(start)).create_job(JobRequest("qwen3-32b", "file-none", "sub_1"))
    assert isinstance(outcome, Rejected)
    assert (outcome.status, outcome.code, outcome.param) == (400, "file_not_found", "training_file")


async def test_a_wrong_key_concerns_the_credential(start: Any) -> None:
    url = await start.enter(serving(Options()))
    outcome = await start.client(url, key="another-key").jobs(after=None, limit=1)
    assert isinstance(outcome, Retryable)
    assert outcome.trouble is Trouble.UNAUTHORIZED


async def test_a_chat_streams_to_its_done(start: Any) -> None:
    url = await start.enter(serving(Options()))
    chat = XPULinkChat(base_url=url, api_key=KEY)
    body = orjson.dumps(
        {"model": "qwen3-32b", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    )
    async with chat.chat(body, accept="text/event-stream") as answer:
        whole = b"".join([piece async for piece in answer.chunks()])
    await chat.aclose()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert whole.endswith(b"data: [DONE]\n\n")
