"""Single JSON values as the platform may send them: numbers as strings, times in four units, dirty text.

Every function takes any JSON value, never raises, and returns None (or an empty value) for what it cannot
read.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

MAX_ID: Final = 256
MAX_NAME: Final = 512
MAX_TEXT: Final = 8_000
_BIGGEST: Final = 2**63
_DEEPEST: Final = 16
_MOST_VALUES: Final = 2_000
_UNREAD: Final = "\ufffd"
_LATEST_SECOND: Final = 1e11  # the year 5138; as milliseconds it is 1973, before any platform

# Control characters, direction overrides and lone surrogates: Postgres refuses NUL and surrogates, terminals
# obey the first, readers are deceived by the second.
_DIRT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def identifier(value: Any) -> str | None:
    """Read an id: 1 to 256 printable characters, or a whole number; it is going to be part of a URL.

    One with a replacement character is none: it stood in an encoding that could not be read.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BIGGEST:
        return str(value)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        return None
    usable = value.isprintable() and value.strip() == value and _UNREAD not in value
    return value if usable and value not in {".", ".."} else None


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Read text of several lines, without characters that act on a terminal or a database."""
    return _DIRT.sub("", value)[:limit] if isinstance(value, str) else ""


def name(value: Any) -> str | None:
    """Read a name: one line of clean text, None if nothing is left of it."""
    return text(value, MAX_NAME).replace("\n", "").replace("\t", "").strip() or None


def verbatim(value: Any) -> str | None:
    """Read a name that has to be used exactly as it is: one printable line, or None."""
    said = value.strip() if isinstance(value, str) else ""
    return said if 0 < len(said) <= MAX_NAME and said.isprintable() and _UNREAD not in said else None


def escaped(value: Any) -> str | None:
    """Write what a text holds in printable ASCII, for people to look at; None if it is no text or empty."""
    said = value.strip() if isinstance(value, str) else ""
    return ascii(said[:MAX_ID])[1:-1] or None


def number(value: Any) -> float | None:
    """Read a finite number, also from a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: Any) -> int | None:
    """Read a whole number from 0 up to what a `bigint` holds, also from a string or a float."""
    found = number(value)
    if found is None or not 0 <= found < _BIGGEST or not found.is_integer():
        return None
    return value if isinstance(value, int) and value < _BIGGEST else int(found)


def moment(value: Any) -> datetime | None:
    """Read a time: seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601 (UTC by default)."""
    found = number(value)
    if found is not None:
        return _from_epoch(found)
    try:
        read = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        return read and (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_epoch(seconds: float) -> datetime | None:
    while seconds > _LATEST_SECOND:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if seconds >= 1 else None  # 0 is how some say "not yet"


def flag(value: Any) -> bool | None:
    """Read true or false, also from a string."""
    return {"true": True, "false": False}.get(str(value).lower()) if isinstance(value, bool | str) else None


def mapping(value: Any) -> dict[str, Any]:
    """Read an object, its strings cleaned and its numbers such that any JSON writer takes them.

    What is deeper than 16 levels, or behind the first 2000 values, is left out: a row has to hold it.
    """
    return _clean(value, 0, iter(range(_MOST_VALUES))) if isinstance(value, Mapping) else {}


def _clean(value: Any, depth: int, room: Iterator[int]) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        kept = zip(value.items(), room, strict=False)
        return {text(key, MAX_NAME): _clean(inner, depth + 1, room) for (key, inner), _ in kept}
    if isinstance(value, list):
        return [_clean(inner, depth + 1, room) for inner, _ in zip(value, room, strict=False)]
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < _BIGGEST):
        return value
    return number(value)
