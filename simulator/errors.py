"""The platform's refusals, all in OpenAI's envelope."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response


class JsonResponse(Response):
    """A JSON body, written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Turn the content into bytes."""
        return orjson.dumps(content)


class Refusal(Exception):  # noqa: N818 - the platform refuses; nothing of its own went wrong
    """A request the platform answers with an error status."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    def response(self, headers: Mapping[str, str] | None = None) -> JsonResponse:
        """Build the answer in OpenAI's envelope."""
        error = {"message": self.message, "type": _kind(self.status), "param": self.param, "code": self.code}
        return JsonResponse({"error": error}, status_code=self.status, headers=headers)


def missing(thing: str, id_: str) -> Refusal:
    """Refuse an id that nothing has."""
    return Refusal(404, f"No such {thing}: {id_}", code="not_found", param="id")


def missing_model(model: str) -> Refusal:
    """Refuse a model that nobody offers, as OpenAI words it."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Refusal(404, message, code="model_not_found", param="model")


def _kind(status: int) -> str:
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004 - the 5xx class


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for this class only
    return error.response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    first = error.errors()[0]
    param = ".".join(str(step) for step in first["loc"][1:] if not isinstance(step, int)) or None
    return Refusal(400, f"Invalid request: {first['msg']}", code="invalid_value", param=param).response()


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    return Refusal(error.status_code, str(error.detail), code="unknown_url").response(error.headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    """The client went away in the middle of its request: nobody reads this, the ledger notes the status."""
    return Response(status_code=499)


async def _broken(_request: Request, _error: Exception) -> Response:
    return Refusal(500, "The stand-in platform broke; its log says how.", code="internal_error").response()


def install(app: FastAPI) -> None:
    """Make every error of the app leave it in the envelope."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _broken)
