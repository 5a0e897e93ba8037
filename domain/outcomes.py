"""What a call to the platform, or one attempt of a delivery, came to.

Calls return one of these values and never raise for what the other side did. The distinction that
matters is certainty: `Retryable` means that the other side certainly did not accept the request,
`Ambiguous` that it may have.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


class Trouble(StrEnum):
    """Why a call certainly did not take effect, and whom that concerns."""

    UNAVAILABLE = "unavailable"  # this attempt: refused connection, DNS, TLS, 5xx on a read
    THROTTLED = "throttled"  # the credential: 429, which is not an attempt
    UNAUTHORIZED = "unauthorized"  # the credential: 401, 402 or 403


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """The platform did what was asked and its answer could be read."""

    value: T


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform said no for a reason that another try will not change (4xx)."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The platform has no such object (404 in its error envelope)."""

    message: str


@dataclass(frozen=True, slots=True)
class NotOffered:
    """The platform has no such route (405, 501, or a 404 that is not its error envelope)."""

    message: str


@dataclass(frozen=True, slots=True)
class Retryable:
    """The request certainly had no effect and can be sent again after a while.

    `ours` tells that it failed on this side, which says nothing about the platform.
    """

    reason: str
    trouble: Trouble = Trouble.UNAVAILABLE
    retry_after: timedelta | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The request left and no readable answer came: it may have been accepted.

    `ours` tells that it was given up on this side, which says nothing about the platform.
    """

    reason: str
    ours: bool = False


Outcome: TypeAlias = Answered[T] | Rejected | NotFound | NotOffered | Retryable | Ambiguous


@dataclass(frozen=True, slots=True)
class Attempted:
    """One try of a webhook delivery, whatever came of it.

    `status` is None if no answer came; then `error` says why. `answer` is at most 4 kB of the body.
    `retry_after` is what the receiver asked for, unclamped.
    """

    status: int | None
    duration: timedelta
    answer: str = ""
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """Any 2xx counts; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers

    @property
    def gone(self) -> bool:
        """The receiver asks never to be called again (410)."""
        return self.status == 410  # noqa: PLR2004 - HTTP's own number
