"""What reaches the platform."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.platform import JobRequest
from xpulink.client import Paths, XPULinkClient

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: seen=1\r\n\r\n{}"
Call = Callable[[XPULinkClient], Awaitable[object]]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda client: client.job("ftjob-1"), "GET /v1/fine_tuning/jobs/ftjob-1"),
        (lambda client: client.job("a/../b?c#d"), "GET /v1/fine_tuning/jobs/a%2F..%2Fb%3Fc%23d"),
        (lambda client: client.job(".."), "GET /v1/fine_tuning/jobs/%2E%2E"),
        (lambda client: client.job("1%2F"), "GET /v1/fine_tuning/jobs/1%252F"),
        (lambda client: client.jobs(after=None, limit=100), "GET /v1/fine_tuning/jobs?limit=100"),
        (lambda client: client.jobs(after="a&b", limit=5), "GET /v1/fine_tuning/jobs?limit=5&after=a%26b"),
        (lambda client: client.cancel_job("ftjob-1"), "POST /v1/fine_tuning/jobs/ftjob-1/cancel"),
        (
            lambda client: client.events("ftjob-1", after="e", limit=9),
            "GET /v1/fine_tuning/jobs/ftjob-1/events?limit=9&after=e",
        ),
        (
            lambda client: client.checkpoints("ftjob-1", after=None, limit=9),
            "GET /v1/fine_tuning/jobs/ftjob-1/checkpoints?limit=9",
        ),
        (lambda client: client.file_content("file-1", limit_bytes=9), "GET /v1/files/file-1/content"),
        (lambda client: client.delete_file("file-1"), "DELETE /v1/files/file-1"),
        (lambda client: client.delete_model("ft:q:org/x:s:1"), "DELETE /v1/models/ft:q:org%2Fx:s:1"),
    ],
)
async def test_each_call_has_its_route(start: Any, call: Call, line: str) -> None:
    server = await start.answering(EMPTY)
    await call(start.client(f"{server.url}/v1"))
    (request,) = server.requests
    assert request.line == f"{line} HTTP/1.1"
    assert request.headers["authorization"] == "Bearer sk-platform-key-0123456789"
    assert request.body == b""


async def test_paths_are_the_platforms(start: Any) -> None:
    server = await start.answering(EMPTY)
    client = start.client(f"{server.url}/v1/", paths=Paths(files="/v1/files", jobs="/tuning", models="/m"))
    await client.delete_file("file-1")
    await client.job("1")
    await client.delete_model("a")
    assert [request.line.split()[1] for request in server.requests] == [
        "/v1/v1/files/file-1",
        "/v1/tuning/1",
        "/v1/m/a",
    ]


async def created(start: Any, request: JobRequest, **options: bool) -> dict[str, Any]:
    server = await start.answering(EMPTY)
    await start.client(server.url).create_job(request, **options)
    (received,) = server.requests
    assert received.line == "POST /fine_tuning/jobs HTTP/1.1"
    assert received.headers["content-type"] == "application/json"
    body: dict[str, Any] = json.loads(received.body)
    return body


async def test_a_create_sends_the_marker_as_its_only_metadata_and_nothing_that_is_not_set(start: Any) -> None:
    assert await created(start, JobRequest("qwen3-32b", "file-1", "sub_1")) == {
        "model": "qwen3-32b",
        "training_file": "file-1",
        "metadata": {"tuneward": "sub_1"},
    }


async def test_a_create_can_go_without_metadata(start: Any) -> None:
    body = await created(start, JobRequest("qwen3-32b", "file-1", "sub_1"), with_metadata=False)
    assert body == {"model": "qwen3-32b", "training_file": "file-1"}


async def test_a_create_sends_what_is_set_and_extras_replace_nothing(start: Any) -> None:
    request = JobRequest(
        "qwen3-32b",
        "file-1",
        "sub_1",
        validation_file="file-2",
        suffix="客服",
        seed=0,
        hyperparameters={"n_epochs": 3, "lora_r": 8},
        method={"type": "supervised"},
        integrations=[{"type": "wandb", "wandb": {"project": "p"}}],
        extra={
            "provider": "x",
            "integrations": [],
            "model": "stolen",
            "metadata": {"tuneward": "forged"},
            "seed": 7,
        },
    )
    assert await created(start, request) == {
        "model": "qwen3-32b",
        "training_file": "file-1",
        "validation_file": "file-2",
        "suffix": "客服",
        "seed": 0,
        "hyperparameters": {"n_epochs": 3, "lora_r": 8},
        "method": {"type": "supervised"},
        "metadata": {"tuneward": "sub_1"},
        "integrations": [{"type": "wandb", "wandb": {"project": "p"}}],
        "provider": "x",
    }


async def test_extras_cannot_bring_metadata_back(start: Any) -> None:
    request = JobRequest("m", "f", "sub_1", extra={"metadata": {"a": "b"}})
    assert "metadata" not in await created(start, request, with_metadata=False)


async def test_cookies_are_not_kept(start: Any) -> None:
    server = await start.answering(EMPTY)
    client = start.client(server.url)
    await client.job("1")
    await client.job("1")
    assert "cookie" not in server.requests[1].headers


async def test_a_platform_on_this_machine_is_reached_past_any_proxy(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = await start.answering(EMPTY), await start.answering(EMPTY)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    await start.client(server.url).job("1")
    await start.client("http://platform.invalid").job("1")
    assert [len(server.requests), len(proxy.requests)] == [1, 1]
