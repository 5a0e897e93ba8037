"""Every error in OpenAI's envelope: `{"error": {"message", "type", "param", "code"}}`."""

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from domain.errors import TunewardError

SHOWN_VALUE = 100
"""Characters of a refused value that its message repeats."""
_WHERE = frozenset({"body", "query", "path", "header"})


def envelope(error: TunewardError) -> JSONResponse:
    """Return the answer for an error of ours."""
    headers = {}
    if error.should_retry is not None:
        headers["x-should-retry"] = str(error.should_retry).lower()
    wait = error.retry_after
    if wait is not None or error.status == 503:  # noqa: PLR2004 - HTTP's own number
        headers["retry-after"] = str(max(1, math.ceil(wait.total_seconds()))) if wait else "1"
    if error.status == 401:  # noqa: PLR2004 - HTTP's own number
        headers["www-authenticate"] = "Bearer"
    content = _content(error.message, error.type, error.param, error.error_code)
    return JSONResponse(content, status_code=error.status, headers=headers)


def _content(message: str, kind: str, param: str | None, code: str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def install(app: FastAPI) -> None:
    """Teach the app to answer every exception in the envelope."""
    app.add_exception_handler(TunewardError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, TunewardError)  # noqa: S101 - registered for this class
    return envelope(error)


async def _invalid(_: Request, error: Exception) -> Response:
    """Name the parameter, the value and what is allowed; the first fault is enough to go on."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fault = error.errors()[0]
    param = parameter(fault["loc"])
    message = f"Invalid {param}: {fault['msg']}" if param else f"Invalid request: {fault['msg']}"
    if fault["type"] == "missing":
        message = f"Missing required parameter: {param}"
    elif "input" in fault and isinstance(fault["input"], str | int | float | bool):
        message += f" (got {shown(fault['input'])})"
    content = _content(message, "invalid_request_error", param or None, _code(fault))
    return JSONResponse(content, status_code=400)


def _code(fault: Mapping[str, Any]) -> str:
    return {"missing": "missing_required_parameter", "json_invalid": "invalid_json"}.get(
        fault["type"], "invalid_value"
    )


def parameter(location: tuple[Any, ...]) -> str:
    """Write where a value stood the way its sender wrote it: `hyperparameters.n_epochs`."""
    parts = [str(part) for part in location if part not in _WHERE]
    return ".".join(part for part in parts if not part.startswith(("function-", "constrained-")))


def shown(value: object) -> str:
    """Repeat a value, shortened, without control characters."""
    text = repr(value)
    return text if len(text) <= SHOWN_VALUE else text[:SHOWN_VALUE] + "…"


async def _http(request: Request, error: Exception) -> Response:
    """Answer for what Starlette itself refuses: unknown routes and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    message, code = str(error.detail), "invalid_request"
    if error.status_code == 404:  # noqa: PLR2004 - HTTP's own number
        message, code = f"Unknown request URL: {request.method} {request.url.path}. See /docs.", "unknown_url"
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        message = f"{request.method} is not offered at {request.url.path}. See /docs."
        code = "method_not_allowed"
    content = _content(message, "invalid_request_error", None, code)
    return JSONResponse(content, status_code=error.status_code, headers=error.headers)
