"""One plain spelling of a text: full-width characters made ASCII, characters without width left out."""

import re
from typing import Final, NamedTuple

_FULL_WIDTH: Final = (0xFF0B, 0xFF0D, 0xFF0E, *range(0xFF10, 0xFF1A), *range(0xFF20, 0xFF3B), 0xFF3F)
_FULL_WIDTH_SMALL: Final = tuple(range(0xFF41, 0xFF5B))
_TO_ASCII: Final = 0xFEE0  # the distance of a full-width character to its ASCII twin
_DASHES: Final = (*range(0x2010, 0x2016), 0x2212)
_SPACES: Final = (0x00A0, *range(0x2000, 0x200B), 0x202F, 0x3000)
_PLAIN: Final[dict[int, int]] = {
    **{code: code - _TO_ASCII for code in (*_FULL_WIDTH, *_FULL_WIDTH_SMALL)},
    **dict.fromkeys(_DASHES, ord("-")),
    **dict.fromkeys(_SPACES, ord(" ")),
}
_UNUSUAL: Final = re.compile(f"[{''.join(map(chr, _PLAIN))}]")
# Among them the two that make a digit a picture of a key.
_WITHOUT_WIDTH: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20e3\ufe0f\ufeff]")


class Folded(NamedTuple):
    """A text in its plain spelling; `places[i]` is where its character i stood, None where nothing moved."""

    text: str
    places: list[int] | None

    def span_of(self, start: int, end: int) -> tuple[int, int]:
        """Return the part of the text as it was written that became this part of the plain one."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Return a text in its plain spelling."""
    if text.isascii():
        return Folded(text, None)
    if _UNUSUAL.search(text):
        text = text.translate(_PLAIN)
    if not _WITHOUT_WIDTH.search(text):
        return Folded(text, None)
    gone = {match.start() for match in _WITHOUT_WIDTH.finditer(text)}
    places = [place for place in range(len(text)) if place not in gone]
    return Folded(_WITHOUT_WIDTH.sub("", text), places)
