"""What the tests of webhooks speak of: endpoints, and a receiver of a customer's."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import asyncpg
import openai
import pytest
from aiohttp import web
from openai import AsyncOpenAI
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.events import EVENT_TYPES

from .served import Project

ENDPOINTS = "/webhook_endpoints"
DELIVERIES = "/webhook_deliveries"
URL = "https://example.com/hooks"
SUCCEEDED, FAILED, CANCELLED = EVENT_TYPES
NEW = {"name": "Team", "url": URL, "event_types": [SUCCEEDED]}
GONE = "the receiver answered 410 Gone"


class Receiver:
    """What a customer runs: keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Callable[[], web.Response] = web.Response
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.arrived = asyncio.Event()
        self.held: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        self.arrived.set()
        if self.held is not None:
            await self.held.wait()
        return self.answer()


async def made(project: Project, **changes: Any) -> dict[str, Any]:
    answer = await project.post(ENDPOINTS, json=NEW | changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(project: Project, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await project.get(f"{ENDPOINTS}/{id_}")).json()
    return found


async def age(sql: asyncpg.Connection, id_: str) -> None:
    await sql.execute("UPDATE webhook_endpoints SET updated_at = to_timestamp(1000) WHERE id = $1", id_)


async def disable(sql: asyncpg.Connection, id_: str) -> None:
    await sql.execute(
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = $2,"
        " failures = 7, failing_since = now(), resume_at = now() WHERE id = $1",
        id_,
        GONE,
    )


def verifying(sdk: AsyncOpenAI, secrets: Iterable[str], headers: dict[str, str], body: bytes) -> list[bool]:
    """Which of the secrets `standardwebhooks` and `openai` accept; they must agree."""
    verdicts = []
    for secret in secrets:
        with suppress(WebhookVerificationError):
            Webhook(secret).verify(body, headers)
            assert sdk.webhooks.unwrap(body, headers, secret=secret).object == "event"
            verdicts.append(True)
            continue
        with pytest.raises(openai.InvalidWebhookSignatureError):
            sdk.webhooks.unwrap(body, headers, secret=secret)
        verdicts.append(False)
    return verdicts


async def told(project: Project) -> tuple[str, list[str]]:
    """End a job that has a `webhook_url` of its own; return its id and its deliveries', newest first."""
    job = await project.job(webhook_url=URL)
    assert (await project.post(f"/fine_tuning/jobs/{job}/cancel")).status_code == 200
    page = (await project.get(DELIVERIES, object_id=job)).json()
    return job, [delivery["id"] for delivery in page["data"]]
