"""The layer between the front door and the routes that makes the platform odd while quirks are on."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.quirks.doors import Knock
from simulator.quirks.reply import Reply
from simulator.quirks.state import Quirks
from simulator.quirks.table import Json, Kind, Look

JOB_ROUTES = frozenset({"create", "retrieve", "cancel"})
FILE_ROUTES = frozenset({"upload", "file"})
LISTS = {"list": Kind.JOB, "events": Kind.EVENT, "checkpoints": Kind.CHECKPOINT, "file_list": Kind.FILE}
ID_FIELDS = ("id", "training_file", "validation_file")


class Odd:
    """ASGI app around the routes; a request that no quirk takes hold of passes as it is, held until whole."""

    def __init__(self, app: ASGIApp, quirks: Quirks, *, route: str, prefix: str) -> None:
        self._app, self._quirks, self._route, self._prefix = app, quirks, route, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        turned_away = self._at_the_door() or self._at_its_turn(scope)
        if isinstance(turned_away, Response):
            await _read(receive)
            await turned_away(scope, receive, send)
            return
        if self._route == "create":
            body = await _read(receive)
            refused, body = self._create(body)
            if refused is not None:
                await refused(scope, receive, send)
                return
            inner = _replayed(body)
        else:
            inner = receive
        reply = Reply()
        await self._app(self._asked(scope), inner, reply.take)
        self._show(reply)
        if turned_away is not None:
            turned_away.act(reply)
        await reply.leave(receive, send)

    def _at_the_door(self) -> Response | None:
        knock = Knock(self._route, self._prefix)
        answers = (quirk.act(knock) for quirk in self._quirks.of(Kind.DOOR, self._route))
        return next((answer for answer in answers if answer is not None), None)

    def _at_its_turn(self, scope: Scope) -> Any:
        """Return the answer of one who turns away, the quirk that will ruin the answer, or nothing."""
        quirk = self._quirks.turn(self._route, scope["method"], scope["path"])
        return quirk.act() if quirk is not None and quirk.kind is Kind.REFUSAL else quirk

    def _create(self, body: bytes) -> tuple[Response | None, bytes]:
        try:
            asked = json.loads(body)
        except ValueError:
            return None, body
        if not isinstance(asked, dict):
            return None, body
        for quirk in self._quirks.of(Kind.CREATE, self._route):
            if (refused := quirk.act(asked)) is not None:
                return refused, body
        for name in ID_FIELDS:
            if name in asked:
                asked[name] = self._quirks.real_id(str(asked[name]))
        return None, json.dumps(asked).encode()

    def _asked(self, scope: Scope) -> Scope:
        """Return the request with the ids that the platform knows."""
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        real = [(name, self._quirks.real_id(value) if name == "after" else value) for name, value in pairs]
        if self._quirks.has("list_ignores_after", self._route):
            real = [(name, value) for name, value in real if name != "after"]
        return {**scope, "query_string": urlencode(real).encode()}

    def _show(self, reply: Reply) -> None:
        if self._route == "content" and reply.status == 200:  # noqa: PLR2004 - OK
            for quirk in self._quirks.of(Kind.CONTENT, self._route):
                quirk.act(reply)
        elif reply.status == 200 and reply.headers.get("content-type") == "application/json":  # noqa: PLR2004
            shown = self._shown(json.loads(reply.body))
            # not orjson: a quirk may want NaN, and half a character
            reply.body = json.dumps(shown).encode()
        for quirk in self._quirks.of(Kind.MANNER, self._route):
            quirk.act(reply)

    def _shown(self, answer: Json) -> Any:
        if self._route in JOB_ROUTES:
            return self._object(Kind.JOB, answer)
        if self._route in FILE_ROUTES:
            return self._object(Kind.FILE, answer)
        if self._route not in LISTS:
            return answer
        answer["data"] = [self._object(LISTS[self._route], item) for item in answer["data"]]
        for quirk in self._quirks.of(Kind.LIST, self._route):
            answer = quirk.act(answer, Look(self._route))
        return answer

    def _object(self, kind: Kind, shown: Json) -> Json:
        look = self._quirks.look(self._route, shown) if kind is Kind.JOB else Look(self._route)
        for quirk in self._quirks.of(kind, self._route):
            quirk.act(shown, look)
        if kind in {Kind.JOB, Kind.FILE}:
            self._disguise(shown)
        return shown

    def _disguise(self, shown: Json) -> None:
        for name in ID_FIELDS:
            if isinstance(shown.get(name), str):
                shown[name] = self._quirks.disguise(shown[name])
        for place, result in enumerate(shown.get("result_files") or []):
            if isinstance(result, dict):
                result["id"] = self._quirks.disguise(result["id"])
            else:
                shown["result_files"][place] = self._quirks.disguise(result)


def real_path(scope: Scope, quirks: Quirks) -> str:
    """Return the path with the ids that the platform knows; an encoded slash does not part an id."""
    segments = scope["raw_path"].decode("latin-1").split("/")
    return "/".join(quirks.real_id(unquote(segment)) for segment in segments)


async def _read(receive: Receive) -> bytes:
    """Read a body to its end, or the client would still be writing it."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def _replayed(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
