"""Webhook endpoints through the real SDK, and every way in which a request about them is refused."""

import json
from typing import Any

import asyncpg
import openai
import pytest
from openai import AsyncOpenAI

from domain import ids
from domain.events import EVENT_TYPES

from .conftest import Log
from .hooks import (
    CANCELLED,
    DELIVERIES,
    ENDPOINTS,
    FAILED,
    GONE,
    NEW,
    SUCCEEDED,
    URL,
    age,
    disable,
    made,
    shown,
)
from .served import Project, refused


async def test_the_strict_sdk_leads_an_endpoint_through_its_life(sdk: AsyncOpenAI, log: Log) -> None:
    one = await sdk.webhooks.create(name="Team", url=URL, event_types=[SUCCEEDED, FAILED, SUCCEEDED])
    assert (one.name, one.url, one.event_types) == ("Team", URL, [SUCCEEDED, FAILED])
    assert one.updated_at == one.created_at
    assert one.signing_secret.startswith("whsec_")
    assert one.signing_secret_hint == f"whsec_…{one.signing_secret[-4:]}"
    two = await sdk.webhooks.create(name="二", url=URL, event_types=[CANCELLED])
    page = await sdk.webhooks.list(limit=1)
    assert ([entry.id for entry in page.data], page.has_next_page()) == ([two.id], True)
    assert [entry.id async for entry in sdk.webhooks.list(limit=1)] == [two.id, one.id]
    assert (await sdk.webhooks.update(one.id, name="Other")).name == "Other"
    assert (await sdk.webhooks.update(one.id, event_types=[CANCELLED])).event_types == [CANCELLED]
    rotated = await sdk.webhooks.rotate_secret(one.id)
    assert rotated.signing_secret != one.signing_secret
    kept = await sdk.webhooks.rotate_secret(one.id, keep_old_secret_active_for_24_hours=True)
    read = await sdk.webhooks.retrieve(one.id)
    assert (read.name, read.url, read.event_types) == ("Other", URL, [CANCELLED])
    assert read.signing_secret_hint == kept.signing_secret_hint
    deleted = await sdk.webhooks.delete(one.id)
    assert (deleted.id, deleted.deleted) == (one.id, True)
    assert [entry.id for entry in (await sdk.webhooks.list()).data] == [two.id]
    assert (await sdk.webhooks.list(after="after", limit=0)).data == []
    assert tuple((await sdk.webhooks.event_types.list()).data) == EVENT_TYPES
    with pytest.raises(openai.NotFoundError):
        await sdk.webhooks.delete(one.id)
    for secret in (one.signing_secret, rotated.signing_secret, kept.signing_secret):
        assert secret not in log.text


