"""How much of a file is held at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond these a file is refused: it is broken, or no file of examples.

    `record_bytes` is the size of one line, one CSV record, one element of an array, measured as UTF-8, and
    of one example that comes out; `columns` is how many a CSV header may have.
    """

    record_bytes: int = 4 * 1024**2
    columns: int = 1000
