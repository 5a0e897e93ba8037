"""Trying a webhook endpoint out: one real event now, and nowhere that a delivery could not go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import openai
import pytest
from aiohttp import web
from openai import AsyncOpenAI

from api.resources import WEBHOOK_TESTS_AT_ONCE
from domain.events import EVENT_TYPES
from webhooks.sender import WebhookSender

from .conftest import Serve
from .hooks import ENDPOINTS, FAILED, NEW, SUCCEEDED, Receiver, age, disable, made, shown, verifying
from .served import Project, Service, refused


async def test_a_test_sends_one_signed_event_that_says_it_is_one(
    project: Project, sdk: AsyncOpenAI, receiver: Receiver, sql: asyncpg.Connection
) -> None:
    endpoint = await made(project, url=receiver.url)
    await age(sql, endpoint["id"])
    for event_type in EVENT_TYPES:
        result = await sdk.webhooks.test(endpoint["id"], event_type=event_type)
        assert (result.event_type, result.status_code, result.success) == (event_type, 200, True)
        assert result.webhook_endpoint_id == endpoint["id"]
        headers, body = receiver.got[-1]
        assert verifying(sdk, [endpoint["signing_secret"]], headers, body) == [True]
        event = sdk.webhooks.unwrap(body, headers, secret=endpoint["signing_secret"])
        assert (event.type, event.data.test) == (event_type, True)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(EVENT_TYPES)
    assert (await shown(project, endpoint["id"]))["updated_at"] == 1000
    assert await sql.fetchval("SELECT count(*) FROM webhook_events WHERE project_id = $1", project.id) == 0


@pytest.mark.parametrize("status", [204, 307, 404, 410, 500])
async def test_any_answer_to_a_test_is_told_and_changes_nothing(
    project: Project, sdk: AsyncOpenAI, receiver: Receiver, status: int
) -> None:
    elsewhere = receiver.url.replace("/hook", "/elsewhere")
    receiver.answer = lambda: web.Response(status=status, headers={"location": elsewhere})
    endpoint = await made(project, url=receiver.url)
    result = await sdk.webhooks.test(endpoint["id"], event_type=SUCCEEDED)
    assert (result.status_code, result.success) == (status, True)
    assert len(receiver.got) == 1
    del endpoint["signing_secret"]
    assert await shown(project, endpoint["id"]) == endpoint


async def test_both_secrets_sign_a_test_while_the_old_one_is_kept(
    project: Project, sdk: AsyncOpenAI, receiver: Receiver
) -> None:
    endpoint = await made(project, url=receiver.url)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    keep = {"keep_old_secret_active_for_24_hours": True}
    secrets = [endpoint["signing_secret"]]
    for body in (keep, keep, {}):
        secrets.append((await project.post(f"{path}/rotate_secret", json=body)).json()["signing_secret"])
        await project.post(f"{path}/test", json={"event_type": FAILED})
    first, second, third = receiver.got
    assert verifying(sdk, secrets, *first) == [True, True, False, False]
    assert verifying(sdk, secrets, *second) == [False, True, True, False]
    assert verifying(sdk, secrets, *third) == [False, False, False, True]


async def test_a_disabled_endpoint_can_be_tried_out(
    project: Project, receiver: Receiver, sql: asyncpg.Connection
) -> None:
    endpoint = await made(project, url=receiver.url)
    await disable(sql, endpoint["id"])
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}/test", json={"event_type": SUCCEEDED})
    assert answer.json()["status_code"] == 200
    assert (await shown(project, endpoint["id"]))["enabled"] is False


async def test_a_receiver_that_is_not_there_is_told_plainly(project: Project, sdk: AsyncOpenAI) -> None:
    endpoint = await made(project, url="http://127.0.0.1:1/hook")
    with pytest.raises(openai.ConflictError) as told:
        await sdk.with_options(max_retries=2).webhooks.test(endpoint["id"], event_type=SUCCEEDED)
    message = refused(told.value.response, 409, "webhook_endpoint_unreachable", "url")  # type: ignore[arg-type]
    assert "connect: connection refused" in message
    assert "http://127.0.0.1:1/hook" in message
    assert told.value.response.headers["x-should-retry"] == "false"


async def test_a_test_with_a_secret_that_no_key_opens_says_what_to_do(
    project: Project, receiver: Receiver, sql: asyncpg.Connection
) -> None:
    endpoint = await made(project, url=receiver.url)
    await sql.execute("UPDATE webhook_endpoints SET secret = 'lost' WHERE id = $1", endpoint["id"])
    path = f"{ENDPOINTS}/{endpoint['id']}"
    answer = await project.post(f"{path}/test", json={"event_type": FAILED})
    message = refused(answer, 409, "secret_unreadable")
    assert "TUNEWARD_SECRET_KEYS" in message
    assert "Rotate" in message
    assert receiver.got == []
    await project.post(f"{path}/rotate_secret", json={})
    assert (await project.post(f"{path}/test", json={"event_type": FAILED})).status_code == 200


@pytest.mark.parametrize("event_type", ["batch.completed", "", "\x00", 5, None])
async def test_a_test_of_an_unknown_event_is_refused(project: Project, event_type: Any) -> None:
    endpoint = await made(project)
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}/test", json={"event_type": event_type})
    refused(answer, 400, "invalid_value", "event_type")
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}/test")
    refused(answer, 400, "missing_required_parameter")


async def test_slow_receivers_hold_no_connection_to_the_database_and_few_tests(
    project: Project, receiver: Receiver
) -> None:
    receiver.held = asyncio.Event()
    endpoint = await made(project, url=receiver.url)

    def test() -> Any:
        path = f"{ENDPOINTS}/{endpoint['id']}/test"
        return project.post(path, json={"event_type": SUCCEEDED}, timeout=5)

    slow = [asyncio.ensure_future(test()) for _ in range(WEBHOOK_TESTS_AT_ONCE)]
    while len(receiver.got) < WEBHOOK_TESTS_AT_ONCE:
        receiver.arrived.clear()
        await receiver.arrived.wait()
    assert project.service.resources.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    answer = await test()
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert answer.headers["retry-after"] == "2"
    receiver.held.set()
    assert {(await one).status_code for one in slow} == {200}
    assert (await test()).status_code == 200


@pytest.fixture
async def guarded(serve: Serve, api_database_url: str) -> AsyncIterator[Service]:
    """The same database behind an api that lets webhooks reach public addresses only."""
    names = {"inside.example": ["10.0.0.5"], "both.example": ["93.184.216.34", "127.0.0.1"]}

    async def lookup(name: str) -> list[str]:
        return names[name]

    async with (
        serve(database_url=api_database_url, webhook_allowed_networks="") as running,
        WebhookSender([], lookup=lookup) as sender,
    ):
        running.app.state.resources = replace(running.resources, webhook_sender=sender)
        yield running


async def test_no_test_reaches_into_the_private_network(
    project: Project, guarded: Service, receiver: Receiver
) -> None:
    mine = replace(project, service=guarded)
    message = refused(
        await mine.post(ENDPOINTS, json=NEW | {"url": receiver.url}), 400, "invalid_value", "url"
    )
    assert "use https://" in message
    registered = await made(project, url=receiver.url)  # while it was allowed
    urls = [await made(mine, url=f"https://{name}.example/") for name in ("inside", "both")]
    told = (" 127.0.0.1:", ": an address of inside.example is", ": an address of both.example is")
    for endpoint, refusal in zip([registered, *urls], told, strict=True):
        answer = await mine.post(f"{ENDPOINTS}/{endpoint['id']}/test", json={"event_type": SUCCEEDED})
        message = refused(answer, 409, "webhook_endpoint_unreachable", "url")
        assert f"refused address{refusal}" in message
    assert receiver.got == []
