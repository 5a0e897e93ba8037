"""A restart while requests are under way: what can end is answered, everybody else is told, nothing stays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import httpx
import pytest

from .conftest import Log, Serve
from .served import Project, Service

GRACE = timedelta(milliseconds=700)
CHAT = {"model": "qwen3-32b", "messages": [{"role": "user", "content": "Hi"}]}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: "
EVENT = b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n'


@asynccontextmanager
async def slow_platform() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A platform that answers a chat of user `short` in a while, and begins or leaves open all others."""
    got: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        got.append(await reader.readexactly(length))
        if b'"short"' in got[-1]:
            await asyncio.sleep(0.2)
            writer.write(HEAD + b'application/json\r\ncontent-length: 14\r\n\r\n{"choices":[]}')
        elif b'"stream"' in got[-1]:
            writer.write(HEAD + b"text/event-stream\r\n\r\n" + EVENT)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", got
    server.close()


async def upload_without_end(project: Project, begun: asyncio.Event) -> bytes:
    """Send a file a little at a time until there is an answer, and return that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(project.service.root.rpartition(":")[2]))
    disposition = '--X\r\ncontent-disposition: form-data; name="'
    form = f'{disposition}purpose"\r\n\r\nuser_data\r\n{disposition}file"; filename="a"\r\n\r\n'
    head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {project.api_key}\r\n"
    head += "content-type: multipart/form-data; boundary=X\r\ncontent-length: 1000000\r\n\r\n"
    writer.write((head + form).encode())
    answer = asyncio.create_task(reader.read())
    while not answer.done():
        writer.write(b"x" * 100)
        await asyncio.sleep(0.05)
        begun.set()
    writer.close()
    return await answer


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - the condition is the database's
            await asyncio.sleep(0.02)


async def refused(service: Service) -> float:
    """Return when a new connection was refused for the first time."""
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(f"{service.root}/readyz", headers={"connection": "close"})
            except httpx.ConnectError:
                return asyncio.get_running_loop().time()
            await asyncio.sleep(0.02)


async def test_a_restart_answers_everybody_and_leaves_nothing_behind(
    serve: Serve, api_database_url: str, sql: asyncpg.Connection, log: Log
) -> None:
    async with (
        slow_platform() as (url, asked),
        serve(database_url=api_database_url, xpulink_base_url=url, grace=GRACE) as service,
        sql.transaction(),
    ):
        project = await service.project()
        await project.training_file()
        before = service.blobs()
        await sql.execute("LOCK TABLE jobs IN EXCLUSIVE MODE")
        begun = asyncio.Event()
        upload = asyncio.create_task(upload_without_end(project, begun))
        create = asyncio.create_task(project.create())
        chat = asyncio.create_task(project.post("/chat/completions", json=CHAT))
        stream = asyncio.create_task(project.post("/chat/completions", json=CHAT | {"stream": True}))
        short = asyncio.create_task(project.post("/chat/completions", json=CHAT | {"user": "short"}))

        async def all_under_way() -> bool:
            waiting = await sql.fetchval(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'jobs'::regclass"
            )
            return bool(waiting) and len(asked) == 3 and begun.is_set()

        await until(all_under_way)
        closed = asyncio.create_task(refused(service))
        service.stop()
        late = [await asyncio.wait_for(request, 20) for request in (create, chat)]
        at = asyncio.get_running_loop().time()
        assert await closed < at
        assert (await upload).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert (await short).json() == {"choices": []}
        with pytest.raises(httpx.RemoteProtocolError):
            await stream
    for answer in late:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["error"]["code"] == "service_unavailable"
    assert service.blobs() == before
    assert await sql.fetchval("SELECT count(*) FROM jobs WHERE project_id = $1", project.id) == 0
    assert '"level":"error"' not in log.text
