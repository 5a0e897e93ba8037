"""How much of a file is held at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond these a file is refused: it is broken, or no file of examples.

    `record_bytes` is the size of one line, one element of an array, one example that comes out, measured as
    UTF-8; a CSV row or a dialogue over several lines is measured in
    characters. `columns` is how many a CSV row may have.
    """

    record_bytes: int = 4 * 1024**2
    columns: int = 1000
