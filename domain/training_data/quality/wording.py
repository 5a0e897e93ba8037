"""How the findings of the looks are put into words, and where the places that they name are kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.training_data.findings import LINES_SHOWN, Finding

# Templates are written with the keyboard's punctuation and get that of Chinese here.
_FULL_WIDTH: Final = str.maketrans(
    {",": "\uff0c", ":": "\uff1a", ";": "\uff1b", "?": "\uff1f", "!": "\uff01", "(": "\uff08", ")": "\uff09"}
)


@dataclass(frozen=True, slots=True)
class Words:
    """A finding and its advice in both languages; what stands in braces is filled in."""

    message: str
    message_zh: str
    fix: str
    fix_zh: str


@dataclass(slots=True)
class Places:
    """Where one thing was found: the number of places, and the first ten as line and message index."""

    count: int = 0
    first: list[tuple[int, int | None]] = field(default_factory=list)

    def add(self, line: int, message_index: int | None = None) -> None:
        """Take one more place, further down in the file than those before it."""
        self.count += 1
        if len(self.first) < LINES_SHOWN:
            self.first.append((line, message_index))

    def extend(self, later: "Places") -> None:
        """Take the places of a later piece of the file."""
        self.count += later.count
        self.first = (self.first + later.first)[:LINES_SHOWN]


@dataclass(slots=True)
class Tally:
    """The places of each code; one per piece of a file."""

    places: dict[str, Places] = field(default_factory=dict)

    def add(self, code: str, line: int, message_index: int | None = None) -> None:
        """Take one more place for this code."""
        self.places.setdefault(code, Places()).add(line, message_index)

    def __getitem__(self, code: str) -> Places:
        return self.places.get(code) or Places()


def merged(tallies: Sequence[Tally]) -> Tally:
    """Return the tally of all pieces, which come in the order of the file."""
    whole = Tally()
    for tally in tallies:
        for code, places in tally.places.items():
            whole.places.setdefault(code, Places()).extend(places)
    return whole


def worded(code: str, words: Words, places: Places, **seen: object) -> Finding:
    """Return the finding in words; `{count}` and what `seen` names are filled in."""
    seen = {"count": f"{places.count:,}", **seen}
    seen_zh = seen | {"share": str(seen.get("share", "")).replace(" %", "%")}
    line, message_index = places.first[0] if places.first else (None, None)
    return Finding(
        code=code,
        message=words.message.format(**seen),
        message_zh=words.message_zh.translate(_FULL_WIDTH).format(**seen_zh),
        fix=words.fix.format(**seen),
        fix_zh=words.fix_zh.translate(_FULL_WIDTH).format(**seen_zh),
        line=line,
        message_index=message_index,
        lines=tuple(dict.fromkeys(line for line, _ in places.first)),
        count=places.count,
    )


def percent(part: float, whole: float) -> str:
    """Return a share such as `12 %`; `<1 %` for a small one that is not nothing."""
    share = 100 * part / whole if whole else 0.0
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


def shares(counts: Counter[str]) -> dict[str, float]:
    """Return each key's share of the whole, the largest first, rounded to a thousandth."""
    whole = counts.total()
    return {
        key: round(count / whole, 3) for key, count in sorted(counts.items(), key=lambda at: (-at[1], at[0]))
    }