async def test_a_secret_is_shown_once_and_kept_encrypted(project: Project, sql: asyncpg.Connection) -> None:
    endpoint = await made(project)
    secret = endpoint.pop("signing_secret")
    answers = [
        await project.get(ENDPOINTS),
        await project.get(f"{ENDPOINTS}/{endpoint['id']}"),
        await project.post(f"{ENDPOINTS}/{endpoint['id']}", json={"name": "x"}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert secret not in answer.text
        assert 'signing_secret"' not in answer.text
    row = await sql.fetchrow("SELECT * FROM webhook_endpoints WHERE id = $1", endpoint["id"])
    assert secret not in str(dict(row))
    assert project.service.resources.box.open(row["secret"]) == secret


@pytest.mark.parametrize("prefix", ["/v1", "/v1/v1", ""])
async def test_the_routes_are_there_under_every_prefix(project: Project, prefix: str) -> None:
    root = project.service.root + prefix
    endpoint = (await project.post(f"{root}{ENDPOINTS}", json=NEW)).json()
    for path in (ENDPOINTS, f"{ENDPOINTS}/{endpoint['id']}/deliveries", "/webhook_event_types"):
        assert (await project.get(root + path)).status_code == 200
    assert (await project.get(root + DELIVERIES, object_id="x")).json()["data"] == []


async def test_positions_and_limits_are_never_refused_for_what_they_name(project: Project) -> None:
    endpoint = await made(project)
    assert (await project.get(ENDPOINTS)).json() | {"data": []} == {
        "object": "list", "data": [], "has_more": False,
        "first_id": endpoint["id"], "last_id": endpoint["id"],
    }  # fmt: skip
    for query in ({"after": "after", "limit": 0}, {"after": "\x00"}, {"after": ""}, {"limit": 0}):
        answer = await project.get(ENDPOINTS, **query)
        assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert (await project.get(ENDPOINTS, after=ids.new_id(ids.ENDPOINT))).json()["first_id"] == endpoint["id"]
    refused(await project.get(ENDPOINTS, limit=-1), 400, "invalid_value", "limit")
    refused(await project.get(ENDPOINTS, limit="all"), 400, "invalid_value", "limit")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"event_types": []}, "event_types", "at least one"),
    ({"event_types": ["batch.completed"]}, "event_types.0", "'batch.completed'"),
    ({"event_types": [SUCCEEDED, "fine_tuning.job.canceled"]}, "event_types.1", f"mean '{CANCELLED}'"),
    ({"event_types": "fine_tuning.job.failed"}, "event_types", "list"),
    ({"event_types": [1]}, "event_types.0", "string"),
    ({"event_types": ["\ud800"]}, "event_types.0", "unicode"),
    ({"event_types": [SUCCEEDED] * 101}, "event_types", "100"),
    ({"event_types": {SUCCEEDED: 1}}, "event_types", "list"),
    ({"name": ""}, "name", "at least 1"),
    ({"name": "n" * 201}, "name", "200"),
    ({"name": "a\x00b"}, "name", "NUL"),
    ({"name": "\udfff"}, "name", "unicode"),
    ({"name": 5}, "name", "string"),
    ({"url": ""}, "url", "not an absolute URL"),
    ({"url": "https://e.com/\x00"}, "url", "NUL"),
    ({"url": "https://" + "e" * 2048}, "url", "2048"),
    ({"url": "http://example.com/\ud800"}, "url", "unicode"),
    ({"url": "ftp://example.com/"}, "url", "https"),
    ({"url": "https://10.0.0.1/"}, "url", "neither a public address"),
    ({"url": "https://[::ffff:169.254.169.254]/"}, "url", "neither a public address"),
    ({"url": "https://0x7f.1/"}, "url", "plain IP address"),
    ({"url": "https://user:pass@example.com/"}, "url", "user name"),
    ({"url": "http://93.184.216.34/"}, "url", "https"),
]


@pytest.mark.parametrize(("change", "param", "words"), REFUSED, ids=lambda part: ascii(part)[:40])
async def test_what_an_endpoint_cannot_be_is_refused_by_create_and_update(
    project: Project, change: dict[str, Any], param: str, words: str
) -> None:
    written = {"content": json.dumps(NEW | change)}  # in ASCII: a lone surrogate has no UTF-8
    message = refused(await project.post(ENDPOINTS, **written), 400, "invalid_value", param)
    assert words in message
    answer = await project.post(f"{ENDPOINTS}/{ids.new_id(ids.ENDPOINT)}", content=json.dumps(change))
    assert refused(answer, 400, "invalid_value", param) == message


@pytest.mark.parametrize("missing", NEW)
async def test_what_a_create_needs_is_named(project: Project, missing: str) -> None:
    body = {key: value for key, value in NEW.items() if key != missing}
    refused(await project.post(ENDPOINTS, json=body), 400, "missing_required_parameter", missing)
    refused(await project.post(ENDPOINTS), 400, "missing_required_parameter")


async def test_a_project_has_at_most_a_hundred_endpoints(project: Project, sql: asyncpg.Connection) -> None:
    first = await made(project)
    await sql.execute(
        "INSERT INTO webhook_endpoints (id, project_id, name, url, hidden, event_types, secret)"
        " SELECT id || n, project_id, name, url, false, event_types, secret"
        " FROM webhook_endpoints, generate_series(1, 99) n WHERE id = $1",
        first["id"],
    )
    answer = await project.post(ENDPOINTS, json=NEW)
    assert "100" in refused(answer, 409, "too_many_webhook_endpoints")
    assert answer.headers["x-should-retry"] == "false"
    await project.request("DELETE", f"{ENDPOINTS}/{first['id']}")
    assert (await project.post(ENDPOINTS, json=NEW)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, None, {"name": "Team"}, {"name": None}, {"url": URL}, {"event_types": [FAILED, SUCCEEDED]},
     {"enabled": True}, {"unknown": 1}],
)  # fmt: skip
async def test_an_update_that_changes_nothing_does_not_advance_updated_at(
    project: Project, sql: asyncpg.Connection, body: dict[str, Any] | None
) -> None:
    endpoint = await made(project, event_types=[SUCCEEDED, FAILED])
    await age(sql, endpoint["id"])
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}", json=body)
    assert answer.status_code == 200
    del endpoint["signing_secret"]
    assert answer.json() == endpoint | {"updated_at": 1000}


