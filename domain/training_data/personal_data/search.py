"""Everything that is found in one text."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from domain.training_data.personal_data.bank_cards import find_bank_cards
from domain.training_data.personal_data.email_addresses import find_email_addresses
from domain.training_data.personal_data.folding import fold
from domain.training_data.personal_data.kinds import Hit, Numbering, Span
from domain.training_data.personal_data.masks import masked
from domain.training_data.personal_data.phone_numbers import find_phone_numbers
from domain.training_data.personal_data.prefilter import NOTHING, Suspicion, suspicion
from domain.training_data.personal_data.resident_ids import find_resident_ids
from domain.training_data.personal_data.secret_tokens import find_secrets

_NUMBERS: Final = (find_resident_ids, find_bank_cards, find_phone_numbers)
# Whatever a number is written with. Its expressions are tried there alone, for they start slowly.
_RUN_OF_DIGITS: Final = re.compile(r"[0-9+(\uff08][0-9+ .()\uff08\uff09转-]{7,}+")
_BEHIND: Final = 2  # the X of a resident ID, and what says that the number goes no further


def find(text: str, numbering: Numbering | None = None) -> list[Hit]:
    """Return the hits in a text, in order; where two overlap, the one that begins first, then the longer.

    Texts of one example are given the same `numbering`.
    """
    numbering = numbering or Numbering()
    suspected = suspicion(text.encode("utf-8", "surrogatepass"))
    if suspected == NOTHING:
        return []
    folded = fold(text)
    hits = []
    for span in _apart(_all(folded.text, suspected)):
        start, end = folded.span_of(span.start, span.end)
        hits.append(
            Hit(
                kind=span.kind,
                start=start,
                end=end,
                masked=masked(span.kind, span.value),
                replacement=numbering.placeholder(span.kind, span.value),
                detail=span.detail,
            )
        )
    return hits


def redact(text: str, numbering: Numbering | None = None) -> tuple[str, list[Hit]]:
    """Return the text with placeholders, and the hits; in the text returned `find` finds nothing.

    A placeholder may uncover what overlapped, so it is searched until nothing is left: each round takes
    characters away. The places of hits are those in the round that found them.
    """
    numbering = numbering or Numbering()
    found: list[Hit] = []
    while hits := find(text, numbering):
        found += hits
        text = replaced(text, hits)
    return text, found


def replaced(text: str, hits: Sequence[Hit], *, quote: str = "") -> str:
    """Return the text with the placeholders of these hits, each between such quotes."""
    pieces: list[str] = []
    at = 0
    for hit in hits:
        pieces += text[at : hit.start], quote, hit.replacement, quote
        at = hit.end
    return "".join((*pieces, text[at:]))


def _all(text: str, suspected: Suspicion) -> Iterator[Span]:
    if suspected.secrets:
        yield from find_secrets(text)
    if suspected.numbers:
        for run in _RUN_OF_DIGITS.finditer(text):
            for finder in _NUMBERS:
                yield from finder(text, run.start(), run.end() + _BEHIND)
    if suspected.addresses:
        yield from find_email_addresses(text)


def _apart(spans: Iterator[Span]) -> Iterator[Span]:
    end = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= end:
            yield span
            end = span.end
