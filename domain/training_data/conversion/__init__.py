"""Other formats to training examples: one file per format, the table of them here.

`convert` reads a stream in flat memory and yields an example or a `Problem` for each record; `detect`
says which format a file has. Pure: may import the standard library, msgspec and `domain`.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Final

from domain.errors import InvalidFile, InvalidRequest
from domain.training_data import dialogues
from domain.training_data.building import message
from domain.training_data.conversion import tables
from domain.training_data.conversion.detection import (
    ALPACA,
    CSV,
    DIALOGUES,
    PAIRS,
    SHAREGPT,
    Detected,
    detected,
)
from domain.training_data.conversion.fields import Dropped
from domain.training_data.conversion.json_formats import OF_JSON, of_json
from domain.training_data.conversion.limits import Limits
from domain.training_data.conversion.outcome import Conversion, Results
from domain.training_data.lines import refusal
from domain.training_data.problems import Problem
from domain.training_data.text import TextReader
from domain.training_data.text_lines import numbered_lines

__all__ = ["FORMATS", "Conversion", "Detected", "Limits", "Problem", "convert", "detect"]

FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    ALPACA: (
        "Alpaca: instruction, input, output; JSON or JSON Lines",
        "Alpaca:instruction、input、output;JSON 或 JSONL",
    ),
    SHAREGPT: (
        "ShareGPT: conversations; JSON or JSON Lines",
        "ShareGPT:conversations 对话列表;JSON 或 JSONL",
    ),
    PAIRS: ("question and answer pairs; JSON or JSON Lines", "问答对;JSON 或 JSONL"),
    CSV: ("CSV or TSV with a header", "带表头的 CSV 或 TSV"),
    DIALOGUES: ("dialogues in plain text: 'User:', 'Assistant:'", "纯文本对话:'用户:'、'助手:'"),
}
"""Every format by name, in words in English and Chinese."""

_LONGEST_CHARACTER: Final = 4


def detect(head: bytes) -> Detected:
    """Return the format of a file that begins with these bytes; 64 KiB are plenty.

    Raises:
        InvalidFile: It is no text, or in no format that is known.
    """
    return detected(_text_of_head(head))


def _text_of_head(head: bytes) -> str:
    """Return the text, without what is left of a character at its end."""
    for cut in range(_LONGEST_CHARACTER):
        with suppress(InvalidFile):
            return "".join(TextReader([head[: len(head) - cut]]))
    return "".join(TextReader([head]))


def convert(
    stream: Iterable[bytes],
    *,
    format: str | None = None,  # noqa: A002 - the word for it
    system: str | None = None,
    columns: Mapping[str, str] | None = None,
    delimiter: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Conversion:
    """Begin to convert a file.

    Args:
        stream: The file in any portions; UTF-8 with or without BOM, or GB18030.
        format: One of `FORMATS`; None finds out.
        system: The system prompt of examples that bring none.
        columns: For CSV: `question`, `answer`, `system` to the names of the columns to use.
        delimiter: For CSV: one character; None finds out.
        limits: How large records and how many columns may be.

    Raises:
        InvalidFile: Now or while iterating: the file is no text, in no known format, without usable columns,
            broken so that one record cannot be told from the next, or beyond a limit.
        InvalidRequest: `format`, `system` or `delimiter` is not possible.
    """
    _demand_possible(format, system, delimiter)
    reader = TextReader(stream)
    text = iter(reader)
    if not (head := next(text, "")).strip():
        raise refusal("The file holds no text.")
    if format is None:
        found = detected(head, columns, delimiter)
    else:
        found = Detected(format=format, reason="you named the format", reason_zh="格式由您指定")
    dropped = Dropped()
    wishes = tables.Wishes(columns=columns, delimiter=delimiter, system=system)
    results = _results(found.format, chain([head], text), wishes, limits, dropped)
    return Conversion(reader, results, dropped, found, limits)


def _results(
    form: str, text: Iterable[str], wishes: tables.Wishes, limits: Limits, dropped: Dropped
) -> Results:
    largest, system = limits.record_bytes, wishes.system
    if form in OF_JSON:
        return of_json(text, OF_JSON[form], max_bytes=largest, system=system, dropped=dropped)
    lines = numbered_lines(text, largest)
    if form == CSV:
        return tables.rows(lines, limits, wishes, dropped)
    return dialogues.examples(lines, system=system, max_bytes=largest)


def _demand_possible(form: str | None, system: str | None, delimiter: str | None) -> None:
    if form is not None and form not in FORMATS:
        raise InvalidRequest(f"There is no format '{form}'; use {', '.join(FORMATS)}.", param="format")
    if system is not None:
        message("system", system, name="system prompt")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n '):
        raise InvalidRequest("The delimiter must be one character, such as ',' or a tab.", param="delimiter")
