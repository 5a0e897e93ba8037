"""How many requests of one kind may be under way at once, in all and for each project."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from domain.errors import TooManyRequests

RETRY_AFTER: Final = timedelta(seconds=2)


class Turns:
    """Counts what is under way; it lives as long as its process and is shared by its requests."""

    def __init__(self, what: str, *, each: int, in_all: int | None = None) -> None:
        """Let each project have `each` at once of `what` (a plural, for the refusal), and all `in_all`."""
        self._what = what
        self._each = each
        self._in_all = in_all
        self.under_way: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, project_id: str) -> Iterator[None]:
        """Be one of them while the block runs.

        Raises:
            TooManyRequests: the project, or all of them together, have as many under way as they may have.
        """
        if self.under_way[project_id] >= self._each:
            raise _too_many(f"This project has {self._each} {self._what} under way")
        if self._in_all is not None and self.under_way.total() >= self._in_all:
            raise _too_many(f"This service has {self._in_all} {self._what} under way")
        self.under_way[project_id] += 1
        try:
            yield
        finally:
            self.under_way[project_id] -= 1
            if not self.under_way[project_id]:
                del self.under_way[project_id]


def _too_many(whose: str) -> TooManyRequests:
    message = f"{whose}, which is as many as it may have at once. Send this one again in a moment."
    return TooManyRequests(message, retry_after=RETRY_AFTER)
