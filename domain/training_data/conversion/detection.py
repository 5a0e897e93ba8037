"""Which format a file has, told from how it begins, and why."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from domain.errors import InvalidFile
from domain.training_data.conversion import sharegpt, tables
from domain.training_data.conversion.fields import ANSWER, QUESTION, plain
from domain.training_data.conversion.json_records import records
from domain.training_data.dialogues import role_at
from domain.training_data.faults import quoted
from domain.training_data.lines import refusal

ALPACA: Final = "alpaca"
SHAREGPT: Final = "sharegpt"
PAIRS: Final = "pairs"
CSV: Final = "csv"
DIALOGUES: Final = "dialogues"

_LINES_TRIED: Final = 20
_KEYS_SHOWN: Final = 20
# In JSON a quote within text has a backslash before it, so that this finds keys only.
_key: Final = re.compile(r'"([^"\\]{1,60})"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A format by name, and the reason to think so."""

    format: str
    reason: str
    reason_zh: str


def detected(head: str, columns: Mapping[str, str] | None = None, delimiter: str | None = None) -> Detected:
    """Return the format of a file that begins with `head`.

    Args:
        head: The first text of the file; the more the surer, 64 KiB are plenty.
        columns: Which columns of a table to use, if that was said; then it is a table.
        delimiter: What stands between the cells, if that was said; then it is a table.

    Raises:
        InvalidFile: It is none that is known.
    """
    begin = head.lstrip()
    if not begin:
        raise refusal("The file holds no text.")
    if begin[0] in "[{":
        return _json(begin)
    if columns or delimiter:
        return Detected(
            format=CSV, reason="columns or a delimiter were given", reason_zh="指定了列名或分隔符"
        )
    found = next(_table(begin), None) or next(_dialogue(begin), None)
    if found is None:
        raise refusal(
            f"No known format: the file begins with {quoted(begin.split(chr(10), 1)[0])}. Known are "
            "Alpaca, ShareGPT and question and answer pairs (as JSON array or JSON Lines), CSV or TSV with a "
            "header that names 'question' and 'answer', and dialogues with turns like 'User: …'."
        )
    return found


def _json(begin: str) -> Detected:
    keys = _keys(begin)
    known = {plain(key): key for key in keys}
    for form, wanted in _by_keys():
        if all(any(alias in known for alias in aliases) for aliases in wanted):
            named = [next(known[alias] for alias in aliases if alias in known) for aliases in wanted]
            shown = ", ".join(quoted(name) for name in named)
            return Detected(
                format=form,
                reason=f"the file begins as JSON with {shown}",
                reason_zh=f"文件开头是含有 {shown} 的 JSON",
            )
    if "preferred_output" in known:
        raise refusal("The file holds preference examples, which are training data already: use it as it is.")
    shown = ", ".join(quoted(key) for key in islice(keys, _KEYS_SHOWN)) or "no keys at all"
    raise refusal(
        f"No known format: the file begins as JSON, but with {shown}. Known are Alpaca ('instruction', "
        "'output'), ShareGPT ('conversations') and pairs ('question', 'answer')."
    )


def _keys(begin: str) -> list[str]:
    """Return the keys of the first record, or if that is not to be read, those found anywhere."""
    try:
        fields = msgspec.json.decode(next(records([begin], len(begin) * 4))[1])
    except (InvalidFile, StopIteration, msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return list(dict.fromkeys(_key.findall(begin)))
    # A number of turns, say, is no conversation.
    return [key for key in fields if key not in sharegpt.LISTS or isinstance(fields[key], list)]


def _by_keys() -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """Yield each format with the keys it needs, one of each tuple; the first that fits is it."""
    yield SHAREGPT, (sharegpt.LISTS,)
    yield ALPACA, (("instruction", "指令"), ANSWER)
    yield PAIRS, (QUESTION, ANSWER)


def _table(begin: str) -> Iterator[Detected]:
    line = begin.split("\n", 1)[0]
    delimiter = tables.delimiter_of(line)
    names = tables.cells_of(line, delimiter)
    places = tables.places_of(names)
    if not tables.suffice(places):
        return
    shown = ", ".join(quoted(names[at]) for at in places.values())
    named, named_zh = tables.DELIMITERS[delimiter]
    yield Detected(
        format=CSV,
        reason=f"the first line names the columns {shown}, with a {named} between them",
        reason_zh=f"首行给出了列名 {shown},以{named_zh}分隔",
    )


def _dialogue(begin: str) -> Iterator[Detected]:
    for line in begin.split("\n", _LINES_TRIED)[:_LINES_TRIED]:
        if role_at(line):
            yield Detected(
                format=DIALOGUES,
                reason=f"a line begins with {quoted(line[:12])}, as a turn of a dialogue does",
                reason_zh=f"有一行以 {quoted(line[:12])} 开头,是对话的一轮",
            )
