"""Chat completions: resolved against this project's models, then passed through byte for byte."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api.dependencies import AuthenticatedAlone, Held
from domain.errors import InvalidRequest, PlatformFailed, TunewardError
from services import models
from xpulink.port import ChatAnswer

router = APIRouter(prefix="/chat/completions", tags=["Chat"])
_OUR_KEY_REFUSED = frozenset({401, 402, 403})
_log = structlog.get_logger(__name__)


@router.post("", summary="Chat with a base or tuned model", response_class=StreamingResponse)
async def chat(request: Request, caller: AuthenticatedAlone, held: Held) -> StreamingResponse:
    """Pass the request on with nothing changed but the model's name; `stream: true` streams."""
    body = _parsed(await request.body())
    async with held.database.transaction() as session:
        body["model"] = await models.resolve(
            session, project_id=caller.project_id, configured=held.models, name=body["model"]
        )
    stack = AsyncExitStack()
    accept = "text/event-stream" if body.get("stream") else "application/json"
    answer = await stack.enter_async_context(held.chat.chat(msgspec.json.encode(body), accept=accept))
    if answer.status in _OUR_KEY_REFUSED:
        await stack.aclose()
        raise PlatformFailed("The platform refused this service's own key; its operator has been told.")
    return StreamingResponse(
        _passed_on(answer, stack), status_code=answer.status, headers=dict(answer.headers)
    )


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not a JSON object: {error}", code="invalid_json") from error
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise InvalidRequest("Missing required parameter: model", param="model")
    return body


async def _passed_on(answer: ChatAnswer, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    """Yield the platform's bytes; one that breaks off says so, in the stream's own form."""
    async with stack:
        try:
            async for chunk in answer.chunks():
                yield chunk
        except TunewardError as error:
            _log.warning("the platform's chat answer broke off", reason=error.message)
            envelope = {"message": error.message, "type": error.type, "param": None, "code": error.error_code}
            yield b"data: " + msgspec.json.encode({"error": envelope}) + b"\n\n"
