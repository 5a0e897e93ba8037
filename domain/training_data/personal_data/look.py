"""The look for personal data and secrets in a whole file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.json import encode

from domain.training_data.findings import LINES_SHOWN, Conclusion, Finding, Numbered
from domain.training_data.personal_data.kinds import LABELS, Kind
from domain.training_data.personal_data.redaction import LineHit, redact_line
from domain.training_data.personal_data.secret_tokens import chinese_details
from domain.training_data.personal_data.words import fix, message

HITS_KEPT: Final = 1_000
"""So many hits of a file are named one by one; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One hit and its line in the file, counted from 1."""

    line: int
    hit: LineHit


@dataclass(slots=True, kw_only=True)
class Tally:
    """What is known of one kind: how many, the first one, up to ten lines, and which sorts of secret."""

    first: Place
    count: int = 0
    lines: list[int] = field(default_factory=list)
    details: dict[str, None] = field(default_factory=dict)

    def add(self, count: int, lines: Iterable[int], details: Iterable[str]) -> None:
        """Count more of the kind, which stand later in the file."""
        self.count += count
        self.lines = list(dict.fromkeys((*self.lines, *lines)))[:LINES_SHOWN]
        self.details.update(dict.fromkeys(detail for detail in details if detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a piece of the file holds: the first thousand hits, and every kind counted."""

    places: tuple[Place, ...]
    tallies: dict[Kind, Tally]


class PersonalData:
    """Looks for personal data and secrets; what it returns never holds a value, only its mask.

    `observe_lines` sees all that `redact_line` would replace. `observe` sees what an `Example` keeps: not the
    descriptions of tools, and not the keys that the format does not know.
    """

    name = "personal_data"

    def observe(self, examples: Sequence[Numbered]) -> Found:
        """Return what the texts of these examples hold."""
        return self.observe_lines((line, encode(example)) for line, example in examples)

    def observe_lines(self, lines: Iterable[tuple[int, bytes]]) -> Found:
        """Return what these usable lines hold, each given with its number."""
        places: list[Place] = []
        tallies: dict[Kind, Tally] = {}
        for line, raw in lines:
            for hit in redact_line(raw).hits:
                place = Place(line=line, hit=hit)
                tallies.setdefault(hit.kind, Tally(first=place)).add(1, (line,), (hit.detail,))
                if len(places) < HITS_KEPT:
                    places.append(place)
        return Found(places=tuple(places), tallies=tallies)

    def conclude(self, seen: Sequence[Found]) -> Conclusion:
        """Return a finding for each kind, and the hits one by one as far as they were kept."""
        tallies: dict[Kind, Tally] = {}
        for piece in seen:
            for kind, tally in piece.tallies.items():
                tallies.setdefault(kind, Tally(first=tally.first)).add(
                    tally.count, tally.lines, tally.details
                )
        places = [place for piece in seen for place in piece.places][:HITS_KEPT]
        return Conclusion(
            findings=tuple(_finding(kind, tallies[kind]) for kind in Kind if kind in tallies),
            figures=_figures(places, {str(kind): tallies[kind].count for kind in Kind if kind in tallies}),
        )


def _figures(places: Sequence[Place], by_kind: dict[str, int]) -> dict[str, Any]:
    total = sum(by_kind.values())
    return {
        "hits": total,
        "by_kind": by_kind,
        "redactions": [_redaction(place) for place in places],
        "redactions_left_out": total - len(places),
    }


def _redaction(place: Place) -> dict[str, Any]:
    return {
        "line": place.line,
        "message_index": place.hit.message_index,
        "kind": str(place.hit.kind),
        "seen": place.hit.masked,
        "replacement": place.hit.replacement,
    }


def _finding(kind: Kind, tally: Tally) -> Finding:
    chinese = chinese_details() if tally.details else {}
    details = ", ".join(tally.details), "、".join(chinese[detail] for detail in tally.details)
    english, in_chinese = message(kind, tally.count, details)
    advice, advice_zh = fix(kind, f"[{LABELS[kind]}_1]")
    return Finding(
        code=f"personal_data.{kind}",
        message=english,
        message_zh=in_chinese,
        fix=advice,
        fix_zh=advice_zh,
        line=tally.first.line,
        message_index=tally.first.hit.message_index,
        lines=tuple(tally.lines),
        count=tally.count,
    )
