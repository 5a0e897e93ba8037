"""How many requests an account may send: a bucket in Postgres that all workers take from."""

from typing import Final

LEAST_SHARE: Final = 0.02
"""What is left of the rate however many 429s there are: one request a second at 50."""
RECOVERY_PER_SECOND: Final = 0.005
"""Five hundredths of the rate come back each ten seconds."""
RESERVED: Final = 0.2
"""The share of the bucket that only creates and cancels may use."""
LEAST_CAPACITY: Final = 2.0
"""Requests that the bucket holds at least, so that one is left beside the reserve."""
ALONE: Final = 0.1
"""The share of the rate that a worker allows itself while Postgres cannot be asked."""


def wanted(*, rate: float, waiting: int, used: int) -> int:
    """Return how many requests to take for the next second: as many as wait, or as the last one took.

    A fifth of the rate at least, so that one request after the other does not ask for each: at the usual rate
    a job's whole life is in it. What is not used comes back.
    """
    return max(1, round(min(rate, max(waiting, 1.2 * used, rate / 5))))


def alone(rate: float) -> int:
    """Return how many requests a second a worker sends that cannot ask what the others send."""
    return max(1, round(ALONE * rate))
