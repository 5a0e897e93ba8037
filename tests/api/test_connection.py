"""How many clients at once, and how long for one that does not take its answer. The rest: tests/hostile."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from api.serving.connection import SPARE_CONNECTIONS

from .conftest import Serve
from .served import Project, Service

MOST = 4
HALF = b"GET /v1/models HTTP/1.1\r\n"
HEALTH = b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n"
WHOLE = HALF + b"host: x\r\n\r\n"
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def narrow(serve: Serve, api_database_url: str) -> AsyncIterator[Service]:
    """An api for four clients."""
    async with serve(database_url=api_database_url, max_connections=MOST, head_timeout="10s") as running:
        yield running


@pytest.fixture
async def clients() -> AsyncIterator[list[Ends]]:
    """Connections that are closed with the test."""
    opened: list[Ends] = []
    yield opened
    for _, writer in opened:
        writer.transport.abort()


async def dial(service: Service, clients: list[Ends], sent: bytes) -> Ends:
    host, _, port = service.root.removeprefix("http://").partition(":")
    ends = await asyncio.open_connection(host, int(port))
    clients.append(ends)
    ends[1].write(sent)
    await ends[1].drain()
    return ends


async def first_line(reader: asyncio.StreamReader) -> str:
    return (await asyncio.wait_for(reader.readline(), 10)).decode().strip()


async def test_an_idle_connection_makes_room_for_a_new_one(narrow: Service, clients: list[Ends]) -> None:
    for _ in range(MOST):
        reader, _ = await dial(narrow, clients, WHOLE)
        assert await first_line(reader) == "HTTP/1.1 401 Unauthorized"
        await reader.readuntil(b"}}")
    reader, _ = await dial(narrow, clients, WHOLE)
    assert await first_line(reader) == "HTTP/1.1 401 Unauthorized"
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(clients[0][0].readexactly(1), 10)  # the one that was idle longest


async def test_where_all_are_busy_a_new_client_is_told_to_come_again(
    narrow: Service, clients: list[Ends]
) -> None:
    for _ in range(MOST):
        await dial(narrow, clients, HALF)
    reader, _ = await dial(narrow, clients, WHOLE)
    answer = (await asyncio.wait_for(reader.read(), 10)).decode()
    assert answer.startswith("HTTP/1.1 429 Too Many Requests\r\n")
    assert "\r\nretry-after: 1\r\n" in answer
    assert '"code":"too_many_connections"' in answer
    reader, _ = await dial(narrow, clients, HEALTH)
    assert await first_line(reader) == "HTTP/1.1 200 OK"


async def test_far_more_clients_are_not_even_answered(narrow: Service, clients: list[Ends]) -> None:
    for _ in range(MOST + SPARE_CONNECTIONS):
        await dial(narrow, clients, HALF)
    reader, _ = await dial(narrow, clients, b"")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(reader.readexactly(1), 10)


async def test_a_client_that_does_not_take_its_answer_is_let_go(
    serve: Serve, api_database_url: str, clients: list[Ends]
) -> None:
    size = 16 * 1024 * 1024
    async with serve(database_url=api_database_url, body_patience="200ms", min_rate=10_000_000) as impatient:
        project: Project = await impatient.project()
        file = await project.file(b"x" * size, purpose="user_data")
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", int(impatient.root.rpartition(":")[2])))
        raw.setblocking(False)  # noqa: FBT003 - a socket's own way to say it
        key = f"authorization: Bearer {project.api_key}"
        sent = f"GET /v1/files/{file}/content HTTP/1.1\r\nhost: x\r\n{key}\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(raw, sent.encode())
        await asyncio.sleep(1)  # it reads nothing, for five times the patience there is
        received = 0
        with raw, contextlib.suppress(ConnectionResetError):
            while chunk := await asyncio.wait_for(asyncio.get_running_loop().sock_recv(raw, 65536), 10):
                received += len(chunk)
        assert 0 < received < size  # cut off, and its Content-Length tells it so
