"""One row per misbehaviour of a real server, and what each kind of call must make of it.

`once` is what a create and an upload come to (another one costs), `again` what a look and a cancel come to.
"""

import asyncio
import gzip
import json
import socket
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Rejected, Retryable, Trouble
from domain.platform import JobRequest
from xpulink.client import XPULinkClient

JOB = b'{"id": "ftjob-1", "status": "queued"}'
FOREVER = 60.0


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    rows = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(rows).encode() + b"\r\n\r\n" + body


def refusal(status: str, *headers: str, **fields: Any) -> bytes:
    error = {"message": "No.", "type": "invalid_request_error", "param": None, "code": None} | fields
    return answer(status, json.dumps({"error": error}).encode(), "Content-Type: application/json", *headers)


async def head_of(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


def says(raw: bytes) -> Callable[..., Awaitable[None]]:
    """Read the request's head, write these bytes, close."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(raw)
        await writer.drain()
        await asyncio.wait_for(reader.read(), FOREVER)

    return behaviour


def says_and_cuts(raw: bytes) -> Callable[..., Awaitable[None]]:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(raw)
        await writer.drain()

    return behaviour


def repeats(head: bytes, piece: bytes, pause: float = 0) -> Callable[..., Awaitable[None]]:
    """Never come to an end, fast or in a drip."""

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behaviour


async def cuts_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


async def resets_after_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass
    await asyncio.sleep(FOREVER)


def packed(layers: int, size: int, encoding: str) -> bytes:
    body = b" " * size
    for _ in range(layers):
        body = gzip.compress(body)
    return answer("200 OK", body, f"Content-Encoding: {encoding}")


CHUNKED = b"HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
THROTTLED = Retryable("", Trouble.THROTTLED)
UNAUTHORIZED = Retryable("", Trouble.UNAUTHORIZED)
MAYBE, AGAIN = Ambiguous(""), Retryable("")


@dataclass(frozen=True)
class Row:
    name: str
    behaviour: Callable[..., Awaitable[None]]
    once: object
    again: object
    deadline: float = 20


def uncertain(name: str, behaviour: Callable[..., Awaitable[None]], deadline: float = 20) -> Row:
    return Row(name, behaviour, MAYBE, AGAIN, deadline)


def certain(name: str, behaviour: Callable[..., Awaitable[None]], outcome: object) -> Row:
    return Row(name, behaviour, outcome, outcome)


NO_ROUTE, NO = NotOffered(""), Rejected(0, "")
ROWS = [
    # Cut, silent, slow
    uncertain("closes after accept", cuts_at_once),
    uncertain("resets after the request", resets_after_the_request),
    uncertain("closes after the request", says_and_cuts(b"")),
    uncertain("half a head", says_and_cuts(b"HTTP/1.1 200 O")),
    uncertain("another protocol", says_and_cuts(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
    uncertain("never answers", silent, deadline=0.4),
    uncertain("drips a head", repeats(b"HTTP/1.1 200 OK\r\n", b"x", 0.05), deadline=0.4),
    uncertain("drips a body", repeats(CHUNKED % b"200 OK", b"1\r\nx\r\n", 0.05), deadline=0.4),
    uncertain("endless interim answers", repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), deadline=0.4),
    # Too much, unreadable
    uncertain("endless body", repeats(CHUNKED % b"200 OK", CHUNK)),
    uncertain("endless head", repeats(b"HTTP/1.1 200 OK\r\n", b"x-filler: " + b"x" * 8192 + b"\r\n")),
    uncertain("gzip bomb", says(packed(1, 64 * 1024**2, "gzip"))),
    uncertain("gzip in gzip", says(packed(2, 1024, "gzip, gzip"))),
    uncertain("gzip cut off", says(answer("200 OK", gzip.compress(JOB)[:-9], "Content-Encoding: gzip"))),
    uncertain("gzip that is not", says(answer("200 OK", JOB, "Content-Encoding: gzip"))),
    uncertain("encoding nobody asked for", says(answer("200 OK", JOB, "Content-Encoding: br"))),
    uncertain("cut in the body", says_and_cuts(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + JOB)),
    uncertain("cut JSON without a length", says_and_cuts(b"HTTP/1.1 200 OK\r\n\r\n" + JOB[:-5])),
    uncertain("JSON nested without end", says(answer("200 OK", b"[" * 100_000))),
    uncertain("HTML with 200", says(answer("200 OK", b"<html>Welcome</html>", "Content-Type: text/html"))),
    uncertain("200 with nothing", says(answer("200 OK"))),
    uncertain("204", says(b"HTTP/1.1 204 No Content\r\n\r\n")),
    uncertain("null", says(answer("200 OK", b"null"))),
    uncertain("no id", says(answer("200 OK", b'{"status": "queued"}'))),
    uncertain("empty id", says(answer("200 OK", b'{"id": ""}'))),
    uncertain("id of a wrong type", says(answer("200 OK", b'{"id": ["ftjob-1"]}'))),
    uncertain("id with a control character", says(answer("200 OK", b'{"id": "ftjob-1\\u0000"}'))),
    uncertain("id without an end", says(answer("200 OK", b'{"id": "%s"}' % (b"x" * 257)))),
    uncertain("error envelope with 200", says(refusal("200 OK"))),
    # Statuses
    certain("200", says(answer("200 OK", JOB)), Answered(None)),
    certain("201", says(answer("201 Created", JOB)), Answered(None)),
    certain(
        "200 packed", says(answer("200 OK", gzip.compress(JOB), "Content-Encoding: gzip")), Answered(None)
    ),
    certain("429", says(refusal("429 Too Many Requests")), THROTTLED),
    certain("429 as HTML", says(answer("429 Too Many Requests", b"<html>")), THROTTLED),
    certain("429 without end", repeats(CHUNKED % b"429 Slow Down", CHUNK), THROTTLED),
    certain("401", says(refusal("401 Unauthorized")), UNAUTHORIZED),
    certain("402", says(refusal("402 Payment Required")), UNAUTHORIZED),
    certain("403 as HTML", says(answer("403 Forbidden", b"<html>")), UNAUTHORIZED),
    certain("400", says(refusal("400 Bad Request")), NO),
    certain("400 without a body", says(answer("400 Bad Request")), NO),
    certain("400 without end", repeats(CHUNKED % b"400 Bad Request", CHUNK), NO),
    certain("409", says(refusal("409 Conflict")), NO),
    certain("413 before the body is read", says_and_cuts(refusal("413 Too Large", "Connection: close")), NO),
    certain("415", says(refusal("415 Unsupported Media Type")), NO),
    certain("422 by FastAPI", says(answer("422 Invalid", b'{"detail": [{"msg": "no"}]}')), NO),
    Row("404 in the envelope", says(refusal("404 Not Found")), NO, NotFound("")),
    Row("404 by FastAPI", says(answer("404 Not Found", b'{"detail": "No such job"}')), NO, NotFound("")),
    certain("404 as text", says(answer("404 Not Found", b"404 page not found")), NO_ROUTE),
    certain("404 by a bare router", says(answer("404 Not Found", b'{"detail": "Not Found"}')), NO_ROUTE),
    certain("404 by Spring", says(answer("404 Not Found", b'{"error": "Not Found"}')), NO_ROUTE),
    certain("404 unknown URL", says(refusal("404 Not Found", code="unknown_url")), NO_ROUTE),
    certain("404 by OpenAI", says(refusal("404 Not Found", message="Invalid URL (GET /v1/x)")), NO_ROUTE),
    certain("405", says(refusal("405 Method Not Allowed")), NO_ROUTE),
    certain("501", says(answer("501 Not Implemented")), NO_ROUTE),
    uncertain("101", says_and_cuts(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")),
    uncertain("301", says(answer("301 Moved Permanently", b"", "Location: /elsewhere"))),
    uncertain("307", says(answer("307 Temporary Redirect", b"", "Location: /elsewhere"))),
    uncertain("408", says(refusal("408 Request Timeout"))),
    uncertain("418", says(refusal("418 I'm a teapot"))),
    uncertain("500", says(refusal("500 Internal Server Error"))),
    uncertain("502 as HTML", says(answer("502 Bad Gateway", b"<html>"))),
    uncertain("503", says(refusal("503 Service Unavailable"))),
    uncertain("504", says(answer("504 Gateway Timeout"))),
]


async def one_line() -> AsyncIterator[bytes]:
    yield b'{"messages": []}\n'


async def create(client: XPULinkClient) -> object:
    return await client.create_job(JobRequest("qwen3-32b", "file-1", "sub_1"))


async def upload(client: XPULinkClient) -> object:
    return await client.upload_file(filename="a.jsonl", size=17, content=one_line)


async def look(client: XPULinkClient) -> object:
    return await client.job("ftjob-1")


async def cancel(client: XPULinkClient) -> object:
    return await client.cancel_job("ftjob-1")


CALLS = {"create": create, "upload": upload, "look": look, "cancel": cancel}


def kind(outcome: object) -> tuple[type, Trouble | None]:
    return type(outcome), getattr(outcome, "trouble", None)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_misbehaviour_has_one_meaning(start: Any, row: Row, call: str) -> None:
    server = await start.serve(row.behaviour)
    client = start.client(server.url, deadline=row.deadline)
    async with asyncio.timeout(row.deadline + 5):
        outcome = await CALLS[call](client)
    expected = row.once if call in {"create", "upload"} else row.again
    assert kind(outcome) == kind(expected), outcome
    assert server.connections == 1  # neither repeated nor redirected


@pytest.mark.parametrize("call", CALLS)
async def test_a_refused_connection_is_certainly_not_accepted(start: Any, call: str) -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        client = start.client(f"http://127.0.0.1:{bound.getsockname()[1]}")
        assert kind(await CALLS[call](client)) == kind(AGAIN)


@pytest.mark.parametrize("call", CALLS)
async def test_a_name_that_does_not_resolve_is_certainly_not_accepted(start: Any, call: str) -> None:
    assert kind(await CALLS[call](start.client("http://platform.invalid"))) == kind(AGAIN)


@pytest.mark.parametrize("call", CALLS)
async def test_tls_to_a_plain_port_is_certainly_not_accepted(start: Any, call: str) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer("400 Bad Request"))

    server = await start.serve(plain)
    assert kind(await CALLS[call](start.client(server.url.replace("http", "https")))) == kind(AGAIN)


@pytest.mark.parametrize("call", CALLS)
async def test_a_tls_handshake_that_hangs_is_certainly_not_accepted(start: Any, call: str) -> None:
    server = await start.serve(silent)
    client = start.client(server.url.replace("http", "https"), connect=0.4)
    assert kind(await CALLS[call](client)) == kind(AGAIN)


@pytest.mark.parametrize("call", CALLS)
async def test_a_certificate_nobody_trusts_is_certainly_not_accepted(
    start: Any, call: str, tmp_path: Path
) -> None:
    server = await start.serve(says(answer("200 OK", JOB)), ssl=self_signed(tmp_path))
    assert kind(await CALLS[call](start.client(server.url.replace("http", "https")))) == kind(AGAIN)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.parametrize("call", CALLS)
async def test_a_proxy_that_refuses_is_certainly_not_accepted(
    start: Any, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await start.answering(answer("502 Bad Gateway"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert kind(await CALLS[call](start.client("https://platform.invalid"))) == kind(AGAIN)
    assert proxy.requests[0].line == "CONNECT platform.invalid:443 HTTP/1.1"


@pytest.mark.parametrize("call", CALLS)
async def test_a_pool_without_a_free_connection_is_certainly_not_accepted(start: Any, call: str) -> None:
    server = await start.serve(silent)
    client = start.client(server.url, connect=0.4, max_connections=1)
    hanging = asyncio.create_task(CALLS[call](client))
    await server.connected.wait()
    outcome = await CALLS[call](client)
    hanging.cancel()
    assert kind(outcome) == kind(AGAIN), outcome
    assert server.connections == 1


async def test_a_connection_that_went_stale_never_makes_a_create_ambiguous(start: Any) -> None:
    """The server closes each connection after one answer, without saying so."""
    server = await start.serve(says_and_cuts(answer("200 OK", JOB)))
    client = start.client(server.url)
    assert [type(await create(client)) for _ in range(5)] == [Answered] * 5


async def test_a_connection_is_used_again_for_looks_and_never_for_creates(start: Any) -> None:
    server = await start.answering(answer("200 OK", JOB))
    client = start.client(server.url)
    for _ in range(3):
        await look(client)
    assert server.connections == 1
    for _ in range(3):
        await create(client)
    assert server.connections == 4


async def test_a_used_connection_that_breaks_leaves_a_look_to_be_repeated(start: Any) -> None:
    async def answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(answer("200 OK", JOB))
        await head_of(reader)

    server = await start.serve(answers_once)
    client = start.client(server.url)
    assert [kind(await look(client)) for _ in range(2)] == [kind(Answered(None)), kind(AGAIN)]
    assert server.connections == 1


async def test_a_bomb_is_never_unpacked_whole(start: Any) -> None:
    server = await start.serve(says(packed(1, 64 * 1024**2, "gzip")))
    client = start.client(server.url)
    tracemalloc.start()
    await look(client)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 * 1024**2


async def test_content_over_its_limit_is_refused_for_good(start: Any) -> None:
    server = await start.serve(repeats(CHUNKED % b"200 OK", CHUNK))
    outcome = await start.client(server.url).file_content("file-1", limit_bytes=100_000)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "too_large"


@pytest.mark.parametrize("size", [0, 1, 100_000])
async def test_content_up_to_its_limit_is_read(start: Any, size: int) -> None:
    server = await start.serve(says(answer("200 OK", b"x" * size)))
    assert await start.client(server.url).file_content("file-1", limit_bytes=size) == Answered(b"x" * size)


async def test_the_key_is_not_in_what_a_refusal_says(start: Any) -> None:
    message = "Incorrect API key provided: sk-platform-key-0123456789."
    server = await start.serve(says(refusal("401 Unauthorized", message=message)))
    outcome = await look(start.client(server.url))
    assert outcome == Retryable("Incorrect API key provided: [key].", Trouble.UNAUTHORIZED)


@pytest.mark.parametrize("status", ["402 Payment Required", "400 Bad Request", "429 Too Many Requests"])
async def test_the_key_is_in_no_other_refusal_either(start: Any, status: str) -> None:
    server = await start.serve(says(refusal(status, message="No: sk-platform-key-0123456789.")))
    assert "No: [key]." in repr(await look(start.client(server.url)))


async def test_a_request_that_found_no_connection_free_is_not_the_platforms_failure(start: Any) -> None:
    server = await start.serve(says(answer("200 OK", b"{}")))
    outcome = await look(start.client(server.url, max_connections=0, connect=0.05))
    assert isinstance(outcome, Retryable)
    assert outcome.ours


async def test_a_refusal_says_what_is_at_fault(start: Any) -> None:
    server = await start.serve(
        says(refusal("400 Bad Request", message="Unknown field", param="metadata", code="unknown_parameter"))
    )
    outcome = await create(start.client(server.url))
    assert outcome == Rejected(400, "Unknown field", "unknown_parameter", "metadata")


async def test_an_answer_about_another_job_is_no_answer(start: Any) -> None:
    server = await start.serve(says(answer("200 OK", b'{"id": "ftjob-2", "status": "succeeded"}')))
    assert kind(await look(start.client(server.url))) == kind(AGAIN)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"id": "file-1", "deleted": true}', Answered),
        (b"{}", Answered),
        (b"", Answered),
        (b'{"id": "file-1", "deleted": false}', Retryable),
        (b"<html>", Retryable),
    ],
)
async def test_a_deletion_counts_when_it_is_confirmed(start: Any, raw: bytes, expected: type) -> None:
    server = await start.answering(answer("200 OK", raw))
    client = start.client(server.url)
    assert type(await client.delete_file("file-1")) is expected
    assert type(await client.delete_model("ft:a:b")) is expected


@pytest.mark.parametrize("key", ["", " ", "line\nbreak", "schlüssel"])
async def test_a_key_that_cannot_stand_in_a_header_is_refused_at_start(start: Any, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        XPULinkClient(base_url="http://127.0.0.1:1", api_key=key)


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://127.0.0.1"])
async def test_a_base_url_that_is_none_is_refused_at_start(start: Any, url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        XPULinkClient(base_url=url, api_key="k")
