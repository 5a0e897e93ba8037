"""Rows of comma- or tab-separated text, each with the line on which it begins, in bounded memory."""

import csv
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from domain.errors import InvalidFile
from domain.training_data.conversion.limits import Limits
from domain.training_data.lines import refusal
from domain.training_data.problems import Misfit
from domain.training_data.text_lines import too_long

Row: TypeAlias = tuple[int, list[str] | Misfit]

# The csv module's own limit, 128 KiB a field, is one for the whole process. Nothing is fed to the reader
# here beyond `Limits.record_bytes`, so that its limit is only in the way.
_NO_LIMIT: Final = 2**31 - 1
csv.field_size_limit(_NO_LIMIT)


class Rows:
    """Reads rows; iterate over it once. Blank lines are skipped.

    Raises (while iterating):
        InvalidFile: A row is longer than the limit or has more columns, or a quote is never closed.
    """

    def __init__(self, lines: Iterable[tuple[int, str]], delimiter: str, limits: Limits) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._limits = limits
        self._begin = 0
        self._size = 0

    def __iter__(self) -> Iterator[Row]:
        """Yield each row, or why one is not to be read."""
        reader = csv.reader(self._fed(), delimiter=self._delimiter, strict=True)
        while True:
            self._begin = self._size = 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._begin, self._misfit(error)
                continue
            if len(cells) > self._limits.columns:
                raise self._too_many(len(cells))
            if any(cell.strip() for cell in cells):
                yield self._begin, cells

    def _fed(self) -> Iterator[str]:
        """Yield lines with their LF; a row's first one says where it begins."""
        for number, line in self._lines:
            self._begin = self._begin or number
            self._size += len(line) + 1
            if self._size > self._limits.record_bytes:
                what = f"The row that begins on line {self._begin} (is a quote in it never closed?)"
                raise too_long(what, self._limits.record_bytes)
            if '"' not in line and (many := line.count(self._delimiter) + 1) > self._limits.columns:
                raise self._too_many(many)
            yield line + "\n"

    def _misfit(self, error: csv.Error) -> Misfit:
        if "end of data" in str(error):
            raise refusal(
                f"The quote that opens in the row on line {self._begin} is never closed. Close it, or write "
                'a double quote within quoted text twice: "".'
            )
        return Misfit("bad_quotes", seen=str(error))

    def _too_many(self, columns: int) -> InvalidFile:
        return refusal(
            f"The row on line {self._begin} has {columns:,} columns, more than the {self._limits.columns:,} "
            "that a file may have. Keep the question, the answer and the system prompt."
        )
