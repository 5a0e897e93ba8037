import asyncio
import json
import time
from datetime import timedelta

import pytest
from aiohttp import web
from openai import OpenAI
from standardwebhooks import Webhook

from domain.webhook_secrets import new_webhook_secret

from .conftest import BODY, Certificates, MakeSender, StartReceiver, answering, attempt


async def test_what_arrives_is_what_was_signed_with_each_secret(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    hooks = await receiver()
    secrets = [new_webhook_secret(), new_webhook_secret()]
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
