"""Telephone numbers of people: Chinese mobiles and landlines, and numbers of any country after a plus."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from domain.training_data.personal_data.bounds import WORD_START
from domain.training_data.personal_data.context import numbers_a_thing
from domain.training_data.personal_data.kinds import Kind, Span

_JOINT: Final = "(?: ?- ?| {1,2})"
_BEFORE: Final = rf"{WORD_START}(?<![+$\u20ac\u00a5\uffe5])(?<![0-9]\.)(?<![A-Za-z_]-)"
_AFTER: Final = r"(?![0-9A-Za-z_@]|\.[0-9,)\]]|\*[a-z]| ?[元万亿])"
_COUNTRY: Final = rf"(?:(?:\+|00)?86{_JOINT}?|\(\+?86\) ?)?"
# What ends in one dot is a fraction; dots join a number where they are two.
_DOTTED: Final = r"1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}"
_FRACTION: Final = re.compile(r"[^.]*\.[^.]*")
# How the eleven digits of a mobile are grouped; others are lists of numbers more often than not.
_GROUPS: Final = ((11,), (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 8), (5, 6), (7, 4))


def _grouped(groups: tuple[int, ...]) -> str:
    first, *others = groups
    return f"1[3-9][0-9]{{{first - 2}}}" + "".join(f"{_JOINT}[0-9]{{{size}}}" for size in others)


_MOBILE: Final = re.compile(f"{_BEFORE}{_COUNTRY}({'|'.join(map(_grouped, _GROUPS))}|{_DOTTED}){_AFTER}")
_LANDLINE: Final = re.compile(
    rf"{_BEFORE}(?:[(\uff08](0[0-9]{{2,3}})[)\uff09]{_JOINT}?|(0[0-9]{{2,3}}){_JOINT})"
    rf"([0-9]{{3,4}}{_JOINT}?[0-9]{{4}})(?:(?:-|转 ?)[0-9]{{1,6}})?{_AFTER}"
)
_ABROAD: Final = re.compile(
    rf"{WORD_START}(?<![+)\]])\+[1-9](?:[ .()-]{{0,3}}[0-9]){{7,14}}(?![0-9A-Za-z_@]|\.[0-9])"
)
_ENDS_OF_GROUPS: Final = re.compile(r"[0-9](?![0-9])")
_SHORTEST: Final = 9  # a plus and eight digits
_TRIES: Final = 4
_MOBILE_WITH_COUNTRY: Final = 14
_JOINTS: Final = re.compile(r"[^0-9]")
# What belongs to a person or a household; a hotline costs nothing, or something.
_PERSONAL: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
    }
)
# All eight the same, China Mobile's own number, two to the power of 34, and the American numbers of films.
_MADE_UP: Final = re.compile(r"\+?[0-9]*([0-9])\1{7}|13800138000|17179869184|\+1[0-9]{3}55501[0-9]{2}")


def find_phone_numbers(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the numbers within these bounds that people use: no hotlines, no orders, none made up."""
    for first, last, number in _candidates(text, start, end):
        if _MADE_UP.fullmatch(number) is None and not numbers_a_thing(text, first):
            yield Span(Kind.PHONE_NUMBER, first, last, number)


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and the number, a Chinese one as it is dialled at home, others with plus."""
    mobile, landline = _chinese()
    for match in _MOBILE.finditer(text, start, end):
        number = _JOINTS.sub("", match[1])
        if mobile.fullmatch(number):
            yield match.start(), match.end(), number
    for match in _LANDLINE.finditer(text, start, end):
        number = _JOINTS.sub("", (match[1] or match[2]) + match[3])
        if landline.fullmatch(number[1:]):
            yield match.start(), match.end(), number
    if text.find("+", start, end) >= 0:
        yield from _abroad(text, start, end)


def _abroad(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield numbers after a plus; where more digits follow than belong to one, up to the end of a group."""
    for match in _ABROAD.finditer(text, start, end):
        if _FRACTION.fullmatch(match[0]):
            continue
        ends = [end.end() for end in _ENDS_OF_GROUPS.finditer(match[0]) if end.end() >= _SHORTEST]
        for size in reversed(ends[-_TRIES:]):
            number = "+" + _JOINTS.sub("", match[0][:size])
            if _is_personal(number):
                yield match.start(), match.start() + size, _as_dialled(number)
                break


def _is_personal(number: str) -> bool:
    if not _is_possible(number):
        return False
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) in _PERSONAL


def _is_possible(number: str) -> bool:
    """Tell whether any number of its country looks like this; that is quicker to know than what it is."""
    for size in (2, 3, 4):
        pattern = _country(number[1:size])
        if pattern:
            national = number[size:]
            return bool(pattern.fullmatch(national) or pattern.fullmatch(national.lstrip("0")))
    return False


@lru_cache(maxsize=1024)
def _country(code: str) -> re.Pattern[str] | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    known = [PhoneMetadata.metadata_for_region(region, None) for region in regions]
    return (
        re.compile("|".join(_pattern(region, "general_desc") for region in known if region))
        if any(known)
        else None
    )


def _as_dialled(number: str) -> str:
    """Return a Chinese number as it is written without plus, so that both are one; others as they are."""
    if not number.startswith("+86"):
        return number
    return (
        number[3:] if number.startswith("+861") and len(number) == _MOBILE_WITH_COUNTRY else f"0{number[3:]}"
    )


@lru_cache(maxsize=1)
def _chinese() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what the library knows of Chinese mobiles and landlines; to ask it is far slower."""
    china = PhoneMetadata.metadata_for_region("CN")
    return re.compile(_pattern(china, "mobile")), re.compile(_pattern(china, "fixed_line"))


def _pattern(region: Any, sort: str) -> str:
    pattern: str = getattr(region, sort).national_number_pattern
    return pattern
