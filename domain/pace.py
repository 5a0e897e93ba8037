"""How long until the platform is asked again how a job stands."""

from datetime import timedelta
from random import Random
from typing import Final

YOUNG: Final = timedelta(minutes=2)
NEAR: Final = timedelta(minutes=2)
CLOSER: Final = 3
"""While young or near its estimated end a job is asked after this many times as often."""
JITTER: Final = 0.1
EVENTS_EVERY: Final = 5
"""Every so many polls of a running job its new events are fetched as well."""


def poll_wait(interval: timedelta, *, age: timedelta, remaining: timedelta | None, rng: Random) -> timedelta:
    """Return the wait before the next look at a job.

    Args:
        interval: the normal interval.
        age: the time since the job was submitted.
        remaining: the time until its estimated end, if the platform estimates.
        rng: the source of the ± 10 % that keeps jobs from being asked after in step.
    """
    near = remaining is not None and abs(remaining) < NEAR
    base = interval / CLOSER if age < YOUNG or near else interval
    return base * rng.uniform(1 - JITTER, 1 + JITTER)
