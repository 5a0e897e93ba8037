"""Numbers of bank cards: 15 to 19 digits that begin as an issuer's do and pass the Luhn check."""

import re
from collections.abc import Iterator
from typing import Final

from stdnum import luhn

from domain.training_data.personal_data.bounds import WORD_START
from domain.training_data.personal_data.context import numbers_a_thing
from domain.training_data.personal_data.kinds import Kind, Span

_JOINT: Final = "(?: ?- ?| {1,2})"
_SHAPE: Final = re.compile(
    rf"{WORD_START}(?<![0-9]\.)(?<![A-Za-z_]-)(?:[3-9][0-9]{{14,18}}|2[0-9]{{15}}"
    rf"|[2-9][0-9]{{3}}{_JOINT}[0-9]{{4}}{_JOINT}[0-9]{{4}}{_JOINT}[0-9]{{4}}(?:{_JOINT}[0-9]{{1,3}})?"
    rf"|3[0-9]{{3}}{_JOINT}[0-9]{{6}}{_JOINT}[0-9]{{5}}|[4-9][0-9]{{5}}{_JOINT}[0-9]{{10,13}})"
    r"(?![0-9A-Za-z_]|\.[0-9])"
)
# How the numbers of a scheme begin and how long they are: UnionPay, the older cards of Chinese banks (some
# of them within Visa's numbers), Visa, Mastercard, American Express, JCB.
_ISSUED: Final = re.compile(
    "62[0-9]{14,17}|(?:60|68|69|9558|9559)[0-9]*(?<=^.{16})|(?:60|68|69|9558|9559|4)[0-9]*(?<=^.{19})"
    "|4[0-9]{15}|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)[0-9]*(?<=^.{16})|3[47][0-9]{13}|35[0-9]{14}"
)
_JOINTS: Final = re.compile("[ -]")
# Numbers that payment companies print for tests: those of few different digits, and these.
_FEW_DIGITS: Final = 4
_FOR_TESTS: Final = frozenset({"4012888888881881", "378282246310005", "371449635398431", "378734493671000"})


def find_bank_cards(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the numbers within these bounds that can be those of cards and are not printed for tests."""
    for match in _SHAPE.finditer(text, start, end):
        number = _JOINTS.sub("", match[0])
        if _is_card(number) and not numbers_a_thing(text, match.start()):
            yield Span(Kind.BANK_CARD, match.start(), match.end(), number)


def _is_card(number: str) -> bool:
    if len(set(number)) <= _FEW_DIGITS or number in _FOR_TESTS:
        return False
    return _ISSUED.fullmatch(number) is not None and luhn.checksum(number) == 0
