"""Text in any portions to numbered lines, of bounded length."""

from collections.abc import Iterable, Iterator

from domain.errors import InvalidFile
from domain.training_data.lines import refusal


def numbered_lines(text: Iterable[str], max_bytes: int) -> Iterator[tuple[int, str]]:
    """Yield each line, counted from 1, without its LF.

    Raises:
        InvalidFile: A line is longer than `max_bytes` as UTF-8.
    """
    number, held, size = 1, list[str](), 0
    for portion in text:
        lines = portion.split("\n")
        for piece in lines[:-1]:
            line = "".join((*held, piece)) if held else piece
            demand_short(line, max_bytes, number)
            yield number, line
            number, size = number + 1, 0
            held.clear()
        held.append(lines[-1])
        size += len(lines[-1])
        if size > max_bytes:
            raise too_long(f"Line {number}", max_bytes)
    if last := "".join(held):
        demand_short(last, max_bytes, number)
        yield number, last


def demand_short(line: str, max_bytes: int, number: int) -> None:
    """Raise InvalidFile if the line has more than `max_bytes` as UTF-8."""
    # A character has four bytes at most: most lines need no encoding to be known as short.
    if len(line) * 4 > max_bytes and len(line.encode(errors="replace")) > max_bytes:
        raise too_long(f"Line {number}", max_bytes)


def too_long(what: str, max_bytes: int) -> InvalidFile:
    """Return the error for a line or record that is too long, beginning with `what`."""
    return refusal(f"{what} is longer than the {max_bytes:,} bytes that it may have; divide or shorten it.")
