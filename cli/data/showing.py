"""How text is laid out: wrapped by what is seen, where a Chinese character is two columns wide."""

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

NARROWEST, WIDEST = 60, 100
_COLOURS: Final = {"good": "32", "bad": "31", "mind": "33", "bold": "1", "dim": "2"}
# A word, spaces, or one character of a script without spaces with the punctuation that must not be parted
# from it.
_piece: Final = re.compile(
    r"\s+"
    r"|[\u201c\u2018\u300a\uff08]*[\u2e80-\ufaff\uff00-\uffef][\u3001\u3002\u201d\u2019\u300b\uff00-\uff1f]*"
    r"|[^\s\u2e80-\ufaff\uff00-\uffef]+[\u3001\u3002\uff00-\uff1f]*"
)


def width(text: str) -> int:
    """Return how many columns a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) - sum(map(bool, map(unicodedata.combining, text))) + wide


def padded(text: str, columns: int) -> str:
    """Return a text with spaces behind it."""
    return text + " " * (columns - width(text))


def shortened(text: str, columns: int) -> str:
    """Return a text that takes no more than so many columns, on one line, with an ellipsis if it is cut."""
    text = " ".join(text.split())
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def columns() -> int:
    """Return how wide a page is."""
    return min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)


def wrapped(text: str, *, first: str = "", then: str | None = None) -> str:
    """Return a text in lines no wider than the page, the first and the others each indented."""
    indent = " " * width(first) if then is None else then
    lines, line, used, most = [], first, width(first), columns()
    for piece in _pieces(text, most - width(indent)):
        if used + width(piece.rstrip()) > most and line.strip():
            lines.append(line.rstrip())
            line, used = indent, width(indent)
            piece = piece.lstrip()  # noqa: PLW2901 - a line does not begin with the space between words
        line += piece
        used += width(piece)
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str, most: int) -> Iterator[str]:
    for found in _piece.finditer(" ".join(text.split())):
        piece = found[0]
        while width(piece) > most:
            yield piece[:most]
            piece = piece[most:]
        yield piece


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> str:
    """Return rows in columns; those after the first that are numbers stand at the right."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            " " * (wide - width(cell)) + cell if at and _is_number(cell) else padded(cell, wide)
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() and not cell.strip("0123456789,.% ")


def bar(share: float, columns_: int = 24) -> str:
    """Return a bar for a share of 0 to 1; anything above 0 is to be seen."""
    return "█" * max(round(share * columns_), 1 if share else 0)


def painted(text: str, colour: str) -> str:
    """Return a text in colour where a person reads it on a terminal that shows colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def show(text: str) -> None:
    """Print a text; what the terminal's encoding lacks becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
