"""Chat completions: resolved against this project's models, then passed through byte for byte."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from msgspec import Raw

from api import chat_answers
from api.dependencies import AuthenticatedAlone, Held
from domain.errors import InvalidRequest, PlatformFailed, TunewardError
from services import models
from xpulink.port import ChatAnswer

router = APIRouter(prefix="/v1/chat/completions", tags=["Chat"])
_OUR_KEY_REFUSED = frozenset({401, 402, 403})
_ESCAPES = re.compile(rb"\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(u[dD][89a-fA-F]\w\w)|.)", re.DOTALL)
"""JSON's escapes, two that make a surrogate pair as one; half of a pair is the group."""
_log = structlog.get_logger(__name__)


@router.post("", summary="Chat with a base or tuned model", response_class=StreamingResponse)
async def chat(request: Request, caller: AuthenticatedAlone, held: Held) -> Response:
    """Pass the request on with nothing changed but the model's name; `stream: true` streams."""
    body = _parsed(await request.body())
    async with held.database.transaction() as session:
        platform_model = await models.resolve(
            session, project_id=caller.project_id, configured=held.models, name=_model(body)
        )
    body["model"] = Raw(msgspec.json.encode(platform_model))
    streams = bytes(body.get("stream", b"")) == b"true"
    accept = chat_answers.EVENTS if streams else "application/json"
    async with AsyncExitStack() as stack:
        answer = await stack.enter_async_context(held.chat.chat(msgspec.json.encode(body), accept=accept))
        if streams and chat_answers.is_good(answer):
            chat_answers.demand_events(answer)
            headers = {"content-type": chat_answers.EVENTS}
            return StreamingResponse(_passed_on(answer, stack.pop_all()), headers=headers)
        return await _whole(answer)


async def _whole(answer: ChatAnswer) -> Response:
    if answer.status in _OUR_KEY_REFUSED:
        raise PlatformFailed(models.OUR_KEY_REFUSED)
    status, body = answer.status, await chat_answers.whole(answer)
    if chat_answers.is_good(answer):
        body = chat_answers.completion(body)
    else:
        status, body = chat_answers.refusal(answer, body)
    wait = {key: answer.headers[key] for key in ("retry-after",) if key in answer.headers}
    return Response(body, status, headers=wait, media_type="application/json")


def _parsed(sent: bytes) -> dict[str, Raw]:
    """Return the keys of the body with their values as they were written: numbers keep their digits."""
    try:
        return msgspec.json.decode(sent.decode(), type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        half = next((found[0] for found in _ESCAPES.finditer(sent) if found[1]), None)
        why = f"{half.decode()} is half of a surrogate pair, and no character" if half else error
        raise InvalidRequest(f"The body is not a JSON object: {why}.", code="invalid_json") from error


def _model(body: Mapping[str, Raw]) -> str:
    if "model" not in body:
        message = "Missing required parameter: model"
        raise InvalidRequest(message, param="model", code="missing_required_parameter")
    try:
        return msgspec.json.decode(body["model"], type=str)
    except msgspec.DecodeError as error:
        raise InvalidRequest("Invalid model: it must be a string.", param="model") from error


async def _passed_on(answer: ChatAnswer, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    """Yield the platform's events; a stream that breaks off says so, in its own form."""
    async with stack:
        try:
            async for chunk in chat_answers.events(answer):
                yield chunk
        except TunewardError as error:
            _log.warning("the platform's chat answer broke off", reason=error.message)
            envelope = {"message": error.message, "type": error.type, "param": None, "code": error.error_code}
            yield b"data: " + msgspec.json.encode({"error": envelope}) + b"\n\n"