@pytest.mark.parametrize(
    "change",
    [{"name": "New"}, {"url": "https://example.org/"}, {"event_types": [CANCELLED]}, {"enabled": False}],
)
async def test_an_update_changes_what_it_names_and_leaves_the_rest(
    project: Project, sql: asyncpg.Connection, change: dict[str, Any]
) -> None:
    endpoint = await made(project)
    await age(sql, endpoint["id"])
    after = (await project.post(f"{ENDPOINTS}/{endpoint['id']}", json=change)).json()
    assert after["updated_at"] >= endpoint["created_at"]
    for key in NEW:
        assert after[key] == change.get(key, endpoint[key])
    assert after["enabled"] is change.get("enabled", True)
    assert after == await shown(project, endpoint["id"])


async def test_rotation_and_deletion_advance_what_they_change(
    project: Project, sql: asyncpg.Connection
) -> None:
    endpoint = await made(project)
    await age(sql, endpoint["id"])
    await project.post(f"{ENDPOINTS}/{endpoint['id']}/rotate_secret")
    assert (await shown(project, endpoint["id"]))["updated_at"] >= endpoint["created_at"]


@pytest.mark.parametrize("change", [{"enabled": True}, {"url": URL}, {"url": "https://example.org/"}])
async def test_a_disabled_endpoint_says_why_and_is_enabled_with_its_failures_forgotten(
    project: Project, sql: asyncpg.Connection, change: dict[str, Any]
) -> None:
    endpoint = await made(project)
    await disable(sql, endpoint["id"])
    found = await shown(project, endpoint["id"])
    assert (found["enabled"], found["disabled_reason"]) == (False, GONE)
    assert found["disabled_at"]
    assert found["failing_since"]
    renamed = (await project.post(f"{ENDPOINTS}/{endpoint['id']}", json={"name": "x"})).json()
    assert renamed["enabled"] is False
    found = (await project.post(f"{ENDPOINTS}/{endpoint['id']}", json=change)).json()
    assert [found[key] for key in ("enabled", "disabled_at", "disabled_reason", "failing_since")] == [
        True, None, None, None,
    ]  # fmt: skip
    row = await sql.fetchrow("SELECT failures, resume_at FROM webhook_endpoints WHERE id = $1", found["id"])
    assert tuple(row) == (0, None)


async def test_another_url_can_be_named_without_enabling_the_endpoint(project: Project) -> None:
    endpoint = await made(project)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    await project.post(path, json={"enabled": False})
    found = (await project.post(path, json={"url": "https://example.org/", "enabled": False})).json()
    assert (found["url"], found["enabled"]) == ("https://example.org/", False)
    assert "disabled by an update" in found["disabled_reason"]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {}},
        {},
        {"headers": {"content-type": "application/json", "content-length": "0"}},
        {"json": None},
        {"json": {"keep_old_secret_active_for_24_hours": False}},
    ],
)
async def test_a_rotation_takes_an_empty_body(
    project: Project, sql: asyncpg.Connection, sent: dict[str, Any]
) -> None:
    endpoint = await made(project)
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}/rotate_secret", **sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["signing_secret"] != endpoint["signing_secret"]
    kept = await sql.fetchval("SELECT previous_secret FROM webhook_endpoints WHERE id = $1", endpoint["id"])
    assert kept is None


async def test_a_rotation_refuses_what_is_no_boolean(project: Project) -> None:
    endpoint = await made(project)
    body = {"keep_old_secret_active_for_24_hours": "perhaps"}
    answer = await project.post(f"{ENDPOINTS}/{endpoint['id']}/rotate_secret", json=body)
    refused(answer, 400, "invalid_value", "keep_old_secret_active_for_24_hours")
