"""The same words in both languages, and numbers as both write them."""

from typing import NamedTuple


class Words(NamedTuple):
    """What a reader is told, in English and in Chinese."""

    en: str
    zh: str


def number(value: float) -> str:
    """Return a number as a reader writes it: 1,000, 0.05, 5e-05."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def span(low: float, high: float) -> Words:
    """Return a range in words, a single number where both ends are the same."""
    if low == high:
        return Words(number(low), number(low))
    return Words(f"{number(low)} to {number(high)}", f"{number(low)} 至 {number(high)}")
