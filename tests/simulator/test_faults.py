import asyncio
import json
import time

import httpx
import pytest

from simulator.options import Options
from simulator.script import parsed

from .conftest import Platform, Start

FAULT = "x-simulator-fault"


async def test_a_file_is_refused_once(platform: Platform) -> None:
    await platform.order(fault="file_refused")
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        await platform.upload()
    assert await platform.upload()


async def test_a_training_fails_with_an_error_and_no_model(platform: Platform) -> None:
    job = (await platform.create(headers={FAULT: "training_fails"})).json()
    platform.clock.pass_(59)
    assert (await platform.get(f"/fine_tuning/jobs/{job['id']}"))["status"] == "running"
    platform.clock.pass_(1)
    failed = await platform.openai.fine_tuning.jobs.retrieve(job["id"])
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "training_failed")
    assert failed.finished_at == failed.created_at + 60
    assert (failed.fine_tuned_model, failed.result_files) == (None, [])


async def test_a_rate_limit_says_when_to_come_back(platform: Platform) -> None:
    training = await platform.upload()
    await platform.order(fault="rate_limited", times=2, retry_after=7)
    answers = [await platform.create(training_file=training) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].json()["error"]["code"] == "rate_limit_exceeded"
    assert len((await platform.get("/fine_tuning/jobs"))["data"]) == 1


@pytest.mark.parametrize(
    ("route", "method", "path"),
    [
        ("upload", "POST", "/files"),
        ("retrieve", "GET", "/fine_tuning/jobs/ftjob-x"),
        ("list", "GET", "/fine_tuning/jobs?limit=1"),
        ("chat", "POST", "/chat/completions"),
        ("any", "GET", "/models"),
    ],
)
async def test_a_fault_waits_for_its_route(platform: Platform, route: str, method: str, path: str) -> None:
    await platform.order(fault="server_error", route=route)
    if route != "any":
        assert (await platform.http.get("/models")).status_code == 200
    broken = await platform.http.request(method, path)
    assert (broken.status_code, broken.json()["error"]["type"]) == (500, "server_error")
    assert (await platform.http.request(method, path)).status_code != 500


async def test_a_cut_create_is_stored_and_answered_with_nothing(platform: Platform) -> None:
    training = await platform.upload()
    with pytest.raises(httpx.RemoteProtocolError):
        await platform.create(
            training_file=training, metadata={"marker": "m1"}, headers={FAULT: "cut_after_accept"}
        )
    listed = (await platform.get("/fine_tuning/jobs"))["data"]
    assert [job["metadata"] for job in listed] == [{"marker": "m1"}]
    noted = next(entry for entry in (await platform.ledger())["requests"] if entry["fault"])
    assert (noted["route"], noted["status"], noted["fault"]) == ("create", None, "cut_after_accept")


async def test_a_cut_sends_not_one_byte(platform: Platform) -> None:
    address = httpx.URL(platform.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer xpulink-simulator-key\r\n"
        b"x-simulator-fault: cut_after_accept\r\n\r\n"
    )
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await writer.wait_closed()


async def test_a_delayed_create_is_stored_before_its_answer(platform: Platform) -> None:
    training = await platform.upload()
    started = time.monotonic()
    late = asyncio.create_task(platform.create(training_file=training, headers={FAULT: "delay;seconds=0.4"}))
    while not (await platform.get("/fine_tuning/jobs"))["data"]:
        assert not late.done()
    assert not late.done()
    assert (await late).status_code == 200
    assert time.monotonic() - started >= 0.4


async def test_what_is_left_of_a_headers_fault_happens_to_the_next(platform: Platform) -> None:
    training = await platform.upload()
    answers = [await platform.create(training_file=training, headers={FAULT: "server_error;times=2"})]
    answers += [await platform.create(training_file=training) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500, 200]


