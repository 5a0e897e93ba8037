"""Cuts text into JSON records, each with its line: of an array, of JSON Lines, of objects on many lines.

Only one record is held at a time. Boundaries are found by counting brackets outside of strings; whether a
record is JSON is not looked at here, so one that is broken does no harm to the next.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TypeAlias

from domain.training_data.lines import refusal
from domain.training_data.text_lines import demand_short, numbered_lines, too_long

Record: TypeAlias = tuple[int, str]
"""The line on which a record begins, and its text."""

_outside: Final = re.compile(r'["\[\]{},]')
_inside: Final = re.compile(r'["\\]')
_OPENING: Final = frozenset("[{")


def records(text: Iterable[str], max_bytes: int) -> Iterator[Record]:
    """Yield the records of a JSON array or of JSON Lines; blank lines are skipped.

    Raises:
        InvalidFile: A record is longer than `max_bytes`, or the array does not end as it should.
    """
    portions = iter(text)
    first = next(portions, "")
    begin = first.lstrip()
    again = chain([first], portions)
    if begin.startswith("["):
        yield from Scan(max_bytes, array=True).over(again)
    elif begin.split("\n", 1)[0].rstrip() == "{":
        yield from Scan(max_bytes, array=False).over(again)
    else:
        yield from (record for record in numbered_lines(again, max_bytes) if record[1].strip())


class Scan:
    """One pass over the elements of an array, or over objects one after the other."""

    def __init__(self, max_bytes: int, *, array: bool) -> None:
        self._max = max_bytes
        self._home = 1 if array else 0
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._held: list[str] = []
        self._size = 0
        self._line = 1
        self._ended = False

    def over(self, text: Iterable[str]) -> Iterator[Record]:
        """Yield the records; `records` says what is raised."""
        for portion in text:
            begin = 0
            for end, resume in self._boundaries(portion):
                yield from self._take(portion[begin:end])
                begin = resume
            self._hold(portion[begin:])
        rest = "".join(self._held)
        if self._depth > 0 or self._in_string:
            what = "element of the array" if self._home else "object"
            raise refusal(
                f"The {what} at line {self._begins_at(rest)} is where the file breaks off: a bracket or a "
                "quote is never closed. Complete the file, or correct that place."
            )
        yield from self._take("")

    def _boundaries(self, portion: str) -> Iterator[tuple[int, int]]:
        """Yield where records end in this portion, and where the next one begins."""
        position = 1 if self._escaped else 0
        self._escaped = False
        while found := (_inside if self._in_string else _outside).search(portion, position):
            position = found.end()
            mark = found[0]
            if self._in_string:
                position = self._within_string(mark, position, len(portion))
            elif mark == '"':
                self._in_string = True
            elif mark == ",":
                if self._depth == self._home:
                    yield found.start(), position
            elif mark in _OPENING:
                self._depth += 1
                if self._depth == self._home:
                    yield found.start(), position
            else:
                self._depth -= 1
                if self._depth < self._home:
                    yield found.start(), position
                    self._ended = True
                elif self._depth == 0:
                    yield position, position

    def _within_string(self, mark: str, position: int, end: int) -> int:
        if mark == '"':
            self._in_string = False
            return position
        self._escaped = position >= end
        return position + 1

    def _hold(self, rest: str) -> None:
        self._held.append(rest)
        self._size += len(rest)
        if self._size > self._max:
            raise too_long(f"The record at line {self._begins_at(''.join(self._held))}", self._max)

    def _take(self, piece: str) -> Iterator[Record]:
        text = "".join((*self._held, piece))
        self._held, self._size = [], 0
        begin = self._begins_at(text)
        self._line += text.count("\n")
        if not (record := text.strip()):
            return
        if self._ended:
            raise refusal(
                f"There is more text after the end of the array, at line {begin}: a bracket too many, or "
                "several arrays in one file. Keep one array, or write one object a line."
            )
        demand_short(record, self._max, begin)
        yield begin, record

    def _begins_at(self, text: str) -> int:
        return self._line + text.count("\n", 0, len(text) - len(text.lstrip()))
