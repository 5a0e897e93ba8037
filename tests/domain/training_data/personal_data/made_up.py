"""Numbers and keys that are nobody's, built here so that none stands in a file whole."""

from string import ascii_letters, digits

from stdnum import luhn
from stdnum.cn import ric

TOKEN_CHARACTERS = digits + ascii_letters


def resident_id(front: str = "11010119900307", order: int = 1) -> str:
    number = f"{front}{order:03d}0"
    return number[:-1] + ric.calc_check_digit(number)


def resident_id_ending_in_x() -> str:
    return next(number for order in range(999) if (number := resident_id(order=order)).endswith("X"))


def bank_card(front: str = "622202123456789") -> str:
    return front + luhn.calc_check_digit(front)


def token(length: int, alphabet: str = TOKEN_CHARACTERS, step: int = 23) -> str:
    """Return characters that follow no order a reader would write down."""
    return "".join(alphabet[(7 + place * step) % len(alphabet)] for place in range(length))
