"""Chat as it passes through: what the platform says is what the client gets, and nothing is held back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest

from .conftest import Log, Serve
from .served import Project, Service, refused

Platform = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], "asyncio.Future[None]"]
Behind = Callable[[Platform], AbstractAsyncContextManager[Project]]
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "你好"}]}


@pytest.fixture
def behind(serve: Serve, api_database_url: str) -> Behind:
    """A project on an api whose platform is a bare socket that answers as the test likes."""

    @asynccontextmanager
    async def start(platform: Platform) -> AsyncIterator[Project]:
        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            try:
                await platform(reader, writer, head + await reader.readexactly(length))
            finally:
                writer.close()

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with serve(database_url=api_database_url, xpulink_base_url=url) as service:
            yield await service.project()
        server.close()
        await server.wait_closed()

    return start


def answering(text: str) -> Platform:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(text.replace("\n", "\r\n").encode())
        await writer.drain()

    return answer


async def test_the_body_arrives_as_it_was_written_but_for_the_model_and_the_key(behind: Behind) -> None:
    received: list[bytes] = []

    async def platform(_: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        received.append(request)
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"choices":[]}')
        await writer.drain()

    sent = b'{"seed": 1.50, "model": "gpt-4o-mini", "x": 123456789012345678901234567890, "y": "\\u4f60"}'
    async with behind(platform) as project:
        answer = await project.post("/chat/completions", content=sent)
        key = project.api_key.encode()
    assert (answer.status_code, answer.text) == (200, '{"choices":[]}')
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert key not in head
    assert msgspec.json.decode(body)["model"] == "qwen3-32b"
    assert b'"seed":1.50' in body
    assert b'"x":123456789012345678901234567890' in body
    assert b'"y":"\\u4f60"' in body


async def test_a_stream_is_passed_on_as_it_comes(behind: Behind) -> None:
    more = asyncio.Event()

    async def platform(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        writer.write(b'data: {"n": 1}\n\n')
        await more.wait()
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()

    async with behind(platform) as project:
        url = f"{project.service.url}/chat/completions"
        body = CHAT | {"stream": True}
        async with project.service.http.stream("POST", url, json=body, headers=project.bearer) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b'data: {"n": 1}\n\n'
            more.set()
            assert b"".join([piece async for piece in pieces]) == b"data: [DONE]\n\n"


async def test_a_stream_that_breaks_off_says_so_in_its_own_form(behind: Behind) -> None:
    start = "HTTP/1.1 200 OK\ncontent-type: text/event-stream\ncontent-length: 999\n\ndata: {}\n\n"
    async with behind(answering(start)) as project:
        answer = await project.post("/chat/completions", json=CHAT | {"stream": True})
    assert answer.status_code == 200
    error = msgspec.json.decode(answer.text.split("data: ")[-1])["error"]
    assert (error["code"], error["type"]) == ("platform_error", "server_error")


async def test_a_client_that_leaves_ends_the_platform_s_stream_as_well(behind: Behind, log: Log) -> None:
    left = asyncio.Event()

    async def platform(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n")
        await writer.drain()
        assert await reader.read() == b""
        left.set()

    async with behind(platform) as project:
        url = f"{project.service.url}/chat/completions"
        async with project.service.http.stream(
            "POST", url, json=CHAT | {"stream": True}, headers=project.bearer
        ) as answer:
            await anext(answer.aiter_raw())
        await asyncio.wait_for(left.wait(), 5)
        await log.line(event="request", path="/v1/chat/completions")


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
async def test_the_platform_s_own_refusals_are_passed_on(behind: Behind, status: int) -> None:
    said = '{"error":{"message":"no","type":"t","param":null,"code":"c"}}'
    head = f"HTTP/1.1 {status} X\nretry-after: 7\ncontent-type: application/json\nset-cookie: a=b"
    async with behind(answering(f"{head}\ncontent-length: {len(said)}\n\n{said}")) as project:
        answer = await project.post("/chat/completions", json=CHAT)
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (status, said, "7")
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-request-id"].startswith("req_")


NO_COMPLETION = [
    "content-type: text/html\n\n<!doctype html><p>Welcome!</p>",
    'content-type: application/json\n\n{"id": "c", "choi',
    'content-type: application/json\n\n{"choices": []} and more',
    "content-type: application/json\n\n[]",
    'content-type: application/json\n\n{"choices": null}',
    "content-type: image/png\n\n",
]


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("said", NO_COMPLETION)
async def test_what_is_no_completion_is_the_platform_s_failure(
    behind: Behind, said: str, *, streams: bool
) -> None:
    async with behind(answering(f"HTTP/1.1 200 OK\nconnection: close\n{said}")) as project:
        answer = await project.post("/chat/completions", json=CHAT | {"stream": streams})
    refused(answer, 502, "platform_error")


async def test_a_completion_that_says_it_is_something_else_is_json(behind: Behind) -> None:
    said = 'HTTP/1.1 200 OK\nconnection: close\ncontent-type: text/plain\n\n{"choices": []}'
    async with behind(answering(said)) as project:
        answer = await project.post("/chat/completions", json=CHAT)
    assert (answer.text, answer.headers["content-type"]) == ('{"choices": []}', "application/json")


@pytest.mark.parametrize(
    ("status", "said", "code", "shown"),
    [
        (502, "<html>Bad gateway</html>", "platform_error", 502),
        (500, "", "platform_error", 502),
        (404, "Not Found", "platform_error", 502),
        (404, '{"error": {"message": "Invalid URL", "code": "unknown_url"}}', "platform_error", 502),
        (429, '{"error": {"message": "slowly", "code": 7}, "more": 1}', None, 429),
        (400, '{"error": "text"}', "platform_error", 502),
    ],
)
async def test_a_refusal_in_another_form_is_put_into_the_envelope(
    behind: Behind, status: int, said: str, code: str | None, shown: int
) -> None:
    async with behind(answering(f"HTTP/1.1 {status} X\nconnection: close\n\n{said}")) as project:
        answer = await project.post("/chat/completions", json=CHAT | {"stream": True})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], set(error)) == (
        shown,
        code,
        {"message", "type", "param", "code"},
    )


@pytest.mark.parametrize(
    ("said", "passed", "ends_well"),
    [
        ("data: {}\n\ndata: [DONE]\n\n", "data: {}\n\ndata: [DONE]\n\n", True),
        ("data: {}\n\ndata: [DONE]", "data: {}\n\ndata: [DONE]\n\n", True),
        ('data: {}\n\ndata: {"choices', "data: {}\n\n", False),
        ("data: {}\n\n", "data: {}\n\n", False),
        ("", "", False),
    ],
)
async def test_a_stream_that_ends_without_its_end_says_so_and_holds_no_half_event(
    behind: Behind, said: str, passed: str, *, ends_well: bool
) -> None:
    async def platform(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n")
        writer.write(said.encode())
        await writer.drain()

    async with behind(platform) as project:
        answer = await project.post("/chat/completions", json=CHAT | {"stream": True})
    assert answer.text.startswith(passed)
    rest = answer.text.removeprefix(passed)
    assert (rest == "") is ends_well
    if rest:
        assert msgspec.json.decode(rest.removeprefix("data: "))["error"]["code"] == "platform_error"


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_that_our_own_key_is_refused_is_not_blamed_on_the_client(behind: Behind, status: int) -> None:
    head = f"HTTP/1.1 {status} X\ncontent-length: 0\n\n"
    async with behind(answering(head)) as project:
        refused(await project.post("/chat/completions", json=CHAT), 502, "platform_error")


async def test_a_platform_that_is_away_is_503_and_one_that_hangs_up_502(
    behind: Behind, serve: Serve, api_database_url: str
) -> None:
    async with behind(answering("")) as project:
        refused(await project.post("/chat/completions", json=CHAT), 502, "platform_error")
    closed = "http://127.0.0.1:9/v1"
    async with serve(database_url=api_database_url, xpulink_base_url=closed) as service:
        answer = await (await service.project()).post("/chat/completions", json=CHAT)
    refused(answer, 503, "service_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_no_connection_to_the_database_is_held_while_the_platform_thinks(
    behind: Behind,
) -> None:
    pools: list[int] = []
    services: list[Service] = []

    async def platform(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        pools.append(services[0].resources.database.engine.pool.checkedout())
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"choices":[]}')
        await writer.drain()

    async with behind(platform) as project:
        services.append(project.service)
        assert (await project.post("/chat/completions", json=CHAT)).status_code == 200
    assert pools == [0]
