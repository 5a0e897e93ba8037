"""A training file looked at in pieces: what each look sees of a piece, and what all pieces come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import DecodeError

from domain.training_data.examples import decode_example, kind_of
from domain.training_data.findings import Conclusion, Condensing, Finding, LineLook, Look, Numbered

PIECE_BYTES: Final = 1024 * 1024
"""About how large a piece is: it costs some milliseconds to hand one to another process."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file, without the last line end; `first_line` is the number of the first, from 1."""

    content: bytes
    first_line: int


@dataclass(frozen=True, slots=True)
class Observed:
    """What the looks saw of one piece, by name; `copy` is the piece as it is sent on, if that was asked for.

    `dropped` counts the lines with text that are not in the copy, `changed` those that differ in it.
    """

    seen: dict[str, Any]
    copy: bytes | None = None
    dropped: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Examined:
    """What all looks came to: findings in their order, and figures by the name of the look."""

    findings: tuple[Finding, ...]
    figures: dict[str, Any]


class Pieces:
    """Cuts bytes in any portions into pieces of whole lines; holds one piece, or the longest line."""

    def __init__(self, size: int = PIECE_BYTES) -> None:
        self._size = size
        self._held: list[bytes] = []
        self._bytes = 0
        self._next_line = 1

    def feed(self, chunk: bytes) -> Piece | None:
        """Take the next bytes; return a piece if one is full."""
        self._held.append(chunk)
        self._bytes += len(chunk)
        if self._bytes < self._size or b"\n" not in chunk:
            return None
        content = b"".join(self._held)
        whole, _, rest = content.rpartition(b"\n")
        self._held, self._bytes = [rest], len(rest)
        return self._piece(whole)

    def finish(self) -> Piece | None:
        """Return what is left, if anything is."""
        content = b"".join(self._held)
        return self._piece(content.removesuffix(b"\n")) if content else None

    def _piece(self, content: bytes) -> Piece:
        piece = Piece(content, self._next_line)
        self._next_line += content.count(b"\n") + 1
        return piece


Rewrite = Callable[[bytes], bytes]
"""What is done to the JSON of an example before it is sent on."""


def observe(
    looks: Sequence[Look[Any]], piece: Piece, *, kind: str | None, rewrite: Rewrite | None = None
) -> Observed:
    """Return what the looks see of those lines of a piece that are examples of the file's kind.

    With `rewrite`, there is a copy of these lines, each as it comes from it.
    """
    good = [*_examples(piece, kind)]
    seen = {look.name: _seen(look, good) for look in looks}
    if rewrite is None:
        return Observed(seen)
    lines = [line for _, line in good]
    rewritten = [rewrite(line) for line in lines]
    with_text = sum(1 for line in piece.content.split(b"\n") if line and not line.isspace())
    changed = sum(1 for old, new in zip(lines, rewritten, strict=True) if old != new)
    copy = b"".join(line + b"\n" for line in rewritten)
    return Observed(seen, copy, dropped=with_text - len(lines), changed=changed)


def _seen(look: Look[Any], good: Sequence[tuple[Numbered, bytes]]) -> Any:
    if isinstance(look, LineLook):
        return look.observe_lines((number, line) for (number, _), line in good)
    return look.observe([numbered for numbered, _ in good])


def condensed(looks: Sequence[Look[Any]], observed: Sequence[Observed]) -> dict[str, Any]:
    """Return, by the name of the look, what can stand in the first of these pieces for all of them."""
    return {
        look.name: look.condense([piece.seen[look.name] for piece in observed if look.name in piece.seen])
        for look in looks
        if isinstance(look, Condensing)
    }


def conclude(looks: Sequence[Look[Any]], observed: Sequence[Observed]) -> Examined:
    """Return what the pieces, in the order of the file, come to together."""
    findings: list[Finding] = []
    figures: dict[str, Any] = {}
    for look in looks:
        if not observed or look.name not in observed[0].seen:
            continue
        conclusion: Conclusion = look.conclude(
            [piece.seen[look.name] for piece in observed if look.name in piece.seen]
        )
        findings += conclusion.findings
        figures[look.name] = conclusion.figures
    return Examined(tuple(findings), figures)


def _examples(piece: Piece, kind: str | None) -> Sequence[tuple[Numbered, bytes]]:
    found = []
    for number, line in enumerate(piece.content.split(b"\n"), piece.first_line):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        try:
            text.decode()
            example = decode_example(text)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if kind_of(example) == kind and b"\0" not in text:
            found.append(((number, example), text.rstrip(b"\r")))
    return found
