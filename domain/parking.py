"""When the platform's account is left alone, for how long, and what jobs say about it.

Three reasons. Throttled (429): until `Retry-After`, then everybody goes on. Unavailable (the breaker): after
five failures in a row, until a probe comes back. Refused (401, 402, 403): until a probe is accepted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from domain import retry
from domain.outcomes import Ambiguous, Outcome, Retryable, Trouble

THROTTLED_WAIT: Final = timedelta(seconds=10)
"""How long a 429 without `Retry-After` parks the account."""
REFUSED_WAIT: Final = timedelta(seconds=60)
"""How long a job waits that was refused alone, while the key as such is taken."""
SPREAD: Final = timedelta(seconds=3)
"""Within which the jobs that waited for the account go on, so that they do not all go on at once."""
SETTLED: Final = timedelta(minutes=3)
"""After which a job that was refused alone, on one route, and then no more, counts as going on."""
LONGEST_REFUSAL: Final = 300

REFUSED: Final = (
    "The platform refused our key. Its operator has to check XPULINK_API_KEY, and that the account is in "
    "credit; the job waits, and goes on by itself once the platform takes the key"
)
"""What a job's history says, for tenants: not in the platform's words, which may quote a piece of the key."""
GOES_ON: Final = "The platform takes our key again; the job goes on"


@dataclass(frozen=True, slots=True)
class Probing:
    """How often an account in trouble is probed.

    Attributes:
        first: the wait before the first probe of a platform that does not answer; 10 s, then up to 120 s.
        lease: how long a probe may be under way before another worker sends one: longer than a look takes.
    """

    first: timedelta
    lease: timedelta

    def after(self, failures: int) -> timedelta:
        """Return the wait after so many failures in a row, the last one a probe's if the breaker was open."""
        wait = retry.breaker_wait(max(failures, retry.BREAKER_OPENS_AT)) or retry.BREAKER_FIRST
        return wait * (self.first / retry.BREAKER_FIRST)

    @property
    def of_refused_key(self) -> timedelta:
        """The wait between two probes of a refused key: a minute where the first wait is 10 s."""
        return self.first * 6

    @property
    def before_doubting_again(self) -> timedelta:
        """How long a key that was doubted is not doubted again: what is refused meanwhile waits alone."""
        return self.first * 30


class Reason(StrEnum):
    """Why nothing of an account is claimed."""

    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED = "unauthorized"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands.

    Attributes:
        probe_due_at: when a probe is due, if jobs wait for one.
        parked_until: until when jobs wait for no probe; in the past if they do not.
        failures: calls in a row that brought no answer.
        refusal: what the platform said when it refused the key.
        refused_at: since when a probe has shown the key to be refused altogether.
        told: whether there are living jobs whose history says last that the key is refused.
    """

    name: str
    parked: bool
    parked_until: datetime | None
    parked_reason: str | None
    probe_due_at: datetime | None
    failures: int
    refusal: str | None
    refused_at: datetime | None
    told: bool

    @property
    def reason(self) -> Reason | None:
        """Why jobs wait, or None if they do not."""
        if self.refusal is not None:
            return Reason.UNAUTHORIZED
        if self.probe_due_at is not None:
            return Reason.UNAVAILABLE
        return Reason.THROTTLED if self.parked else None

    @property
    def explanation(self) -> str | None:
        """Say for people why jobs wait and what to do, or None if they do not."""
        match self.reason:
            case Reason.UNAUTHORIZED:
                since = f" since {self.refused_at:%Y-%m-%d %H:%M:%S}" if self.refused_at else ""
                return (
                    f"refuses our key{since} ({self.refusal}). Correct XPULINK_API_KEY and restart the "
                    "workers, or settle the account with the platform; jobs go on by themselves then"
                )
            case Reason.UNAVAILABLE:
                return (
                    f"does not answer; the next probe is due at {self.probe_due_at:%H:%M:%S}. Jobs wait, and "
                    "go on by themselves once it does"
                )
            case Reason.THROTTLED:
                return f"asked us to wait until {self.parked_until:%H:%M:%S}; jobs go on by themselves then"
        return None


def is_failure(outcome: Outcome[Any]) -> bool:
    """Tell whether a call counts for the breaker; a 404 or a refusal of one job shows that it works."""
    if isinstance(outcome, Retryable):
        return outcome.trouble is Trouble.UNAVAILABLE and not outcome.ours
    return isinstance(outcome, Ambiguous) and not outcome.ours


def says_nothing(outcome: Outcome[Any]) -> bool:
    """Tell whether a call failed on our side, so that it is neither an answer nor a failure to answer."""
    return isinstance(outcome, Retryable | Ambiguous) and outcome.ours


def throttled_wait(outcome: Retryable) -> timedelta:
    """Return how long a 429 parks the account."""
    asked = outcome.retry_after
    return THROTTLED_WAIT if asked is None else retry.clamp_retry_after(asked)
