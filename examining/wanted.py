"""What is asked of a look, and what is kept of it."""

from dataclasses import dataclass
from enum import StrEnum


class Copy(StrEnum):
    """What a copy of a file is to be."""

    CLEANED = "cleaned"
    """Without the lines that cannot be used."""

    REDACTED = "redacted"
    """Without them, and without personal data and secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be looked at: examples of this kind, for personal data or not; and which copy to make."""

    kind: str | None
    personal_data: bool = True
    copy: Copy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a whole file beside its report, in the compact forms of `domain.training_data`."""

    token_counts: bytes
    fingerprints: bytes
