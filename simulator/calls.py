"""A request on its way through the platform: which route it is for, and what can be done with it."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.errors import Refusal
from simulator.ledger import Received

# the cookbook's scripts put /v1 before some paths twice, and before others not at all
PLATFORM_PATH = re.compile(r"((?:/v1){0,2})(/(?:files|fine_tuning|models|chat)(?:/.*)?)", re.DOTALL)

JOBS, JOB = "/fine_tuning/jobs", "/fine_tuning/jobs/[^/]+"
ROUTES = {
    "upload": ("POST", "/files"),
    "file_list": ("GET", "/files"),
    "file": ("GET", "/files/[^/]+"),
    "file_delete": ("DELETE", "/files/[^/]+"),
    "content": ("GET", "/files/[^/]+/content"),
    "create": ("POST", JOBS),
    "list": ("GET", JOBS),
    "retrieve": ("GET", JOB),
    "cancel": ("POST", JOB + "/cancel"),
    "events": ("GET", JOB + "/events"),
    "checkpoints": ("GET", JOB + "/checkpoints"),
    "chat": ("POST", "/chat/completions"),
    "models": ("GET", "/models"),
    "model": ("GET", "/models/.+"),
    "model_delete": ("DELETE", "/models/.+"),
}
ANY_ROUTE = "any"
OTHER_ROUTE = "other"
_PATTERNS = [(name, method, re.compile(pattern)) for name, (method, pattern) in ROUTES.items()]


def route_of(method: str, path: str) -> str:
    """Name the route of a request; `other` is one that the platform does not have."""
    return next(
        (name for name, verb, path_ in _PATTERNS if verb == method and path_.fullmatch(path)), OTHER_ROUTE
    )


def transport_of(receive: Receive) -> Any:
    """Return the socket's transport: ASGI has no word for cutting it, or for writing what is no HTTP."""
    # uvicorn's `receive` is a method of the object that holds it
    return receive.__self__.transport  # type: ignore[attr-defined]


class Departing(Protocol):
    """An answer that knows how it wants to be sent."""

    async def leave(self, receive: Receive, send: Send) -> None:
        """Send it."""
        ...


class Call:
    """One request to the platform, as the faults see it: answer it, refuse it, cut it, or something else."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, path: str) -> None:
        self._app, self._receive, self._send = app, receive, send
        self._started = time.monotonic()
        self.received = Received(
            at=scope["app"].state.stand_in.clock(),
            method=scope["method"],
            path=scope["path"]
            + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""),
            route=route_of(scope["method"], path),
            request_id="req_" + secrets.token_hex(12),
        )
        self.scope: Scope = {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape")}

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers, names in lower case."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}

    async def answer(self, send: Send | None = None) -> None:
        """Let the platform answer, to the client or to another `send`."""
        await self._app(self.scope, self._receive, send or self.send)

    async def refuse(self, refusal: Refusal, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an error; the body is read first, or the client would still be writing it."""
        while (message := await self._receive())["type"] == "http.request" and message.get("more_body"):
            pass
        await refusal.response(headers)(self.scope, self._receive, self.send)

    async def leave(self, reply: Departing) -> None:
        """Send an answer that was held, in the manner that it has by now."""
        await reply.leave(self._receive, self.send)

    async def cut(self) -> None:
        """Close the connection without another byte."""
        transport_of(self._receive).abort()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def send(self, message: Message) -> None:
        """Pass a message on, with the platform's own headers and a note in the ledger."""
        elapsed = time.monotonic() - self._started
        if message["type"] == "http.response.start":
            self.received.status = message["status"]
            message = {**message, "headers": [*message["headers"], *self._own_headers(elapsed)]}
        elif not message.get("more_body"):
            self.received.seconds = round(elapsed, 6)
        await self._send(message)

    def _own_headers(self, elapsed: float) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-request-id", self.received.request_id.encode()),
            (b"openai-organization", b"org-xpulink"),
            (b"openai-version", b"2020-10-01"),
            (b"openai-processing-ms", str(round(elapsed * 1000)).encode()),
        ]
