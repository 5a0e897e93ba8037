"""How many requests of one kind each project may have under way at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.errors import TooManyRequests


class Turns:
    """Counts what is under way; it lives as long as its process and is shared by its requests."""

    def __init__(self, most: int, what: str) -> None:
        """Let each project have `most` at once of `what`, a plural for the refusal."""
        self._most = most
        self._what = what
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, project_id: str) -> Iterator[None]:
        """Be one of them while the block runs.

        Raises:
            TooManyRequests: the project has as many under way as it may have.
        """
        if self._under_way[project_id] >= self._most:
            message = f"This project has {self._most} {self._what} under way; wait until one has ended."
            raise TooManyRequests(message, retry_after=timedelta(seconds=1))
        self._under_way[project_id] += 1
        try:
            yield
        finally:
            self._under_way[project_id] -= 1
            if not self._under_way[project_id]:
                del self._under_way[project_id]
