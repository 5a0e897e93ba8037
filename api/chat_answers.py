"""The platform's answer to a chat, held to OpenAI's form before a client gets it.

What is in that form passes byte for byte; everything else is the platform's failure, said in the envelope:
a client that was promised JSON, or events, cannot make anything of a web page.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from msgspec import Raw

from domain.errors import PlatformFailed
from xpulink.port import ChatAnswer

EVENTS: Final = "text/event-stream"
MOST_BYTES: Final = 16 * 1024**2
MOST_OF_AN_EVENT: Final = 1024**2
_END_OF_EVENT: Final = re.compile(rb"\r?\n\r?\n")
_DONE: Final = re.compile(rb"^data: ?\[DONE\]", re.MULTILINE)
_BROKEN_BY_GATEWAY: Final = 502
_KEYS: Final = frozenset({"message", "type", "param", "code"})


def is_good(answer: ChatAnswer) -> bool:
    """Tell whether the platform did what was asked (2xx)."""
    return answer.status // 100 == 2  # noqa: PLR2004 - HTTP's own number


async def whole(answer: ChatAnswer) -> bytes:
    """Return the body.

    Raises:
        PlatformFailed: it broke off, or is longer than any answer to a chat.
    """
    body = bytearray()
    async for chunk in answer.chunks():
        body += chunk
        if len(body) > MOST_BYTES:
            raise PlatformFailed(f"The platform's answer is longer than {MOST_BYTES} bytes.")
    return bytes(body)


def completion(body: bytes) -> bytes:
    """Return a chat completion as it came.

    Raises:
        PlatformFailed: it is none.
    """
    found = _object(body)
    if found is None or not bytes(found.get("choices", b"")).startswith(b"["):
        raise PlatformFailed("The platform answered with something that is no chat completion. Try again.")
    return body


def refusal(answer: ChatAnswer, body: bytes) -> tuple[int, bytes]:
    """Return status and envelope of the platform's own refusal.

    Raises:
        PlatformFailed: it is not in the envelope, or about the address and not about the request.
    """
    said = _object(body) or {}
    try:
        error = msgspec.json.decode(said.get("error", b"null"), type=dict[str, Any] | None)
    except msgspec.DecodeError:
        error = None
    if error is None or not isinstance(error.get("message"), str):
        raise PlatformFailed(f"The platform answered {answer.status} and did not say why. Try again.")
    if error.get("code") == "unknown_url":
        raise PlatformFailed(
            "The platform has no chat at this address. The operator of this service has to check "
            "XPULINK_BASE_URL with 'tuneward platform check'."
        )
    status = answer.status if 400 <= answer.status < 600 else _BROKEN_BY_GATEWAY  # noqa: PLR2004 - HTTP's own
    unnamed = status >= 500 and error.get("code") is None  # noqa: PLR2004 - HTTP's own
    if set(error) == _KEYS and set(said) == {"error"} and not unnamed:
        return status, body
    return status, _envelope(error, PlatformFailed.code if unnamed else None)


def _envelope(error: dict[str, Any], code: str | None) -> bytes:
    told = {key: error.get(key) if isinstance(error.get(key), str) else None for key in sorted(_KEYS)}
    told |= {"type": told["type"] or PlatformFailed.type, "code": told["code"] or code}
    return msgspec.json.encode({"error": told})


def _object(body: bytes) -> dict[str, Raw] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def demand_events(answer: ChatAnswer) -> None:
    """Make sure that a stream begins.

    Raises:
        PlatformFailed: something else does.
    """
    if not answer.headers.get("content-type", "").lower().startswith(EVENTS):
        raise PlatformFailed("The platform answered with something that is no stream of events. Try again.")


async def events(answer: ChatAnswer) -> AsyncIterator[bytes]:
    """Yield the stream's events as they are complete, so that nobody gets half of one.

    Raises:
        PlatformFailed: it broke off, or ended without `[DONE]`.
    """
    rest, done = b"", False
    async for chunk in answer.chunks():
        rest += chunk
        ends = [found.end() for found in _END_OF_EVENT.finditer(rest)]
        if ends:
            complete, rest = rest[: ends[-1]], rest[ends[-1] :]
            done = done or _DONE.search(complete) is not None
            yield complete
        if len(rest) > MOST_OF_AN_EVENT:
            raise PlatformFailed(f"An event of the platform's stream is over {MOST_OF_AN_EVENT} bytes.")
    if _DONE.search(rest):
        yield rest.rstrip() + b"\n\n"
    elif not done:
        raise PlatformFailed("The platform's stream ended before it was done; what came may be cut short.")
