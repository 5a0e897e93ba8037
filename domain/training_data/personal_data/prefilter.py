"""What a text can hold at all, told from its bytes at little cost: most text holds neither."""

import re
from typing import Final, NamedTuple

_TOKEN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.\\"
# Digits become 0. Whatever may stand between the digits of one number is left out, and more than that.
_DIGITS: Final = bytes(ord("0") if chr(byte).isdigit() and byte < 0x80 else byte for byte in range(256))  # noqa: PLR2004 - ASCII
_JOINTS: Final = b" -.()" + bytes(range(0x80, 0x100))
_TOKENS: Final = bytes(ord("a") if byte in _TOKEN else ord(" ") for byte in range(256))
_SHORTEST_AT_HOME: Final = b"0" * 11
_SHORTEST_ABROAD: Final = b"0" * 8
_SHORTEST_TOKEN: Final = b"a" * 16
_FULL_WIDTH_DIGIT: Final = re.compile(rb"\xef\xbc[\x90-\x99]")
_FULL_WIDTH_AT: Final = b"\xef\xbc\xa0"
_FULL_WIDTH_PLUS: Final = b"\xef\xbc\x8b"
# Escapes of JSON behind which a digit, a letter, a sign or something without width can be.
_HIDING: Final = re.compile(rb"\\u(?:00|20|30|[fF][eEfF])")


class Suspicion(NamedTuple):
    """Which of the finders are worth their time."""

    numbers: bool
    addresses: bool
    secrets: bool


NOTHING: Final = Suspicion(numbers=False, addresses=False, secrets=False)


def suspicion(text: bytes) -> Suspicion:
    """Return what this UTF-8 may hold; what is not suspected is not there."""
    address = b"@" in text or _FULL_WIDTH_AT in text
    # A password in a URL may be short; it stands before an @.
    secrets = (address and b"://" in text) or _SHORTEST_TOKEN in text.translate(_TOKENS)
    return Suspicion(_has_number(text), address, secrets)


def hides(line: bytes) -> bool:
    """Tell whether a line of JSON has escapes that `suspicion` does not see through."""
    return b"\\u" in line and _HIDING.search(line) is not None


def _has_number(text: bytes) -> bool:
    abroad = b"+" in text or _FULL_WIDTH_PLUS in text
    shortest = _SHORTEST_ABROAD if abroad else _SHORTEST_AT_HOME
    return shortest in text.translate(_DIGITS, _JOINTS) or _FULL_WIDTH_DIGIT.search(text) is not None
