"""A clock that answers one question: may a claim that was taken here still be relied on?

It goes on while the process stands still (SIGSTOP, a suspended machine), and it only measures how long ago
something was; which claim is whose, and until when, is decided by Postgres's clock.
"""

import time
from datetime import timedelta
from typing import Final

RELIED_ON: Final = 0.8
"""The share of a lease in which its claim is relied on: the rest is for clocks that run at other speeds, and
for what has been let go but is still on its way."""
# CLOCK_BOOTTIME counts a suspended machine's sleep as well; where there is none, monotonic has to do.
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def now() -> float:
    """Return seconds since some moment."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


class Sure:
    """How long a claim is surely ours. Make it BEFORE the transaction that takes or renews the claim.

    The lease is counted by Postgres from the start of that transaction, which is later: so this ends first.
    """

    __slots__ = ("_ends",)

    def __init__(self, lease: timedelta) -> None:
        self._ends = now() + lease.total_seconds() * RELIED_ON

    def __call__(self) -> bool:
        """Tell whether nobody else can hold it yet."""
        return now() < self._ends
