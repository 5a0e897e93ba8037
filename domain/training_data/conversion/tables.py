"""CSV and TSV: a header that names the columns, then one example a row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from domain.errors import InvalidFile
from domain.training_data.building import ExampleDict
from domain.training_data.conversion import alpaca, pairs
from domain.training_data.conversion.fields import (
    ANSWER,
    CONTEXT,
    INSTRUCTION,
    QUESTION,
    SYSTEM,
    Dropped,
    named,
    plain,
)
from domain.training_data.conversion.limits import Limits
from domain.training_data.conversion.rows import Rows
from domain.training_data.faults import quoted
from domain.training_data.lines import refusal
from domain.training_data.problems import Misfit

DELIMITERS: Final = {
    ",": ("comma", "逗号"),
    "\t": ("tab", "制表符"),
    ";": ("semicolon", "分号"),
    "|": ("vertical bar", "竖线"),
}
"""What can stand between cells, and how it is called."""
PARTS: Final = ("question", "answer", "system")
"""What a column can be taken for by name; `columns` maps these to the names in the header."""
_NAMES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, and where the parts of an example are among them."""

    names: Sequence[str]
    places: Mapping[str, int]

    def fields(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the parts of one row.

        Raises:
            Misfit: The row has other cells than the header names, so that text may be lost or misplaced.
        """
        width = len(self.names)
        if any(cell.strip() for cell in cells[width:]):
            raise Misfit("ragged_row", field=str(width), seen=str(len(cells)))
        if len(cells) <= max(self.places[part] for part in self.places if part != "system"):
            raise Misfit("ragged_row", field=str(width), seen=str(len(cells)))
        return {part: cells[at] for part, at in self.places.items() if at < len(cells)}

    def unused(self, cells: Sequence[str]) -> Iterator[str]:
        """Yield the names of the columns that hold something in this row and are no part of the example."""
        used = set(self.places.values())
        named_cells = zip(self.names, cells, strict=False)
        return (name for at, (name, cell) in enumerate(named_cells) if cell.strip() and at not in used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller said about a table; None where it is to be found out.

    `columns` maps some of `PARTS` to names in the header; `system` is for rows that bring none.
    """

    columns: Mapping[str, str] | None = None
    delimiter: str | None = None
    system: str | None = None


def rows(
    lines: Iterable[tuple[int, str]], limits: Limits, wishes: Wishes, dropped: Dropped
) -> Iterator[tuple[int, ExampleDict | Misfit]]:
    """Yield an example, or why there is none, for each row below the header.

    Raises:
        InvalidFile: The header has no usable columns, or see `Rows`.
    """
    lines = iter(lines)
    first = next((numbered for numbered in lines if numbered[1].strip()), (1, ""))
    delimiter = wishes.delimiter or delimiter_of(first[1], wishes.columns)
    table = iter(Rows(chain([first], lines), delimiter, limits))
    line, names = next(table, (1, []))
    if isinstance(names, Misfit):
        problem = names.on(line)
        raise refusal(f"{problem.message} {problem.fix}")
    header = header_of(names, wishes.columns, delimiter=delimiter)
    for number, cells in table:
        try:
            yield number, _example(header, cells, wishes.system, dropped)
        except Misfit as misfit:
            yield number, misfit


def _example(header: Header, cells: list[str] | Misfit, system: str | None, dropped: Dropped) -> ExampleDict:
    if isinstance(cells, Misfit):
        raise cells
    fields = header.fields(cells)
    build = alpaca.example_of if "instruction" in fields else pairs.example_of
    example = build(fields, system, dropped)
    dropped.count(header.unused(cells))
    return example


def delimiter_of(line: str, columns: Mapping[str, str] | None = None) -> str:
    """Return the delimiter by which most names of this header line are known, then most there are at all."""

    def worth(delimiter: str) -> tuple[int, int]:
        cells = cells_of(line, delimiter)
        return len(places_of(cells, columns)), len(cells)

    return max(DELIMITERS, key=worth)


def header_of(names: Sequence[str], columns: Mapping[str, str] | None, *, delimiter: str) -> Header:
    """Return what the header says.

    Raises:
        InvalidFile: A column that was asked for is not there, or there is none for question or answer.
    """
    shown = ", ".join(quoted(name) for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    between = DELIMITERS.get(delimiter, (repr(delimiter),))[0]
    found = f"the header, read with a {between} between names, has {shown}{more}"
    for part, name in (columns or {}).items():
        if part not in PARTS:
            raise refusal(f"There is no part {quoted(part)} of an example; use {', '.join(PARTS)}.")
        if plain(name) not in map(plain, names):
            raise refusal(f"There is no column {quoted(name)} for the {part}: {found}.")
    places = places_of(names, columns)
    if not suffice(places):
        raise refusal(
            f"No columns for question and answer: {found}. Name them 'question' and 'answer' (or 'system' as "
            "well) in the first line, or say which columns to use."
        )
    _demand_single(names, places, found)
    return Header(names, places)


def places_of(names: Sequence[str], columns: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return at which places the parts of an example are; a part that is not there is left out.

    With both an instruction and an input these are two parts, as in Alpaca.
    """
    chosen = {part: (plain(name),) for part, name in (columns or {}).items()}
    alpaca_like = named(names, INSTRUCTION) and named(names, CONTEXT) and "question" not in chosen
    asked = {"instruction": INSTRUCTION, "input": CONTEXT} if alpaca_like else {"question": QUESTION}
    parts = asked | {"answer": ANSWER, "system": SYSTEM} | chosen
    places = {part: named(names, aliases) for part, aliases in parts.items()}
    return {part: list(names).index(name) for part, name in places.items() if name is not None}


def suffice(places: Mapping[str, int]) -> bool:
    """Tell whether these parts make an example."""
    return "answer" in places and bool({"question", "instruction"} & places.keys())


def _demand_single(names: Sequence[str], places: Mapping[str, int], found: str) -> None:
    for at in places.values():
        if sum(plain(name) == plain(names[at]) for name in names) > 1:
            raise refusal(f"More than one column is called {quoted(names[at])}: {found}. Rename one.")


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line by itself; none if it is not whole."""
    limits = Limits(columns=len(line) + 1, record_bytes=len(line) + 1)
    try:
        row = next(iter(Rows([(1, line)], delimiter, limits)), (1, []))[1]
    except InvalidFile:
        return []
    return row if isinstance(row, list) else []
