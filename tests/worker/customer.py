"""What a customer runs, and the patience of whoever waits for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

PATIENCE = 20.0
"""Seconds until a test gives up; nothing waits that long when all is well."""


async def until(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until a condition holds, and return what it returned."""
    give_up = time.monotonic() + seconds
    while not (found := await condition()):
        if time.monotonic() > give_up:
            raise TimeoutError(what)
        await asyncio.sleep(0.03)
    return found


@dataclass
class Receiver:
    """What a customer runs: keeps what it gets; once `open`, after `meanwhile`, answers with `status`."""

    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        self.at.append(time.monotonic())
        await self.open.wait()
        if self.meanwhile is not None:
            await self.meanwhile()
        return web.Response(status=self.status)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.got]
