"""The log of webhooks: deliveries, their attempts, and replays."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from domain import ids
from domain.stages import Stage

from .hooks import CANCELLED, DELIVERIES, ENDPOINTS, GONE, SUCCEEDED, URL, disable, made, told
from .served import Project, Service, refused

END = {
    "pending": "next_attempt_at = now() + interval '5 h'",
    "exhausted": "state = 'exhausted', next_attempt_at = NULL, attempts = 3",
    "delivered": "state = 'delivered', next_attempt_at = NULL, attempts = 3, delivered_at = now()",
}


async def shown(project: Project, id_: str) -> dict[str, Any]:
    answer = await project.get(f"{DELIVERIES}/{id_}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def end(sql: asyncpg.Connection, id_: str, state: str) -> None:
    await sql.execute(f"UPDATE webhook_deliveries SET {END[state]} WHERE id = $1", id_)  # noqa: S608 - constants above


async def attempted(
    sql: asyncpg.Connection, id_: str, number: int, *, status: int | None, error: str | None = None
) -> None:
    await sql.execute(
        "INSERT INTO webhook_attempts"
        " (id, delivery_id, number, started_at, duration_ms, status, error, answer)"
        " VALUES ($1, $2, $3::bigint, to_timestamp(1000 + $3::bigint), 40 + $3::bigint, $4, $5, 'said')",
        ids.new_id(ids.ATTEMPT),
        id_,
        number,
        status,
        error,
    )


async def test_a_job_s_deliveries_are_listed_its_own_urls_as_well(project: Project) -> None:
    endpoint = await made(project, url="https://example.org/", event_types=[CANCELLED])
    await made(project, event_types=[SUCCEEDED])
    job, deliveries = await told(project)
    await told(project)
    page = (await project.get(DELIVERIES, object_id=job)).json()
    assert [entry["id"] for entry in page["data"]] == sorted(deliveries, reverse=True)
    assert (page["first_id"], page["last_id"], page["has_more"]) == (*deliveries, False)
    assert {(entry["webhook_endpoint_id"], entry["url"]) for entry in page["data"]} == {
        (None, URL), (endpoint["id"], "https://example.org/"),
    }  # fmt: skip
    assert len({entry["event_id"] for entry in page["data"]}) == 1
    for entry in page["data"]:
        assert (entry["object"], entry["event_type"], entry["object_id"]) == (
            "webhook_delivery", CANCELLED, job,
        )  # fmt: skip
        assert (entry["state"], entry["attempt_count"], entry["delivered_at"]) == ("pending", 0, None)
        assert entry["next_attempt_at"] == entry["created_at"]
        assert (entry["last_status_code"], entry["last_error"]) == (None, None)


async def test_an_endpoint_s_deliveries_are_paged_newest_first(project: Project) -> None:
    endpoint = await made(project, event_types=[CANCELLED])
    jobs = [(await told(project))[0] for _ in range(3)]
    path, seen, after = f"{ENDPOINTS}/{endpoint['id']}/deliveries", [], None
    while True:
        page = (await project.get(path, limit=1, **({"after": after} if after else {}))).json()
        seen += [entry["object_id"] for entry in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert seen == jobs[::-1]
    for query in ({"after": "after"}, {"after": "\x00"}, {"limit": 0}):
        answer = await project.get(path, **query)
        assert (answer.status_code, answer.json()["data"]) == (200, [])
    refused(await project.get(path, limit=1001), 400, "invalid_value", "limit")


async def test_a_list_of_deliveries_says_what_it_needs(project: Project) -> None:
    refused(await project.get(DELIVERIES), 400, "missing_required_parameter", "object_id")
    for object_id in ("", "\x00", "file-1", ids.new_id(ids.JOB)):
        assert (await project.get(DELIVERIES, object_id=object_id)).json()["data"] == []


async def test_a_delivery_shows_its_attempts_newest_first(project: Project, sql: asyncpg.Connection) -> None:
    _, (id_,) = await told(project)
    await attempted(sql, id_, 1, status=None, error="connect: connection refused")
    await attempted(sql, id_, 2, status=503)
    found = await shown(project, id_)
    assert (found["last_status_code"], found["last_error"]) == (503, None)
    second, first = found["attempts"]
    assert first["id"].startswith(ids.ATTEMPT)
    assert first | {"id": ""} == {
        "id": "", "object": "webhook_attempt", "number": 1, "started_at": 1001, "duration_ms": 41,
        "status_code": None, "error": "connect: connection refused", "answer": "said",
    }  # fmt: skip
    assert (second["number"], second["status_code"], second["error"]) == (2, 503, None)
    listed = (await project.get(DELIVERIES, object_id=found["object_id"])).json()["data"]
    assert listed == [{key: value for key, value in found.items() if key != "attempts"}]


class QuietBell:
    """Stands in for the doorbell: keeps what is rung for and lets nothing out."""

    def __init__(self) -> None:
        self.rung: list[Stage] = []

    def ring(self, stage: Stage) -> None:
        self.rung.append(stage)


@pytest.fixture
def rung(service: Service) -> Iterator[list[Stage]]:
    """The stages that were rung for."""
    before, bell = service.resources, QuietBell()
    service.app.state.resources = replace(before, doorbell=bell)
    yield bell.rung
    service.app.state.resources = before


@pytest.mark.parametrize("state", END)
async def test_a_replay_makes_a_delivery_due_now_and_rings(
    project: Project, sql: asyncpg.Connection, rung: list[Stage], state: str
) -> None:
    _, (id_,) = await told(project)
    await end(sql, id_, state)
    rung.clear()
    before = await shown(project, id_)
    answer = await project.post(f"{DELIVERIES}/{id_}/replay")
    found = answer.json()
    assert (answer.status_code, rung) == (200, [Stage.DELIVER])
    assert (found["state"], found["delivered_at"]) == ("pending", None)
    due_in = await sql.fetchval("SELECT next_attempt_at - now() FROM webhook_deliveries WHERE id = $1", id_)
    assert due_in.total_seconds() <= 0
    kept = ("id", "event_id", "attempt_count", "created_at", "url")
    assert [found[key] for key in kept] == [before[key] for key in kept]
    assert found == await shown(project, id_)


@pytest.mark.parametrize("state", END)
async def test_nothing_is_replayed_to_an_endpoint_that_is_switched_off(
    project: Project, sql: asyncpg.Connection, rung: list[Stage], state: str
) -> None:
    endpoint = await made(project, event_types=[CANCELLED])
    job, _ = await told(project)
    listed = (await project.get(DELIVERIES, object_id=job)).json()["data"]
    by_endpoint = {entry["webhook_endpoint_id"]: entry["id"] for entry in listed}
    hidden = await sql.fetchval("SELECT webhook_endpoint_id FROM jobs WHERE id = $1", job)
    words = {endpoint["id"]: "Enable it with an update", hidden: "Create a job that names its URL again"}
    rung.clear()
    for endpoint_id, id_ in ((endpoint["id"], by_endpoint[endpoint["id"]]), (hidden, by_endpoint[None])):
        await end(sql, id_, state)
        await disable(sql, endpoint_id)
        before = await shown(project, id_)
        answer = await project.post(f"{DELIVERIES}/{id_}/replay")
        message = refused(answer, 409, "webhook_endpoint_disabled")
        assert GONE in message
        assert words[endpoint_id] in message
        assert answer.headers["x-should-retry"] == "false"
        assert await shown(project, id_) == before
    await project.request("DELETE", f"{ENDPOINTS}/{endpoint['id']}")
    id_ = by_endpoint[endpoint["id"]]
    refused(await project.post(f"{DELIVERIES}/{id_}/replay"), 409, "webhook_endpoint_deleted")
    assert (await shown(project, id_))["webhook_endpoint_id"] == endpoint["id"]  # the log outlives it
    assert rung == []
