"""How fast time passes in a world: the service's own durations, scaled down by a printed factor or not."""

from collections.abc import Mapping
from dataclasses import dataclass

FACTOR = 15
_JITTERED_SCHEDULE = "0s,300ms,1s,2s,4s,8s,16s"
SCALED: Mapping[str, str] = {
    "TUNEWARD_CLAIM_LEASE": "2s",
    "TUNEWARD_SETTLE_TIME": "6s",
    "TUNEWARD_SWEEP_INTERVAL": "700ms",
    "TUNEWARD_POLL_INTERVAL": "500ms",
    "TUNEWARD_DRAIN_INTERVAL": "300ms",
    "TUNEWARD_SHUTDOWN_GRACE": "3s",
    "TUNEWARD_WEBHOOK_SCHEDULE": _JITTERED_SCHEDULE,
    "TUNEWARD_WEBHOOK_TIMEOUT": "2s",
    "TUNEWARD_DUPLICATE_CHECKS": "8s,40s",
}


@dataclass(frozen=True)
class Pace:
    """Durations in seconds as the world's service has them.

    Attributes:
        factor: What real durations were divided by.
        reached_within: How long a job may take to reach any point of its life.
        tries: How often a webhook is tried.
        patience: How long a run may take to come to rest after its fault has ended.
    """

    factor: float
    lease: float
    settle: float
    sweep: float
    webhook_timeout: float
    last_duplicate_check: float
    patience: float
    reached_within: float
    tries: int
    environment: Mapping[str, str]

    def scaled(self, seconds: float) -> float:
        """Return what this many real seconds are here."""
        return seconds / self.factor


QUICK = Pace(FACTOR, 2, 6, 0.7, 2, 40, 60, 20, len(_JITTERED_SCHEDULE.split(",")), SCALED)
REAL = Pace(1, 30, 90, 10, 15, 600, 900, 120, 10, {})
