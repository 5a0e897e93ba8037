"""What a webhook's host may become: over real sockets, with the name lookup as configured."""

import asyncio
import gc
import socket
import threading
from datetime import timedelta

import pytest
import structlog
from aiohttp import web

from webhooks.resolver import Lookup, SystemLookup

from .conftest import MakeSender, StartReceiver, attempt


def names(*answers: list[str]) -> Lookup:
    """Answer one lookup after the other, the last one for ever."""
    left = list(answers)

    async def lookup(_: str) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return lookup


async def test_a_name_of_an_allowed_address_is_reached(receiver: StartReceiver, sender: MakeSender) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(lookup=names(["127.0.0.1"])), hooks.url(host="hooks.example"))
    assert outcome.delivered
    assert hooks.got[0].headers["host"] == f"hooks.example:{hooks.port}"


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["127.0.0.1", "10.0.0.7"], ["10.0.0.7", "127.0.0.1"], ["127.0.0.1", "::ffff:10.0.0.7"]],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_one_private_address_refuses_the_whole_name(
    receiver: StartReceiver, sender: MakeSender, addresses: list[str], scheme: str
) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(lookup=names(addresses)), hooks.url(scheme=scheme, host="hooks.example"))
    assert outcome.status is None
    assert str(outcome.error).startswith("refused address: an address of hooks.example is neither")
    assert hooks.got == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "0.0.0.0",  # noqa: S104 - it reaches this machine
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_literal_private_addresses_are_refused_at_connect(
    receiver: StartReceiver, sender: MakeSender, host: str, scheme: str
) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(""), hooks.url(scheme=scheme, host=host))
    assert str(outcome.error).startswith("refused address ")
    assert hooks.got == []


@pytest.mark.parametrize("host", ["0x7f000001", "0x7f.1", "0177.0.0.0x1", "localhost"])
async def test_spellings_that_only_the_system_understands_are_refused_at_connect(
    receiver: StartReceiver, sender: MakeSender, host: str
) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(""), hooks.url(host=host))
    assert str(outcome.error).startswith("refused address: ")
    assert hooks.got == []


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
async def test_http_to_a_public_address_is_refused_at_connect(sender: MakeSender, address: str) -> None:
    by_name = await attempt(sender(lookup=names([address])), "http://hooks.example/")
    by_number = await attempt(sender(), f"http://[{address}]/" if ":" in address else f"http://{address}/")
    assert str(by_number.error).startswith(f"refused address {address}")
    for outcome in (by_name, by_number):
        assert "use https://" in str(outcome.error)


@pytest.mark.parametrize("address", ["10.1.2.3", "1.1.1.1", "::ffff:10.1.2.3", "fd00::1"])
async def test_the_addresses_of_a_name_are_for_our_log_and_not_for_the_customer(
    sender: MakeSender, address: str
) -> None:
    with structlog.testing.capture_logs() as logged:
        outcome = await attempt(sender(lookup=names([address])), "http://wiki.corp/")
    assert str(outcome.error).startswith("refused address: ")
    assert address not in str(outcome.error)
    assert [(line["host"], line["address"]) for line in logged] == [("wiki.corp", address)]


async def test_localhost_needs_only_the_ipv4_loopback_allowed(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    hooks = await receiver()
    assert (await attempt(sender(), hooks.url(host="localhost"))).delivered


async def test_a_name_that_is_bound_anew_is_judged_anew(receiver: StartReceiver, sender: MakeSender) -> None:
    async def close(_: web.Request) -> web.Response:
        return web.Response(headers={"connection": "close"})

    hooks = await receiver(close)
    one = sender(lookup=names(["127.0.0.1"], ["169.254.169.254"]))
    assert (await attempt(one, hooks.url(host="hooks.example"))).delivered
    rebound = await attempt(one, hooks.url(host="hooks.example"))
    assert str(rebound.error).startswith("refused address: an address of hooks.example")
    assert len(hooks.got) == 1


async def test_a_name_is_resolved_once_and_exactly_that_is_connected_to(
    receiver: StartReceiver, sender: MakeSender
) -> None:
    asked: list[str] = []

    async def lookup(name: str) -> list[str]:
        asked.append(name)
        return ["127.0.0.1" if len(asked) == 1 else "10.0.0.7"]

    hooks = await receiver()
    assert (await attempt(sender(lookup=lookup), hooks.url(host="bücher.example"))).delivered
    assert asked == ["xn--bcher-kva.example"]


async def test_the_next_address_is_tried_if_one_is_dead(receiver: StartReceiver, sender: MakeSender) -> None:
    hooks = await receiver()
    outcome = await attempt(sender(lookup=names(["127.0.0.9", "127.0.0.1"])), hooks.url(host="hooks.example"))
    assert outcome.delivered


@pytest.mark.parametrize("found", [[], None])
async def test_a_name_without_addresses_is_named(sender: MakeSender, found: list[str] | None) -> None:
    async def lookup(_: str) -> list[str]:
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found

    outcome = await attempt(sender(lookup=lookup), "https://hooks.example/")
    assert outcome.error in {"dns: the name has no address", "dns: name or service not known"}


async def test_a_lookup_that_hangs_is_given_up(sender: MakeSender) -> None:
    async def lookup(_: str) -> list[str]:
        await asyncio.sleep(30)
        return []

    outcome = await attempt(sender(lookup=lookup, connect=timedelta(seconds=0.2)), "https://hooks.example/")
    assert outcome.error == "dns: no answer for the name within 0.2 s"
    assert outcome.duration < timedelta(seconds=5)


async def test_the_system_knows_localhost_and_refuses_nonsense() -> None:
    lookup = SystemLookup()
    assert set(await lookup("localhost")) <= {"127.0.0.1", "::1"}
    for name in ("a" * 64 + ".invalid", "name.invalid"):
        with pytest.raises(OSError, match=r"."):
            await lookup(name)


async def test_a_name_whose_servers_are_silent_holds_one_thread_and_nobody_else() -> None:
    release = threading.Event()
    asked: list[str] = []

    def query(name: str) -> list[str]:
        asked.append(name)
        if name == "silent.example":
            release.wait(30)
        return ["192.0.2.1"]

    lookup = SystemLookup(query)
    try:
        for _ in range(100):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(lookup("silent.example"), 0.001)
        assert await asyncio.wait_for(lookup("other.example"), 5) == ["192.0.2.1"]
        assert asked == ["silent.example", "other.example"]
    finally:
        release.set()
    assert await asyncio.wait_for(lookup("silent.example"), 5) == ["192.0.2.1"]


async def test_a_lookup_that_fails_when_nobody_waits_is_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    def query(_: str) -> list[str]:
        release.wait(30)
        raise OSError("no such name")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(SystemLookup(query)("late.example"), 0.01)
    left = [task for task in asyncio.all_tasks() if "_in_thread" in str(task.get_coro())]
    assert len(left) == 1
    release.set()
    await asyncio.wait(left)
    del left
    gc.collect()
    assert caplog.records == []
