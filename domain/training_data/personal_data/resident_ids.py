"""Numbers of Chinese resident identity cards: 18 characters with a birthday and a check digit."""

import re
from collections.abc import Iterator
from typing import Final

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from domain.training_data.personal_data.bounds import WORD_START
from domain.training_data.personal_data.kinds import Kind, Span

_SEPARATOR: Final = r"(?: ?- ?| {1,2})?"
# Provinces begin with these digits. Counties are not looked up: codes come and go, and a card keeps its own.
_PROVINCE: Final = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_SHAPE: Final = re.compile(
    rf"{WORD_START}(?<![0-9]\.){_PROVINCE}[0-9]{{4}}{_SEPARATOR}"
    rf"(?:19|20)[0-9]{{2}}{_SEPARATOR}(?:0[1-9]|1[0-2])[0-3][0-9]{_SEPARATOR}[0-9]{{3}}[0-9Xx](?![0-9A-Za-z_])"
)
_JOINTS: Final = re.compile("[ -]")


def find_resident_ids(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the numbers within these bounds that have a possible birthday and the right check digit."""
    for match in _SHAPE.finditer(text, start, end):
        number = _JOINTS.sub("", match[0]).upper()
        if _is_sound(number):
            yield Span(Kind.CN_RESIDENT_ID, match.start(), match.end(), number)


def _is_sound(number: str) -> bool:
    if ric.calc_check_digit(number) != number[-1]:
        return False
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True
