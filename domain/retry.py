"""When to try again, as values: from counts and numbers, with neither clock nor sleep.

Full jitter for the platform, so that many steps do not come back at once; a fixed schedule with
± 20 % for webhooks; one breaker rhythm for both.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

PLATFORM_LONGEST: Final = timedelta(seconds=60)
PLATFORM_SHORTEST: Final = timedelta(milliseconds=100)
RETRY_AFTER_SHORTEST: Final = timedelta(seconds=1)
RETRY_AFTER_LONGEST: Final = timedelta(minutes=15)
WEBHOOK_JITTER: Final = 0.2
WEBHOOK_LATER_AT_MOST: Final = timedelta(hours=1)
BREAKER_OPENS_AT: Final = 5
BREAKER_FIRST: Final = timedelta(seconds=10)
BREAKER_LONGEST: Final = timedelta(seconds=120)

_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_LONGEST_READ: Final = timedelta(days=365)


def platform_wait(failures: int, rng: Random) -> timedelta:
    """Return the wait after the platform failed `failures` times (from 1) on one step: U(0, min(60 s, 2ⁿ)).

    Never under 100 ms: a draw of nearly nothing would be a second request into the same failure.
    """
    longest = min(PLATFORM_LONGEST, timedelta(seconds=1 << min(failures, 6)))
    return max(PLATFORM_SHORTEST, longest * rng.random())


def clamp_retry_after(wait: timedelta) -> timedelta:
    """Return what the platform asked us to wait, but at least 1 s and at most 15 min."""
    return min(max(wait, RETRY_AFTER_SHORTEST), RETRY_AFTER_LONGEST)


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Read a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3), not negative, at most a year.

    None if it is missing or says neither. `now` is aware.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(float(text), _LONGEST_READ.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000" and dates without a zone
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), _LONGEST_READ)


def next_attempt(
    schedule: Sequence[timedelta], attempts_made: int, *, retry_after: timedelta | None, rng: Random
) -> timedelta | None:
    """Return the wait before the next try of a delivery, or None if the schedule is exhausted.

    The later of the schedule's step (± 20 %; a step of 0 stays 0) and `Retry-After`, which can put a try
    off by an hour beyond its step and no more.
    """
    if attempts_made >= len(schedule):
        return None
    step = schedule[attempts_made]
    wait = step * rng.uniform(1 - WEBHOOK_JITTER, 1 + WEBHOOK_JITTER)
    return max(wait, min(retry_after or timedelta(0), step + WEBHOOK_LATER_AT_MOST))


def breaker_wait(failures_in_a_row: int) -> timedelta | None:
    """Return how long nothing is sent but one probe, None while the breaker is closed (under 5 failures)."""
    beyond = failures_in_a_row - BREAKER_OPENS_AT
    if beyond < 0:
        return None
    return min(BREAKER_FIRST * (1 << min(beyond, 4)), BREAKER_LONGEST)
