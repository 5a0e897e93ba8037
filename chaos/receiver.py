"""The customers' side: a webhook receiver that keeps a ledger and behaves, per path, as it is told."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from chaos.background import Background
from embedded.ports import LOOPBACK


@dataclass(frozen=True)
class Told:
    """One webhook that came: `status` is what was answered, 0 if the answer never ended."""

    path: str
    id: str
    headers: dict[str, str]
    body: bytes
    at: float
    status: int


@dataclass
class Manner:
    """How a path answers; `times` is for how many requests, 0 until it is changed.

    Attributes:
        status: The status.
        seconds: How long the answer takes to begin.
        headers: Added to the answer, such as a `location` or `retry-after`.
        endless: Whether the body never ends.
    """

    status: int = 204
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    times: int = 0


GOOD = Manner()
Behave = Callable[[web.Request, Manner], Awaitable[web.StreamResponse]]


class Receiver:
    """Answers 204 to every POST unless told otherwise; `got` is its ledger, in order of arrival."""

    def __init__(self, background: Background) -> None:
        self.got: list[Told] = []
        self.port = 0
        self._background = background
        self._manners: defaultdict[str, list[Manner]] = defaultdict(list)
        self._runner: web.AppRunner | None = None

    def start(self) -> None:
        """Listen on a free port."""
        self._background.run(self._start())

    def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            self._background.run(self._runner.cleanup())

    def behave(self, path: str, manner: Manner) -> None:
        """Behave so on this path; manners that count their times come one after another.

        A path that ends in `*` stands for all that begin so.
        """
        self._manners[path].append(manner)

    def heal(self) -> None:
        """Answer 204 everywhere again."""
        self._manners.clear()

    def told(self, path_prefix: str) -> list[Told]:
        """Return what came to paths that begin so."""
        return [told for told in list(self.got) if told.path.startswith(path_prefix)]

    async def _start(self) -> None:
        app = web.Application(client_max_size=1024**2)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _manner(self, path: str) -> Manner:
        for pattern, manners in self._manners.items():
            if path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1])):
                for manner in manners:
                    if manner.times == 1:
                        manners.remove(manner)
                    elif manner.times:
                        manner.times -= 1
                    return manner
        return GOOD

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        manner = self._manner(request.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = 0
        try:
            if manner.seconds:
                await asyncio.sleep(manner.seconds)
            status = manner.status
        finally:
            told = Told(request.path, headers.get("webhook-id", ""), headers, body, time.time(), status)
            self.got.append(told)
        if manner.endless:
            return await _endless(request, manner)
        return web.Response(status=manner.status, headers=manner.headers)


async def _endless(request: web.Request, manner: Manner) -> web.StreamResponse:
    answer = web.StreamResponse(status=manner.status, headers=manner.headers)
    await answer.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await answer.write(b"and so on " * 100)
            await asyncio.sleep(0.05)
    return answer
