"""How a thing that was found is shown: enough to find it again in the file, never enough to use it."""

from typing import Final

from domain.training_data.personal_data.kinds import Kind

_STARS: Final = "****"
# How many of the first and the last characters are shown.
_SHOWN: Final[dict[Kind, tuple[int, int]]] = {
    Kind.CN_RESIDENT_ID: (3, 2),
    Kind.BANK_CARD: (3, 4),
    Kind.PHONE_NUMBER: (3, 4),
    Kind.EMAIL_ADDRESS: (1, 4),
    Kind.SECRET: (3, 2),
}
_HIDDEN_AT_LEAST: Final = 4
_SHORTEST_SECRET_SHOWN: Final = 16


def masked(kind: Kind, value: str) -> str:
    """Return a value with its middle left out; a short one loses its end or all of itself as well."""
    first, last = _SHOWN[kind]
    if kind is Kind.SECRET and len(value) < _SHORTEST_SECRET_SHOWN:
        return _STARS
    if len(value) < first + last + _HIDDEN_AT_LEAST:
        return value[:first] + _STARS if len(value) > first + _HIDDEN_AT_LEAST else _STARS
    return value[:first] + _STARS + value[-last:]
