"""A process's own clock decides nothing: Postgres's does, since two processes may be an hour apart."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.job_state import JobState
from services import transitions

ROOT = Path(__file__).parents[2]
OWN_CLOCKS = {"datetime.now", "datetime.utcnow", "time.time", "time.time_ns", "date.today"}
# Shown to the customer who does it, never compared: the api alone calls these.
SHOWN_ONLY = {"services/webhook_endpoints.py"}
FILES = [
    path
    for layer in ("services", "db", "worker")
    for path in sorted((ROOT / layer).rglob("*.py"))
    if str(path.relative_to(ROOT)) not in SHOWN_ONLY
]


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_layer_that_decides_asks_its_own_clock(path: Path) -> None:
    assert OWN_CLOCKS.isdisjoint(calls(path))


async def test_the_times_of_an_end_are_postgress_and_the_same_in_what_is_told(world: Any) -> None:
    await world.create(webhook_url="https://example.com/hook")
    job = await world.claim()
    async with world.transaction() as session:
        ended = await transitions.cancel(session, job)
    kept = await world.get(job)
    assert ended.finished_at == ended.state_since == ended.read_at == kept.finished_at == kept.state_since
    assert await world.value("SELECT jobs.finished_at = e.created_at FROM jobs, webhook_events AS e")
    body = orjson.loads(await world.value("SELECT body FROM webhook_deliveries"))
    assert body["created_at"] == int(kept.finished_at.timestamp())


async def test_a_patience_is_counted_from_what_postgres_said_at_the_claim(world: Any) -> None:
    await world.reach(JobState.COLLECTING)
    await world.sql("UPDATE jobs SET state_since = now() - interval '5 min'")
    job = await world.claim()
    assert timedelta(0) < job.read_at - job.state_since - timedelta(minutes=5) < timedelta(minutes=1)
