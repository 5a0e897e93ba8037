"""The strings of one line of JSON where they stand, so that one can be changed and the rest stays."""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_PIECE: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]', re.DOTALL)
_BEFORE_COLON: Final = re.compile(rb"[ \t\r\n]*:")
_LISTS_OF_MESSAGES: Final = (["messages"], ["input", "messages"])


class StringValue(NamedTuple):
    """A string that is no key. `start` and `end` are bytes, quotes included.

    `message_index` counts from 0 within `messages`, or those of a preference's `input`.
    """

    start: int
    end: int
    text: str
    message_index: int | None


def string_values(line: bytes) -> Iterator[StringValue]:
    """Yield the string values at any depth of a line that is known to be JSON.

    Raises:
        ValueError: a string holds an escape that JSON does not have, or is not UTF-8.
    """
    path = _Path()
    for match in _PIECE.finditer(line):
        piece = match[0]
        if piece[0] != ord('"'):
            path.step(piece)
        elif path.in_object and _BEFORE_COLON.match(line, match.end()):
            path.key = _decoded(piece)
        else:
            yield StringValue(match.start(), match.end(), _decoded(piece), path.message_index)


def encoded(text: str) -> bytes:
    """Return a string as JSON, its characters unescaped; half of a pair cannot be, and escapes them all."""
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def _decoded(piece: bytes) -> str:
    if b"\\" not in piece:
        return piece[1:-1].decode()
    text: str = json.loads(piece.decode(), strict=False)
    return text


class _Path:
    """Where in the line the reading is: the keys down to here, and in which message."""

    def __init__(self) -> None:
        self.key = ""
        self.message_index: int | None = None
        self._opened: list[bytes] = []
        self._keys: list[str] = []
        self._messages_depth = 0

    @property
    def in_object(self) -> bool:
        return bool(self._opened) and self._opened[-1] == b"{"

    def step(self, piece: bytes) -> None:
        if piece in b"{[":
            self._open(piece)
        elif piece in b"}]":
            self._close()
        elif piece == b"," and self.message_index is not None and len(self._opened) == self._messages_depth:
            self.message_index += 1

    def _open(self, piece: bytes) -> None:
        self._opened.append(piece)
        self._keys.append(self.key)
        if piece == b"[" and self._keys[1:] in _LISTS_OF_MESSAGES and b"[" not in self._opened[:-1]:
            self.message_index, self._messages_depth = 0, len(self._opened)

    def _close(self) -> None:
        if self.message_index is not None and len(self._opened) == self._messages_depth:
            self.message_index = None
        if self._opened:
            self._opened.pop()
            self._keys.pop()
