"""One line of a training file without the personal data and secrets in it."""

from dataclasses import dataclass

from domain.training_data.personal_data.json_strings import encoded, string_values
from domain.training_data.personal_data.kinds import Hit, Kind, Numbering
from domain.training_data.personal_data.nested_json import is_json, redact_bare_values
from domain.training_data.personal_data.prefilter import NOTHING, hides, suspicion
from domain.training_data.personal_data.search import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHit:
    """One thing found in a line, without its value; the fields are those of `Hit`.

    `message_index` counts from 0 within `messages`, None where it stands outside of them.
    """

    kind: Kind
    detail: str
    masked: str
    replacement: str
    message_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A line with placeholders, and what they stand for; the very same line where there is no hit."""

    line: bytes
    hits: tuple[LineHit, ...] = ()


def redact_line(line: bytes) -> Redacted:
    """Put placeholders into the string values of one line of JSON Lines, wherever in it they are.

    Keys, white space and every value without a hit stay as they are, byte for byte. A number becomes a
    string. A string that holds JSON, such as the arguments of a call, stays JSON. Placeholders are numbered
    within the line. The line must be one that `StructureCheck` finds usable.

    Raises:
        ValueError: a string in the line is not UTF-8 or has an escape that JSON does not have.
    """
    if suspicion(line) == NOTHING and not hides(line):
        return Redacted(line=line)
    numbering = Numbering()
    redacted, hits = _rewritten(line, numbering)
    text, bare = redact_bare_values(redacted.decode(), numbering)
    if bare:
        redacted, hits = text.encode(), [*hits, *((hit, None) for hit in bare)]
    return Redacted(line=redacted, hits=tuple(_in_line(hit, index) for hit, index in hits))


def _rewritten(line: bytes, numbering: Numbering) -> tuple[bytes, list[tuple[Hit, int | None]]]:
    """Return the line and its hits, each with the message it is in."""
    pieces: list[bytes] = []
    found: list[tuple[Hit, int | None]] = []
    at = 0
    for value in string_values(line):
        text, hits = _without(value.text, numbering)
        if hits:
            pieces += line[at : value.start], encoded(text)
            at = value.end
            found += ((hit, value.message_index) for hit in hits)
    return (b"".join((*pieces, line[at:])) if found else line), found


def _without(text: str, numbering: Numbering) -> tuple[str, list[Hit]]:
    """Redact a string; in JSON within it first the strings, whose escapes hide things, then numbers."""
    hits: list[Hit] = []
    if is_json(text):
        inner, found = _rewritten(text.encode(), numbering)
        text, bare = redact_bare_values(inner.decode(), numbering)
        hits = [hit for hit, _ in found] + bare
    text, others = redact(text, numbering)
    return text, hits + others


def _in_line(hit: Hit, message_index: int | None) -> LineHit:
    return LineHit(
        kind=hit.kind,
        detail=hit.detail,
        masked=hit.masked,
        replacement=hit.replacement,
        message_index=message_index,
    )
