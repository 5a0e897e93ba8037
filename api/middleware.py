"""Around every request: an id, a log line, metrics, a limit on its body, and no answer but ours."""

import asyncio
import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from api.errors import envelope, is_job_kept, shown
from domain import ids
from domain.errors import EncodedBody, InvalidRequest, TooLarge, TunewardError

API_VERSION = "2020-10-01"
"""What OpenAI's own servers say in `openai-version`."""
_CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LARGE = re.compile(r"/v1/(files|uploads/[^/]+/parts|training_data/check)")
"""The paths whose bodies may be large; a content type proves nothing."""
CHAT = "/v1/chat/completions"
LONGEST_NUMBER = 18
"""Digits of a length that are read; one of more is too large in any case."""
MOST_PARAMETERS = 256
"""Of a query: sixteen pairs of metadata need seventeen."""
LOGGED_PATH = 300
"""Characters of a path in a log line: whoever makes it longer shall not fill our disk."""
_TOLD_BY_SDKS = (
    "lang",
    "package-version",
    "os",
    "arch",
    "runtime",
    "runtime-version",
    "async",
    "read-timeout",
)
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_log = structlog.get_logger("api")


class Observed:
    """Gives a request its id, answers what nobody caught, and writes one log line about it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        # A pipelined request runs in the context of the one before it: its project is not this one's.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        try:
            await self._app(scope, receive, request.send)
        except asyncio.CancelledError:  # by the server alone, when the process ends: it has answered
            _log.info("the request was cut off, the process stops")
        except ClientDisconnect:
            _log.info("the client left before it had sent its request")
        except Exception as error:  # noqa: BLE001 - whatever nobody expected
            await self._answer(request, scope, receive, error)
        finally:
            request.report()

    @staticmethod
    async def _answer(request: "_Request", scope: Scope, receive: Receive, error: Exception) -> None:
        ours = error if isinstance(error, TunewardError) else TunewardError()
        if ours is not error:
            _log.exception("unexpected error")
        if request.status is None:
            await envelope(ours, job_kept=is_job_kept(scope))(scope, receive, request.send)


class _Request:
    """One request on its way through."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._seconds = 0.0
        self.status: int | None = None
        given = Headers(scope=scope).get("x-request-id", "")
        self.id = given if _CLIENT_REQUEST_ID.fullmatch(given) else ids.new_id(ids.REQUEST)

    async def send(self, message: Message) -> None:
        """Pass a message on, with our headers on the first."""
        if message["type"] == "http.response.start":
            self._seconds = time.perf_counter() - self._started
            self.status = message["status"]
            self._add_headers(message)
        await self._send(message)

    def _add_headers(self, message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(scope=message)
        headers["x-request-id"] = self.id
        headers["openai-processing-ms"] = str(round(self._seconds * 1000))
        headers["openai-version"] = API_VERSION
        project_id = self._scope.get("state", {}).get("project_id")
        if project_id is not None:
            headers["openai-organization"] = project_id

    def report(self) -> None:
        """Count it and write its line."""
        scope = self._scope
        route = getattr(scope.get("route"), "path", "unknown")
        status = str(self.status or "none")
        metrics.REQUESTS.labels(scope["method"], route, status).inc()
        metrics.DURATION.labels(scope["method"], route).observe(self._seconds)
        if scope["path"] in _QUIET:
            return
        headers = Headers(scope=scope)
        _log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:LOGGED_PATH],
            status=self.status,
            ms=round(self._seconds * 1000, 1),
            client=headers.get("user-agent", "")[:200],
            retry_count=headers.get("x-stainless-retry-count", "")[:8] or None,
            sdk=_sdk(headers),
        )


def _sdk(headers: Headers) -> str | None:
    """Return what OpenAI's SDKs tell of themselves: language, version, system and so on, in one line."""
    if "x-stainless-lang" not in headers:
        return None
    told = (headers.get(f"x-stainless-{name}", "")[:40] for name in _TOLD_BY_SDKS)
    return " ".join(word for word in told if word)


class Plain:
    """Refuses, before anything is read, what no client has to send: compressed bodies, endless queries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            self._check_encoding(scope)
            if scope["query_string"].count(b"&") >= MOST_PARAMETERS:
                raise InvalidRequest(f"The query has more than {MOST_PARAMETERS} parameters.")
        await self._app(scope, receive, send)

    @staticmethod
    def _check_encoding(scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
                sent = shown(value.decode("latin-1"))
                message = f"{EncodedBody.__doc__} Leave out the header Content-Encoding ({sent})."
                raise EncodedBody(message)


class BodyLimit:
    """Refuses bodies over the limit while they arrive; uploads have limits of their own."""

    def __init__(self, app: ASGIApp, max_bytes: int, max_chat_bytes: int) -> None:
        self._app = app
        self._max_bytes, self._max_chat_bytes = max_bytes, max_chat_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http" or _LARGE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        taken, most = 0, self._max_chat_bytes if scope["path"] == CHAT else self._max_bytes
        refusal = TooLarge(f"The request body is over {most} bytes.")
        if self._announced(scope) > most:
            raise refusal  # before a client that expects 100-continue is told to go on

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise refusal
            return message

        async def unless_refused(message: Message) -> None:
            # FastAPI answers whatever stops it from reading a body with a 400 of its own.
            if taken <= most:
                await send(message)

        await self._app(scope, limited, unless_refused)
        if taken > most:
            raise refusal

    @staticmethod
    def _announced(scope: Scope) -> int:
        for name, value in scope["headers"]:
            if name == b"content-length":
                return int(value[:LONGEST_NUMBER])
        return 0


class AlsoUnprefixed:
    """Serves the same routes under `/v1`, `/v1/v1` and no prefix, as the cookbook's base URLs need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    _BARE = re.compile(
        r"/(files|fine_tuning|models|chat|uploads|webhook_(?:endpoints|event_types|deliveries))(/|$)"
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith("/v1/v1/"):
                scope = {**scope, "path": path[3:], "raw_path": scope["raw_path"][3:]}
            elif self._BARE.match(path):
                scope = {**scope, "path": "/v1" + path, "raw_path": b"/v1" + scope["raw_path"]}
        await self._app(scope, receive, send)
