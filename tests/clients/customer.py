"""What a customer has around a client: an address for webhooks, and a say in when the workers begin."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web

PATIENCE = 20.0
"""Seconds until a delivery is given up; nothing waits that long when all is well."""


@dataclass
class Customer:
    """A server beside the client; the conversation fetches from it what was delivered.

    Attributes:
        url: Its root. `/hook/NAME` takes webhooks, of which any number of names may be used;
            `/delivered/NAME/ID` waits for the one about this object and gives its headers and its body in
            base64; a POST to `/work` lets the workers begin.
        begin: Set as soon as the workers may begin. A conversation decides on that, so that what can only
            be done before a job is submitted is not a race.
    """

    url: str = ""
    begin: asyncio.Event = field(default_factory=asyncio.Event)
    _got: dict[str, list[tuple[dict[str, str], bytes]]] = field(default_factory=lambda: defaultdict(list))
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        async with self._news:
            self._got[request.match_info["name"]].append((headers, await request.read()))
            self._news.notify_all()
        return web.Response()

    async def show(self, request: web.Request) -> web.Response:
        name, about = request.match_info["name"], request.match_info["about"]
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self._find(name, about))
        headers, body = self._find(name, about)[0]
        return web.json_response({"headers": headers, "body": base64.b64encode(body).decode()})

    async def work(self, _: web.Request) -> web.Response:
        self.begin.set()
        return web.Response()

    def _find(self, name: str, about: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for headers, body in self._got[name] if _about(body) == about]


def _about(body: bytes) -> str:
    return str(orjson.loads(body)["data"].get("id"))


@asynccontextmanager
async def serving_customer() -> AsyncIterator[Customer]:
    """Run a customer's server on a free port."""
    customer = Customer()
    app = web.Application()
    app.router.add_post("/hook/{name}", customer.take)
    app.router.add_get("/delivered/{name}/{about}", customer.show)
    app.router.add_post("/work", customer.work)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    customer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield customer
    await runner.cleanup()
