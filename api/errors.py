"""Every error in OpenAI's envelope: `{"error": {"message", "type", "param", "code"}}`."""

import math
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from domain.errors import TunewardError
from domain.wording import as_written

_log = structlog.get_logger("api")
SHOWN_VALUE = 100
"""Characters of a refused value, or of a parameter's name, that an answer repeats."""
_WHERE = frozenset({"body", "query", "path", "header"})
_NO_OBJECT = "The body must be a JSON object, sent with the header Content-Type: application/json."
_UNREADABLE = (
    "The body is not JSON that can be read: it is not UTF-8, is nested too deeply, "
    "or has a number of too many digits."
)


def envelope(error: TunewardError, *, job_kept: bool = False) -> JSONResponse:
    """Return the answer for an error of ours; one that comes when a job is kept already is final."""
    headers = {}
    final = job_kept and error.status >= 500  # noqa: PLR2004 - HTTP's own number
    should_retry = False if final else error.should_retry
    if should_retry is not None:
        headers["x-should-retry"] = str(should_retry).lower()
    wait = error.retry_after
    if wait is not None or error.status == 503:  # noqa: PLR2004 - HTTP's own number
        headers["retry-after"] = str(max(1, math.ceil(wait.total_seconds()))) if wait else "1"
    if error.status == 401:  # noqa: PLR2004 - HTTP's own number
        headers["www-authenticate"] = "Bearer"
    content = _content(error.message, error.type, error.param, error.error_code)
    return JSONResponse(content, status_code=error.status, headers=headers)


def is_job_kept(scope: Scope) -> bool:
    """Tell whether this request has created a job: then its SDK must not try it again."""
    return bool(scope.get("state", {}).get("job_kept", False))


def _content(message: str, kind: str, param: str | None, code: str | None) -> dict[str, Any]:
    where = None if param is None else shortened(_sendable(param))
    return {"error": {"message": _sendable(message), "type": kind, "param": where, "code": code}}


def _sendable(text: str) -> str:
    """Escape lone surrogates: JSON can bring them in, but UTF-8 cannot carry them back."""
    return text.encode("utf-8", "backslashreplace").decode()


def install(app: FastAPI) -> None:
    """Teach the app to answer every exception in the envelope."""
    app.add_exception_handler(TunewardError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, TunewardError)  # noqa: S101 - registered for this class
    if error.status >= 500:  # noqa: PLR2004 - HTTP's own number
        _log.warning("answered with an error", code=error.error_code, cause=repr(error.__cause__))
    return envelope(error, job_kept=is_job_kept(request.scope))


async def _invalid(_: Request, error: Exception) -> Response:
    """Name the parameter, the value and what is allowed; the first fault is enough to go on."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fault = error.errors()[0]
    param = None if fault["type"] == "json_invalid" else parameter(fault["loc"])
    content = _content(_explained(fault, param), "invalid_request_error", param, _code(fault))
    return JSONResponse(content, status_code=400)


def _explained(fault: Mapping[str, Any], param: str | None) -> str:
    if fault["type"] == "json_invalid":
        return f"The body is not valid JSON at character {fault['loc'][-1]}: {fault['ctx']['error']}."
    if fault["type"] == "model_attributes_type" and param is None:
        return _NO_OBJECT  # curl's -d alone sends a form
    if fault["type"] == "missing":
        return f"Missing required parameter: {shortened(param or 'the body')}"
    reason = fault["msg"].removeprefix("Value error, ")
    got = f" (got {shown(fault['input'])})" if isinstance(fault.get("input"), str | int | float) else ""
    return f"Invalid {shortened(param or 'request')}: {reason}{got}"


def _code(fault: Mapping[str, Any]) -> str:
    return {"missing": "missing_required_parameter", "json_invalid": "invalid_json"}.get(
        fault["type"], "invalid_value"
    )


def parameter(location: tuple[Any, ...]) -> str | None:
    """Write where a value stood the way its sender wrote it: `hyperparameters.n_epochs`; None is the body."""
    place = location[1:] if location and location[0] in _WHERE else location
    parts = [str(part) for part in place if part != "[key]"]  # pydantic's mark for "the key itself"
    return ".".join(parts) or None


def shown(value: object) -> str:
    """Repeat a value as JSON writes it, shortened."""
    return shortened(as_written(value, SHOWN_VALUE + 1))


def shortened(text: str) -> str:
    """Return the text, or its beginning where it is long."""
    return text if len(text) <= SHOWN_VALUE else text[:SHOWN_VALUE] + "…"


async def _http(request: Request, error: Exception) -> Response:
    """Answer for what the framework refuses: unknown routes and methods, bodies its parser cannot read."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    message, code, headers = str(error.detail), "invalid_request", error.headers
    path = shortened(request.scope["path"])  # not `request.url`: its Host need not be one
    if error.status_code == 400:  # noqa: PLR2004 - HTTP's own number
        message, code = _UNREADABLE, "invalid_json"
    if error.status_code == 404:  # noqa: PLR2004 - HTTP's own number
        message, code = f"Unknown request URL: {request.method} {path}. See /docs.", "unknown_url"
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        headers = {"allow": _methods_at(request)}
        message = f"{request.method} is not offered at {path}, but {headers['allow']}. See /docs."
        code = "method_not_allowed"
    content = _content(message, "invalid_request_error", None, code)
    return JSONResponse(content, status_code=error.status_code, headers=headers)


def _methods_at(request: Request) -> str:
    """Return what is offered at this path: Starlette names the methods of one route only."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))
