"""The kinds of things that are looked for, and what stands in their place."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What a hit is."""

    CN_RESIDENT_ID = "cn_resident_id"
    BANK_CARD = "bank_card"
    PHONE_NUMBER = "phone_number"
    EMAIL_ADDRESS = "email_address"
    SECRET = "secret"  # noqa: S105 - the name of a kind


LABELS: Final[dict[Kind, str]] = {
    Kind.CN_RESIDENT_ID: "ID_NUMBER",
    Kind.BANK_CARD: "BANK_CARD",
    Kind.PHONE_NUMBER: "PHONE",
    Kind.EMAIL_ADDRESS: "EMAIL",
    Kind.SECRET: "SECRET",
}
"""The word in a placeholder such as `[PHONE_1]`."""


class Span(NamedTuple):
    """A place in a text and what it holds: inside this package only, since `value` is the thing itself.

    `value` is the one spelling of what may be written in several ways.
    """

    kind: Kind
    start: int
    end: int
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing found in a text, `start` to `end` in characters; the value itself is not in here.

    `detail` names the sort of secret, empty for other kinds. `masked` can be shown, `replacement` is the
    placeholder.
    """

    kind: Kind
    start: int
    end: int
    masked: str
    replacement: str
    detail: str = ""


class Numbering:
    """Gives out placeholders; keep one for all texts of an example, so that a conversation stays coherent."""

    def __init__(self) -> None:
        self._given: dict[tuple[Kind, str], str] = {}
        self._last: dict[Kind, int] = {}

    def placeholder(self, kind: Kind, value: str) -> str:
        """Return the placeholder of this value, the same one every time."""
        given = self._given.get((kind, value))
        if given is None:
            number = self._last[kind] = self._last.get(kind, 0) + 1
            given = self._given[kind, value] = f"[{LABELS[kind]}_{number}]"
        return given
