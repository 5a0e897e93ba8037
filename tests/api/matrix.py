"""Every question about another project's things that the app's routes give rise to, and how it is asked."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
from fastapi.routing import APIRoute

from .served import Project, Service
from .tenants import BODIES, COUNTED, KINDS, MALFORMED, POSITIONS, QUERIES, Body

VOLATILE = {"x-request-id", "openai-processing-ms", "date", "content-length"}
AT_ONCE = 8


@dataclass(frozen=True)
class Route:
    """One operation of the app."""

    method: str
    path: str
    parameters: tuple[str, ...]
    takes_body: bool
    queries: tuple[str, ...]

    @property
    def positioned(self) -> bool:
        return "after" in self.queries and self.name not in COUNTED

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def body(self) -> Body:
        return BODIES.get(self.name, Body())


def routes_of(service: Service) -> list[Route]:
    found = []
    for route in service.app.routes:
        if isinstance(route, APIRoute) and route.path.startswith("/v1/"):
            plain = re.sub(r":\w+}", "}", route.path)
            named = tuple(re.findall(r"{(\w+)}", plain))
            queries = tuple(parameter.alias for parameter in route.dependant.query_params)
            found += [
                Route(method, plain, named, method in {"POST", "PUT", "PATCH"}, queries)
                for method in sorted(route.methods)
            ]
    return found


def listings(service: Service) -> list[str]:
    """The lists that can be asked for with nothing but a key."""
    return [
        route.path
        for route in routes_of(service)
        if route.method == "GET" and not route.parameters and route.name not in QUERIES
    ]


@dataclass
class Things:
    """What a project has, by the kind of id: something live, and something that it has deleted."""

    live: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def of(cls, project: Project, sql: asyncpg.Connection) -> "Things":
        things = cls()
        for name, kind in KINDS.items():
            things.live[name] = await kind.live(project, sql)
            if kind.delete is not None:
                things.deleted[name] = await kind.live(project, sql)
                path = kind.delete.format(quote(things.deleted[name], safe=""))
                answer = await project.request("DELETE", project.service.root + path)
                assert answer.status_code == 200, answer.text
        return things


@dataclass(frozen=True)
class Cell:
    """One question, about one id."""

    route: Route
    place: str
    """`path`, or the name of a parameter of the query or of a field of the body."""
    kind: str
    whose: str
    id: str

    @property
    def in_query(self) -> bool:
        return self.place in self.route.queries


def cells(route: Route, mine: Things, theirs: Things) -> Iterator[Cell]:
    """Every question about this route: each kind of id in each place that takes one."""
    places = [("path", name) for name in route.parameters[-1:]]
    places += [("after", POSITIONS[route.name])] if route.positioned else []
    places += list(QUERIES.get(route.name, {}).items()) + list(route.body.naming.items())
    for place, name in places:
        kind = KINDS[name]
        yield Cell(route, place, name, "never", kind.never)
        yield Cell(route, place, name, "theirs", theirs.live[name])
        for whose, things in (("theirs, deleted", theirs), ("mine, deleted", mine)):
            if name in things.deleted:
                yield Cell(route, place, name, whose, things.deleted[name])
        for other in KINDS:
            if other != name:
                yield Cell(route, place, name, f"theirs, a {other}", theirs.live[other])
        for text in (*MALFORMED, *kind.malformed):
            yield Cell(route, place, name, "malformed", text)


class Asker:
    """Asks in one project's name, with everything right but the id in question."""

    def __init__(self, project: Project, mine: Things) -> None:
        self._project, self._mine = project, mine
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, cell: Cell) -> httpx.Response:
        route = cell.route
        named = {name: self._mine.live[name] for name in route.parameters}
        if cell.place == "path":
            named[cell.kind] = cell.id
        path = route.path.format(**{name: quote(text, safe="") for name, text in named.items()})
        query = {name: self._mine.live[kind] for name, kind in QUERIES.get(route.name, {}).items()}
        query |= {cell.place: cell.id} if cell.in_query else {}
        changed = {} if cell.in_query or cell.place == "path" else {cell.place: cell.id}
        async with self._turns:
            return await self._project.request(
                route.method, self._project.service.root + path, params=query, **self._content(route, changed)
            )

    def _content(self, route: Route, changed: Mapping[str, str]) -> dict[str, Any]:
        if not route.takes_body:
            return {}
        text = json.dumps(dict(route.body.usual))
        for name, live in self._mine.live.items():
            text = text.replace(f"{{{name}}}", live)
        body = json.loads(text)
        body |= {name: [id_] if isinstance(body.get(name), list) else id_ for name, id_ in changed.items()}
        if route.body.form:
            return {"files": {name: ("x", value.encode()) for name, value in body.items()}}
        return {"json": body}


def essence(answer: httpx.Response, asked_for: str) -> tuple[int, Any, dict[str, str]]:
    """All of an answer but what is another in each, with the id that was asked for taken out."""
    told = answer.json()
    if "error" in told:
        # A line end at a path's end is none of the id; messages repeat so much of one.
        for text, length in product((asked_for, asked_for.rstrip("\n")), (200, 80)):
            told["error"]["message"] = told["error"]["message"].replace(repr(text)[:length], "ID")
    headers = {name: value for name, value in answer.headers.items() if name not in VOLATILE}
    return answer.status_code, told, headers
