"""Endpoints and deliveries of others, and what never was: one answer for all."""

import itertools
from typing import Any

import asyncpg
import httpx

from domain import ids

from .hooks import CANCELLED, DELIVERIES, ENDPOINTS, NEW, SUCCEEDED, URL, made, shown, told
from .served import Project, Service, refused

Route = tuple[str, str, dict[str, Any] | None]
OF_ENDPOINT: list[Route] = [
    ("GET", ENDPOINTS + "/{}", None),
    ("POST", ENDPOINTS + "/{}", {"name": "stolen"}),
    ("DELETE", ENDPOINTS + "/{}", None),
    ("POST", ENDPOINTS + "/{}/rotate_secret", {}),
    ("POST", ENDPOINTS + "/{}/test", {"event_type": SUCCEEDED}),
    ("GET", ENDPOINTS + "/{}/deliveries", None),
]
OF_DELIVERY: list[Route] = [
    ("GET", DELIVERIES + "/{}", None),
    ("POST", DELIVERIES + "/{}/replay", None),
]
MALFORMED = ("x", "%00", "we_", "wh_" + "%ff" * 13, "WE_" + "0" * 26)


async def alike(project: Project, routes: list[Route], names: list[str], param: str) -> None:
    """Every route answers 404 for every name, in the same words."""
    answers = set()
    for (method, path, body), name in itertools.product(routes, [*names, *MALFORMED]):
        answer = await project.request(method, path.format(name), json=body)
        refused(answer, 404, "not_found", param)
        answers.add(answer.text)
    assert len(answers) == 1


async def test_what_is_not_this_projects_endpoint_is_answered_alike_by_every_route(
    project: Project, other: Project, sql: asyncpg.Connection
) -> None:
    deleted = (await made(project))["id"]
    await project.request("DELETE", f"{ENDPOINTS}/{deleted}")
    job = await project.job(webhook_url=URL)
    hidden = await sql.fetchval("SELECT webhook_endpoint_id FROM jobs WHERE id = $1", job)
    theirs = (await made(other))["id"]
    before = await shown(other, theirs)
    names = [theirs, deleted, hidden, ids.new_id(ids.ENDPOINT)]
    await alike(project, OF_ENDPOINT, names, "webhook_endpoint_id")
    assert await shown(other, theirs) == before
    assert (await project.get(ENDPOINTS)).json()["data"] == []
    assert (await project.get(ENDPOINTS, after=theirs)).json()["data"] == []


async def test_what_is_not_this_projects_delivery_is_answered_alike_by_every_route(
    project: Project, other: Project
) -> None:
    endpoint = await made(other, event_types=[CANCELLED])
    job, theirs = await told(other)
    names = [*theirs, ids.new_id(ids.DELIVERY), endpoint["id"]]
    await alike(project, OF_DELIVERY, names, "webhook_delivery_id")
    assert (await project.get(DELIVERIES, object_id=job)).json()["data"] == []
    mine = await made(project, event_types=[CANCELLED])
    path = f"{ENDPOINTS}/{mine['id']}/deliveries"
    assert (await project.get(path, after=theirs[0])).json()["data"] == []
    assert len((await other.get(DELIVERIES, object_id=job)).json()["data"]) == 2


UNNAMED: list[Route] = [
    ("GET", ENDPOINTS, None),
    ("POST", ENDPOINTS, NEW),
    ("GET", "/webhook_event_types", None),
    ("GET", DELIVERIES + "?object_id=x", None),
]


async def test_every_route_asks_for_a_key(service: Service, http: httpx.AsyncClient) -> None:
    for method, path, body in [*UNNAMED, *OF_ENDPOINT, *OF_DELIVERY]:
        answer = await http.request(method, service.url + path.format("we_1"), json=body)
        refused(answer, 401, "invalid_api_key")
