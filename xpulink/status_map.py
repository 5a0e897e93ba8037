"""The platform's status words, folded into ours. An unknown word is a job that still runs."""

from typing import Final

from domain.platform import PlatformStatus

STATUSES: Final = {
    "pending": PlatformStatus.QUEUED,
    "notrunning": PlatformStatus.QUEUED,
    "validatingfiles": PlatformStatus.QUEUED,
    "queued": PlatformStatus.QUEUED,
    "running": PlatformStatus.RUNNING,
    "canceling": PlatformStatus.RUNNING,
    "cancelling": PlatformStatus.RUNNING,
    "succeeded": PlatformStatus.SUCCEEDED,
    "failed": PlatformStatus.FAILED,
    "canceled": PlatformStatus.CANCELLED,
    "cancelled": PlatformStatus.CANCELLED,
}
"""Keys are the words without case and separators: `notRunning`, `not_running` and `NOT-RUNNING` are one."""


def fold(word: str) -> PlatformStatus | None:
    """Return our status for the platform's word, or None if nobody ever told us what it means."""
    return STATUSES.get("".join(letter for letter in word.casefold() if letter.isalnum()))
