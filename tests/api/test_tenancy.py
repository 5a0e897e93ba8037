"""Two projects on one service: what is the other's is answered like what never was, on every route there is.

The matrix is made from the app's own routes by `matrix.py`; `tenants.py` has what cannot be read off them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from sqlalchemy import event

from .matrix import Asker, Cell, Things, cells, essence, listings, routes_of
from .served import Project, Service
from .tenants import BODIES, KINDS, POSITIONS, QUERIES


@pytest.fixture
async def mine(project: Project, sql: asyncpg.Connection) -> Things:
    return await Things.of(project, sql)


@pytest.fixture
async def theirs(other: Project, sql: asyncpg.Connection) -> Things:
    return await Things.of(other, sql)


@pytest.fixture
async def untouched(other: Project, service: Service, theirs: Things) -> AsyncIterator[None]:
    """Whatever is asked in another's name: its owner still has everything, unchanged."""

    async def everything() -> dict[str, Any]:
        lists = listings(service)
        return {path: (await other.request("GET", service.root + path)).json() for path in lists}

    before = await everything()
    yield
    assert await everything() == before


def test_every_route_is_in_the_tables(service: Service) -> None:
    routes = routes_of(service)
    unknown = {name for route in routes for name in route.parameters} - set(KINDS)
    assert not unknown, f"add to KINDS in tenants.py how to make one of these: {unknown}"
    unfilled = {route.name for route in routes if route.takes_body} - set(BODIES)
    assert not unfilled, f"add to BODIES in tenants.py what these want: {unfilled}"
    unasked = {
        f"{route.name}?{name}" for route in routes for name in route.queries
        if name.endswith("_id") and name not in QUERIES.get(route.name, {})
    }  # fmt: skip
    assert not unasked, f"add to QUERIES in tenants.py what these are the ids of: {unasked}"
    unplaced = {route.name for route in routes if route.positioned} - set(POSITIONS)
    assert not unplaced, f"add to POSITIONS in tenants.py what `after` is among in: {unplaced}"
    gone = (set(BODIES) | set(POSITIONS) | set(QUERIES)) - {route.name for route in routes}
    assert not gone, f"take out of tenants.py what is no route any more: {gone}"


async def test_what_is_another_s_is_answered_like_what_never_was(
    service: Service,
    project: Project,
    other: Project,
    mine: Things,
    theirs: Things,
    untouched: None,
    record_property: Callable[[str, object], None],
) -> None:
    asker, wrong, count = Asker(project, mine), [], 0
    routes = routes_of(service)
    for route in routes:
        asked = list(cells(route, mine, theirs))
        answers = await asyncio.gather(*(asker.ask(cell) for cell in asked))
        count += len(asked)
        never: dict[str, Any] = {}
        for cell, answer in zip(asked, answers, strict=True):
            expected = never.setdefault(cell.place, essence(answer, cell.id))
            found = faults(cell, answer, expected, other, theirs)
            wrong += [f"{route.name}, {cell.place} = {cell.whose}, {cell.id[:40]!r}: {why}" for why in found]
    record_property("summary", f"tenancy: {count} cells over {len(routes)} routes, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
    assert count > 20 * len(KINDS)


def faults(
    cell: Cell, answer: httpx.Response, never: tuple[int, Any, dict[str, str]], other: Project, theirs: Things
) -> Iterator[str]:
    """What an answer should not be."""
    allowed = {404} if cell.place == "path" else {200} if cell.in_query else {400, 404}
    if answer.status_code not in allowed:
        yield f"{answer.status_code}, expected {allowed}: {answer.text[:300]}"
    leaked = [name for name in (*theirs.live.values(), other.id) if name != cell.id and name in answer.text]
    if leaked and not any(name in cell.id for name in leaked):
        yield f"shows {leaked}"
    # A position is never looked up; a field of the wrong form is told so, whoever's it looks like.
    # A line end inside of a path leads to no route at all.
    nowhere = (
        answer.status_code == 404 and answer.json()["error"]["code"] == "unknown_url" and "\n" in cell.id
    )
    alike = (cell.place == "path" and not nowhere) or (cell.place != "after" and cell.whose != "malformed")
    if alike and (got := essence(answer, cell.id)) != never:
        yield f"is told apart from one that never was:\n    {got}\n    {never}"


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """Collect what the service asks Postgres."""
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    engine = service.resources.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_what_is_another_s_takes_the_same_way_as_what_never_was(
    service: Service, project: Project, mine: Things, theirs: Things
) -> None:
    """The same statements, so that an answer's time tells no more than its bytes; malformed ids take none."""
    asker = Asker(project, mine)
    for route in routes_of(service):
        ways: dict[str, list[str]] = {}
        for cell in cells(route, mine, theirs):
            compared = cell.whose in {"never", "theirs", "theirs, deleted", "malformed"} - set(ways)
            if cell.place == "path" and compared:
                with statements(service) as asked:
                    await asker.ask(cell)
                ways[cell.whose] = asked
        assert all(way == ways["never"] for whose, way in ways.items() if whose != "malformed"), route.name
        if ways and route.parameters != ("model",):  # any text may be a model's name
            assert len(ways["malformed"]) < len(ways["never"]), route.name


async def test_lists_show_nothing_of_the_other(
    service: Service, project: Project, other: Project, theirs: Things
) -> None:
    asked = listings(service)
    for path in [*asked, "/v1/fine_tuning/jobs?metadata[of]=" + other.id]:
        shown = (await project.request("GET", service.root + path)).text
        assert not [name for name in (*theirs.live.values(), other.id) if name in shown], path


async def test_without_a_key_every_route_is_closed(
    service: Service, other: Project, theirs: Things, untouched: None
) -> None:
    for route in routes_of(service):
        path = route.path.format(**{name: quote(text, safe="") for name, text in theirs.live.items()})
        body = {"json": {}} if route.takes_body and not route.body.form else {}
        for headers in ({}, {"authorization": "Bearer tw_" + "x" * 43}):
            answer = await service.http.request(route.method, service.root + path, headers=headers, **body)
            assert answer.status_code in {400, 401}, (route.name, answer.text)
            assert not [name for name in theirs.live.values() if name in answer.text]
            if not route.takes_body:
                assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_a_file_that_an_unfinished_job_needs_is_not_deleted(project: Project) -> None:
    job = await project.job()
    file = await project.training_file()
    answer = await project.request("DELETE", f"/files/{file}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "file_in_use")
    assert answer.headers["x-should-retry"] == "false"
    await project.post(f"/fine_tuning/jobs/{job}/cancel")
    assert (await project.request("DELETE", f"/files/{file}")).json()["deleted"] is True
