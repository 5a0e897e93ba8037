import asyncio
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from openai import OpenAI
from standardwebhooks import Webhook

from domain.outcomes import Attempted
from webhooks.sender import WebhookSender
from webhooks.signing import new_secret

from .conftest import Answer, Certificates, MakeSender, StartReceiver, StartServer

SECRET = new_secret()
BODY = (
    b'{"id":"evt_1","object":"event","created_at":1,"type":"fine_tuning.job.failed","data":{"id":"ftjob-1"}}'
)
SHORT = {"timeout": timedelta(seconds=0.4), "connect": timedelta(seconds=0.2)}


async def attempt(sender: WebhookSender, url: str, secrets: Sequence[str] = (SECRET,)) -> Attempted:
    return await sender.attempt(url=url, body=BODY, delivery_id="wh_1", secrets=secrets)


def answering(**response: Any) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(**response)

    return answer


async def test_what_arrives_is_what_was_signed_with_each_secret(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    hooks = await receiver()
    secrets = [new_secret(), new_secret()]
    before = int(time.time())
    outcome = await attempt(sender(), hooks.url(), secrets)
    (got,) = hooks.got
    assert (outcome.status, outcome.delivered, outcome.answer, outcome.error) == (200, True, "thanks", None)
    assert timedelta(0) < outcome.duration < timedelta(seconds=15)
    assert got.body == BODY
    assert before <= int(got.headers["webhook-timestamp"]) <= time.time()
    for secret in secrets:
        assert Webhook(secret).verify(got.body, got.headers) == json.loads(BODY)
        event = OpenAI(api_key="unused").webhooks.unwrap(got.body.decode(), got.headers, secret=secret)
        assert event.type == "fine_tuning.job.failed"


async def test_no_header_is_sent_that_we_did_not_mean(
    receiver: StartReceiver, sender: MakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    hooks = await receiver(answering(headers={"set-cookie": "tracked=1"}))
    one = sender()
    await attempt(one, hooks.url())
    await attempt(one, hooks.url())
    assert set(hooks.got[1].headers) == {
        "host", "accept", "accept-encoding", "content-length", "content-type", "user-agent",
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("/a%2fb/%7Ec?q=%20+&x=a%2Bb", "/a%2fb/%7Ec?q=%20+&x=a%2Bb"),
        ("/a//b/../c?", "/a//b/../c?"),
        ("/通知?q=é#top", "/%E9%80%9A%E7%9F%A5?q=%C3%A9"),
        ("/x#top", "/x"),
        ("", "/"),
    ],
)
async def test_the_url_goes_out_as_it_was_given(
    receiver: StartReceiver, sender: MakeSender, given: str, sent: str
) -> None:
    hooks = await receiver()
    await attempt(sender(), hooks.url(given))
    assert hooks.got[0].path.rstrip("?") == sent.rstrip("?")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(receiver: StartReceiver, sender: MakeSender, status: int) -> None:
    target = await receiver()
    hooks = await receiver(answering(status=status, headers={"location": target.url("/elsewhere")}))
    outcome = await attempt(sender(), hooks.url())
    assert (outcome.status, outcome.delivered) == (status, False)
    assert len(hooks.got) == 1
    assert target.got == []


@pytest.mark.parametrize(
    ("status", "headers", "delivered", "gone", "retry_after"),
    [
        (204, {}, True, False, None),
        (299, {}, True, False, None),
        (410, {}, False, True, None),
        (429, {"retry-after": "120"}, False, False, timedelta(seconds=120)),
        (503, {"retry-after": "soon"}, False, False, None),
        (503, {"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}, False, False, timedelta(0)),
        (500, {}, False, False, None),
    ],
)
async def test_the_status_decides(
    receiver: StartReceiver,
    sender: MakeSender,
    status: int,
    headers: dict[str, str],
    delivered: bool,  # noqa: FBT001 - a column of the table
    gone: bool,  # noqa: FBT001 - same
    retry_after: timedelta | None,
) -> None:
    hooks = await receiver(answering(status=status, headers=headers))
    outcome = await attempt(sender(), hooks.url())
    assert (outcome.status, outcome.delivered, outcome.gone) == (status, delivered, gone)
    assert (outcome.retry_after, outcome.error) == (retry_after, None)


async def test_the_answer_is_kept_as_text_that_postgres_takes(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    hooks = await receiver(answering(body=b"\x00caf\xc3\xa9 \xff\xfe\x00" + b"x" * 10_000))
    outcome = await attempt(sender(), hooks.url())
    assert outcome.answer.startswith("café \ufffd\ufffdx")
    assert "\0" not in outcome.answer
    assert 4080 < len(outcome.answer) <= 4096


async def test_a_compressed_bomb_is_not_unpacked(receiver: StartReceiver, sender: MakeSender) -> None:
    packed = b"\x1f\x8b" + b"\x00" * 4000
    hooks = await receiver(answering(body=packed, headers={"content-encoding": "gzip"}))
    assert (await attempt(sender(), hooks.url())).delivered


async def test_an_endless_answer_is_cut_and_does_not_hold_the_attempt(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    sent = 0
    ended = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"drivel " * 1000)
                sent += 7000
        finally:
            ended.set()

    hooks = await receiver(pour)
    outcome = await attempt(sender(), hooks.url())
    assert (outcome.status, len(outcome.answer)) == (200, 4096)
    assert outcome.duration < timedelta(seconds=5)
    await asyncio.wait_for(ended.wait(), 10)  # the connection was closed, not left to drain
    assert sent < 30_000_000


async def test_a_dripping_answer_ends_with_the_time_out_and_its_status_counts(
    raw_receiver: StartServer, sender: MakeSender
) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    outcome = await attempt(sender(**SHORT), f"http://127.0.0.1:{await raw_receiver(drip)}/")
    assert outcome.delivered
    assert 1 < len(outcome.answer) < 30
    assert timedelta(seconds=0.39) < outcome.duration < timedelta(seconds=5)


async def test_a_head_that_comes_too_late_is_too_slow(receiver: StartReceiver, sender: MakeSender) -> None:
    async def late(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hooks = await receiver(late)
    outcome = await attempt(sender(**SHORT), hooks.url())
    assert (outcome.status, outcome.error) == (None, "timeout: too slow, no answer within 0.4 s")
    assert timedelta(seconds=0.39) < outcome.duration < timedelta(seconds=5)


async def test_time_outs_over_five_seconds_are_not_rounded_up(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    async def late(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    hooks = await receiver(late)
    outcome = await attempt(sender(timeout=timedelta(seconds=5.02)), hooks.url())
    assert timedelta(seconds=5.01) < outcome.duration < timedelta(seconds=5.5)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        (b"", "answer: the connection was closed before an answer came"),
        (b"HTTP/1.1 20", "answer: the connection was closed before an answer came"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answer: not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", "answer: not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "answer: not valid HTTP"),
    ],
)
async def test_an_answer_that_is_none_is_named(
    raw_receiver: StartServer, sender: MakeSender, written: bytes, error: str
) -> None:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(written)
        await writer.drain()

    outcome = await attempt(sender(), f"http://127.0.0.1:{await raw_receiver(write)}/")
    assert (outcome.status, outcome.error) == (None, error)


async def test_a_body_that_breaks_off_does_not_take_the_status_back(
    raw_receiver: StartServer, sender: MakeSender
) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()

    outcome = await attempt(sender(), f"http://127.0.0.1:{await raw_receiver(break_off)}/")
    assert (outcome.status, outcome.answer, outcome.error) == (202, "half", None)


async def test_a_closed_port_and_an_unusable_url_are_named(sender: MakeSender, unused_tcp_port: int) -> None:
    one = sender()
    assert (await attempt(one, f"http://127.0.0.1:{unused_tcp_port}/")).error == "connect: connection refused"
    for url in ("https://", "http://[::1", "ftp://127.0.0.1/", "nonsense", "http://2130706433/"):
        assert (await attempt(one, url)).error == "url: it cannot be used"


async def test_connections_are_kept_for_the_next_attempt(receiver: StartReceiver, sender: MakeSender) -> None:
    hooks = await receiver()
    one = sender()
    for _ in range(3):
        await attempt(one, hooks.url())
    assert len({got.connection for got in hooks.got}) == 1


async def test_idle_connections_are_limited(receiver: StartReceiver, sender: MakeSender) -> None:
    several = [await receiver() for _ in range(4)]
    one = sender(connections=2)
    for _ in range(2):
        for hooks in several:
            await attempt(one, hooks.url())
    reused = [len({got.connection for got in hooks.got}) == 1 for hooks in several]
    assert sum(reused) == 2


async def test_no_more_attempts_than_allowed_run_at_once_and_waiting_is_not_slowness(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    now, most = 0, 0

    async def count(_: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.15)
        now -= 1
        return web.Response()

    hooks = await receiver(count)
    one = sender(connections=3, timeout=timedelta(seconds=0.6))
    outcomes = await asyncio.gather(*(attempt(one, hooks.url()) for _ in range(18)))
    assert most == 3
    assert [outcome.error for outcome in outcomes] == [None] * 18


async def test_a_cancelled_attempt_is_cancelled_and_frees_its_turn(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    arrived = asyncio.Event()

    async def late(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    slow, fast, one = await receiver(late), await receiver(), sender(connections=1)
    task = asyncio.create_task(attempt(one, slow.url()))
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await attempt(one, fast.url())).delivered


async def test_certificates_are_checked(
    receiver: StartReceiver, sender: MakeSender, certificates: Certificates
) -> None:
    server, client = certificates
    hooks = await receiver(tls=server)

    async def lookup(_: str) -> list[str]:
        return ["127.0.0.1"]

    good, wrong = (hooks.url(scheme="https", host=f"{name}.example") for name in ("hooks", "other"))
    trusting = sender(lookup=lookup, tls=client)
    assert (await attempt(trusting, good)).delivered
    refused = [await attempt(trusting, wrong), await attempt(sender(lookup=lookup), good)]
    assert len(hooks.got) == 1
    assert "other.example" in refused[0].error
    assert all(str(one.error).startswith("tls: the certificate was not accepted: ") for one in refused)


async def test_a_server_without_tls_is_named(receiver: StartReceiver, sender: MakeSender) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(), hooks.url(scheme="https"))
    assert str(outcome.error).startswith("tls: the handshake failed: ")
    assert hooks.got == []