async def test_faults_can_be_seen_and_taken_back(platform: Platform) -> None:
    await platform.order(fault="server_error", times=0, route="list")
    assert [(await platform.http.get("/fine_tuning/jobs")).status_code for _ in range(3)] == [500] * 3
    faults = f"{platform.url.removesuffix('/v1')}/simulator/faults"
    assert (await platform.http.get(faults)).json()["faults"][0]["route"] == "list"
    assert (await platform.http.delete(faults)).json() == {"deleted": 1}
    assert (await platform.http.get("/fine_tuning/jobs")).status_code == 200


async def test_faults_may_be_there_from_the_start(start: Start) -> None:
    options = Options(faults=("rate_limited:2;route=any;retry_after=3",), api_key="any")
    async with start(options) as platform:
        answers = [await platform.http.get("/models") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]


@pytest.mark.parametrize(
    "text", ["mischief", "delay:many", "delay;seconds", "delay;route=nowhere", "delay;times=-1", "delay;x=1"]
)
async def test_an_order_that_cannot_be_is_refused(platform: Platform, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)
    answer = await platform.http.get("/models", headers={FAULT: text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_fault")


async def test_a_fault_that_is_not_in_the_table_cannot_be_ordered(platform: Platform) -> None:
    assert "server_error" in (await platform.order(fault="mischief")).json()["error"]["message"]
    assert (await platform.order(fault="delay", route="nowhere")).status_code == 400


async def test_a_head_may_come_byte_by_byte_and_end_well(platform: Platform) -> None:
    training, started = await platform.upload(), time.monotonic()
    created = await platform.create(training_file=training, headers={FAULT: "slow_head;seconds=0.3"})
    assert created.json()["training_file"] == training
    assert 0.3 <= time.monotonic() - started < 2


@pytest.mark.parametrize("fault", ["drip;seconds=0.1", "endless", "bomb", "html", "truncated", "no_id"])
async def test_a_spoiled_answer_hides_a_job_that_was_taken(platform: Platform, fault: str) -> None:
    training = await platform.upload()
    assert await _usable_answer(platform, training, fault) is False
    assert [job["training_file"] for job in (await platform.get("/fine_tuning/jobs"))["data"]] == [training]


async def _usable_answer(platform: Platform, training: str, fault: str) -> bool:
    """Create as an impatient client does that reads a megabyte at most."""
    body, asked = b"", {"model": "qwen3-32b", "training_file": training}
    try:
        async with (
            asyncio.timeout(0.5),
            platform.http.stream("POST", "/fine_tuning/jobs", json=asked, headers={FAULT: fault}) as answer,
        ):
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > 2**20:
                    return False
        return "id" in json.loads(body)
    except (TimeoutError, ValueError):
        return False


async def test_an_answer_of_wrong_types_is_json_all_the_same(platform: Platform) -> None:
    created = (await platform.create(headers={FAULT: "wrong_types"})).json()
    assert created["object"] == [{"value": "fine_tuning.job"}]


@pytest.mark.parametrize(("fault", "status"), [("unauthorized", 401), ("payment_required", 402)])
async def test_an_account_may_be_refused_on_every_route(platform: Platform, fault: str, status: int) -> None:
    await platform.order(fault=fault)
    assert (await platform.http.get("/models")).status_code == status
    assert (await platform.http.get("/models")).status_code == 200


@pytest.mark.parametrize(
    ("fault", "retry_after"), [("rate_limited_silently", None), ("rate_limited_absurdly", "9" * 14)]
)
async def test_a_rate_limit_may_say_nothing_or_nonsense(
    platform: Platform, fault: str, retry_after: str | None
) -> None:
    refused = await platform.create(training_file="file-none", headers={FAULT: fault})
    assert (refused.status_code, refused.headers.get("retry-after")) == (429, retry_after)


async def test_a_job_may_be_listed_late(platform: Platform) -> None:
    created = await platform.create(headers={FAULT: "listed_late;seconds=45"})
    path = f"/fine_tuning/jobs/{created.json()['id']}"
    platform.clock.pass_(44)
    assert (await platform.get("/fine_tuning/jobs"))["data"] == []
    assert (await platform.get(path))["id"] == created.json()["id"]
    platform.clock.pass_(1)
    assert len((await platform.get("/fine_tuning/jobs"))["data"]) == 1
