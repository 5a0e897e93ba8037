"""Places for work that takes memory: who finds none is told so before a byte of the body is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from domain.errors import TooManyRequests

RETRY_AFTER: Final = timedelta(seconds=2)


class Slots:
    """As many uploads as may be on their way in at once in this process, so that memory has a bound."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place for the block.

        Raises:
            TooManyRequests: there is none.
        """
        if self._taken >= self._most:
            raise TooManyRequests(
                f"{self._most} uploads are on their way in, which is as many as this service takes at once. "
                "Send this one again in a moment.",
                retry_after=RETRY_AFTER,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
