"""One question at a time, each with a deadline and a capped answer."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from domain.outcomes import Outcome
from xpulink import wire
from xpulink.classify import settle
from xpulink.client import MAX_JSON_BYTES
from xpulink.exchange import Answer, Silence, exchange, open_client

T = TypeVar("T")

MORE_TRIES = 5
PAUSE = 0.1
GOOD = 2
BROKEN = frozenset({307, 308, 408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Places:
    """Where the platform keeps its routes, below the base URL."""

    files: str = "/files"
    jobs: str = "/fine_tuning/jobs"
    models: str = "/models"
    chat: str = "/chat/completions"


@dataclass
class Asker:
    """Asks a platform, and notes which of its answers were broken or carried a request id.

    Raises:
        ValueError: The URL is not http(s) or the key cannot stand in a header.
    """

    base_url: str
    api_key: str = field(repr=False)
    places: Places
    deadline: timedelta
    answers: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    request_ids: int = 0

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        self._client = open_client(
            self.base_url, self.api_key, connections=4, connect=self.deadline, keep_alive=True
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, **parts: Any) -> Answer | Silence:
        """Ask what does no harm, again if the answer is broken: only what lasts shall be judged."""
        broken: list[str] = []
        while True:
            came = await self.ask_once(method, path, **parts)
            if not _is_broken(came):
                self.broken.update(broken)  # what is never whole is told where it was asked for
                return came
            if len(broken) == MORE_TRIES:
                return came
            broken.append(in_words(came))
            await asyncio.sleep(PAUSE)

    async def ask_once(
        self, method: str, path: str, *, longer: timedelta = timedelta(0), **parts: Any
    ) -> Answer | Silence:
        """Send one request to a path below the base URL, or to a whole URL; the key never comes back."""
        url = path if path.startswith("http") else self.base_url + path
        request = self._client.build_request(method, url, **parts)
        came = await exchange(self._client, request, deadline=self.deadline + longer, limit=MAX_JSON_BYTES)
        if isinstance(came, Silence):
            return came
        self.answers += 1
        self.request_ids += "x-request-id" in came.headers
        return replace(came, body=came.body.replace(self.api_key.encode(), b"[key]"))


def _is_broken(came: Answer | Silence) -> bool:
    """Tell whether an answer is no answer: a server in trouble, a body that breaks off, a page, no HTTP."""
    if isinstance(came, Silence):
        return came.sent and not came.reason.startswith("no whole answer")  # one that is slow is slow again
    return came.status in BROKEN or came.fault is not None or _is_no_json(came)


def _is_no_json(came: Answer) -> bool:
    """Tell whether it should be JSON, by its status or by what it says of itself, and is not."""
    kind = came.headers.get("content-type", "")
    if kind.startswith("application/octet") or not (came.status // 100 == GOOD or "json" in kind):
        return False
    return _decoded(came) is None


def segment(id_: str) -> str:
    """Encode an id for a path."""
    return quote(id_, safe="!$&'()*+,;=:@")


def outcome(came: Answer | Silence, read: Callable[[Any], T]) -> Outcome[T]:
    """Read an answer as the service itself would."""
    return settle(came, lambda body: read(wire.decode(body)), once=False)


def value(came: Answer | Silence) -> Any:
    """Return the JSON of a good answer, or None."""
    if isinstance(came, Silence) or came.fault is not None or came.status // 100 != GOOD:
        return None
    return _decoded(came)


def _decoded(came: Answer) -> Any:
    try:
        return wire.decode(came.body)
    except wire.Unreadable:
        return None


def in_words(came: Answer | Silence) -> str:
    """Say what came: `answers 405`, `answers 200 with a web page`, `ReadError`."""
    if isinstance(came, Silence):
        return came.reason
    if came.fault is not None:
        return f"answers {came.status}, but {came.fault}"
    if wire.is_web_page(came.body):
        return f"answers {came.status} with a web page"
    if came.status // 100 == GOOD and _is_no_json(came):
        return f"answers {came.status}, but not JSON"
    refusal = wire.read_refusal(came.body)
    said = f": {refusal.message[:120]}" if refusal is not None and came.status >= 400 else ""  # noqa: PLR2004
    return f"answers {came.status}{said}"
