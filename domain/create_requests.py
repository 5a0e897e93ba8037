"""A client's own tries of one create, told apart from other requests that look the same."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

MERGED_WITHIN: Final = timedelta(minutes=10, seconds=30)
"""How long after one try the next may come: the SDKs' own time-out of ten minutes, and their wait."""
ANSWERED_FOR_GOOD: Final = timedelta(seconds=2)
"""How long after a good answer a retry still shows that it did not arrive."""
_LONGEST_COUNT: Final = 4


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a create; `retry_count` is 0 for the first.

    `fingerprint` is the SHA-256 of the API key's id and the body: tries of one create share it, and so do
    honest requests that look the same.
    """

    fingerprint: bytes
    retry_count: int

    @property
    def lock(self) -> int:
        """The number of the advisory lock for everything with this fingerprint."""
        return int.from_bytes(self.fingerprint[:8], signed=True)


def try_of(count: str | None, *, api_key_id: str, body: bytes) -> Try | None:
    """Return which try this is by `x-stainless-retry-count`; None for a client that does not count."""
    if count is None or len(count) > _LONGEST_COUNT or not (count.isascii() and count.isdigit()):
        return None
    return Try(hashlib.sha256(api_key_id.encode() + b"\0" + body).digest(), int(count))


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer to a try, handed over to its last byte so long `ago`."""

    job_id: str
    retry_count: int
    ago: timedelta
