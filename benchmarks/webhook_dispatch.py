"""Webhooks per second: one worker's deliver stage, beside the same sender in a loop without Postgres."""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from benchmarks.figure import Figure, Target
from benchmarks.processes import running_stack
from benchmarks.receiver import Receiver, receiving
from domain import ids
from domain.webhook_secrets import new_webhook_secret
from embedded.environment import of_programs, python_module
from embedded.stack import Stack
from services.secret_box import SecretBox

METHOD: Final = """\
Deliveries to 100 endpoints become due in one commit; one worker process claims, signs, sends and records
them (Postgres with fsync on), four at once to an endpoint. In turns with it `benchmarks/bare_dispatch.py`
sends as many by the same `WebhookSender` without a database. Both go to one keep-alive receiver process
without TLS, which notes every arrival: the rate is the count over the time from the first to the last."""

_ENDPOINTS = 100
_PATIENCE = 180.0
_CONCURRENCY = (64, 256)
_TARGET = Target("ratio", "≥", 0.75)
_TYPES = json.dumps(["fine_tuning.job.succeeded"])
_UNRECORDED = "SELECT count(*) FROM webhook_deliveries WHERE state <> 'delivered'"
_BODY = json.dumps(
    {
        "id": "evt_01k0000000000000000000000a",
        "object": "event",
        "created_at": 1_790_000_000,
        "timestamp": "2026-09-21T12:53:20Z",
        "type": "fine_tuning.job.succeeded",
        "data": {"id": "ftjob-01k0000000000000000000000a", "fine_tuned_model": "ft:qwen3-32b:org:support:a1"},
    }
)


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure in alternating rounds."""
    count, rounds = (500, 2) if quick else (3000, 3)
    secret = new_webhook_secret()
    ours: list[float] = []
    bare: dict[int, list[float]] = {concurrency: [] for concurrency in _CONCURRENCY}
    with running_stack() as stack, receiving(stack.data_dir / "logs") as receiver:
        urls = [f"{receiver.url}/{number}" for number in range(_ENDPOINTS)]
        endpoint_ids = asyncio.run(_add_endpoints(stack, urls, secret))
        order = {"urls": urls, "count": count, "body": _BODY, "secret": secret}
        for _ in range(rounds):
            asyncio.run(_add_deliveries(stack, endpoint_ids, count))
            ours.append(_rate(receiver, count))
            asyncio.run(_wait_until_recorded(stack))
            for concurrency, rates in bare.items():
                _send_bare({**order, "concurrency": concurrency})
                rates.append(_rate(receiver, count))
    return [_figure(ours, concurrency, rates) for concurrency, rates in bare.items()]


def _figure(ours: Sequence[float], concurrency: int, bare: Sequence[float]) -> Figure:
    return Figure(
        name="Webhooks delivered and recorded",
        unit="per s",
        values=tuple(ours),
        reference=f"sender alone, {concurrency} at once",
        reference_values=tuple(bare),
        target=_TARGET,
    )


def _rate(receiver: Receiver, count: int) -> float:
    arrivals = receiver.wait_for(count, patience=_PATIENCE)
    assert len(arrivals) == count, len(arrivals)
    return (count - 1) / (max(arrivals) - min(arrivals))


def _send_bare(order: dict[str, Any]) -> None:
    subprocess.run(
        python_module("benchmarks.bare_dispatch"),
        input=json.dumps(order),
        check=True,
        text=True,
        env=of_programs(inherit=False),
        timeout=_PATIENCE,
    )


async def _add_endpoints(stack: Stack, urls: Sequence[str], secret: str) -> list[str]:
    box = SecretBox([stack.environment["TUNEWARD_SECRET_KEYS"]])
    connection = await asyncpg.connect(stack.database_url)
    project_id = await connection.fetchval("SELECT id FROM projects")
    rows = [
        (
            ids.new_id(ids.ENDPOINT),
            project_id,
            url,
            url,
            False,
            _TYPES,
            box.seal(secret),
        )
        for url in urls
    ]
    columns = ["id", "project_id", "name", "url", "hidden", "event_types", "secret"]
    await connection.copy_records_to_table("webhook_endpoints", records=rows, columns=columns)
    await connection.close()
    return [row[0] for row in rows]


async def _add_deliveries(stack: Stack, endpoint_ids: Sequence[str], count: int) -> None:
    """Make `count` deliveries due in one commit, each with an event of its own."""
    connection = await asyncpg.connect(stack.database_url)
    project_id = await connection.fetchval("SELECT id FROM projects")
    events = [
        (ids.new_id(ids.WEBHOOK_EVENT), project_id, "fine_tuning.job.succeeded", ids.new_id(ids.JOB), 1)
        for _ in range(count)
    ]
    deliveries = [
        (ids.new_id(ids.DELIVERY), event[0], endpoint_ids[number % len(endpoint_ids)], _BODY.encode())
        for number, event in enumerate(events)
    ]
    async with connection.transaction():
        await connection.copy_records_to_table(
            "webhook_events", records=events, columns=["id", "project_id", "type", "object_id", "sequence"]
        )
        await connection.copy_records_to_table(
            "webhook_deliveries", records=deliveries, columns=["id", "event_id", "endpoint_id", "body"]
        )
    await connection.close()


async def _wait_until_recorded(stack: Stack) -> None:
    """See that every delivery was recorded, and the worker idle again."""
    connection = await asyncpg.connect(stack.database_url)
    async with asyncio.timeout(_PATIENCE):
        while await connection.fetchval(_UNRECORDED):  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.05)
    await connection.close()
