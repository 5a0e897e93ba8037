"""Why an account is left alone, and what is said about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.outcomes import Retryable, Trouble
from domain.parking import Probing, Reason, Standing, throttled_wait

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WELL: dict[str, Any] = {
    "name": "default", "parked": False, "parked_until": None, "parked_reason": None, "probe_due_at": None,
    "failures": 0, "refusal": None, "refused_at": None, "told": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({}, None, None),
        ({"failures": 4}, None, None),
        ({"parked_until": NOW, "parked_reason": "throttled"}, None, None),  # it is over
        ({"parked": True, "parked_until": NOW}, Reason.THROTTLED, "wait until 03:04:05"),
        ({"probe_due_at": NOW, "failures": 5}, Reason.UNAVAILABLE, "next probe is due at 03:04:05"),
        (
            {"probe_due_at": NOW, "refusal": "No credit.", "refused_at": NOW, "parked": True, "failures": 5},
            Reason.UNAUTHORIZED,
            "since 2026-01-02 03:04:05 (No credit.). Correct XPULINK_API_KEY",
        ),
        ({"probe_due_at": NOW, "refusal": "No."}, Reason.UNAUTHORIZED, "refuses our key (No.)"),
    ],
)
def test_an_account_says_why_its_jobs_wait(
    changes: dict[str, Any], reason: Reason | None, says: str | None
) -> None:
    standing = Standing(**{**WELL, **changes})
    assert standing.reason is reason
    assert says is None if standing.explanation is None else says in standing.explanation


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 10), (5, 10), (6, 20), (7, 40), (8, 80), (9, 120), (99, 120)]
)
def test_probes_keep_their_rhythm_whatever_the_first_wait(failures: int, seconds: float) -> None:
    lease = timedelta(seconds=20)
    assert Probing(timedelta(seconds=10), lease).after(failures) == timedelta(seconds=seconds)
    assert Probing(timedelta(seconds=1), lease).after(failures) == timedelta(seconds=seconds / 10)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(None, 10), (timedelta(0), 1), (timedelta(seconds=7), 7), (timedelta(days=366), 900)],
)
def test_a_429_is_waited_out_within_bounds(asked: timedelta | None, seconds: float) -> None:
    outcome = Retryable("slow down", Trouble.THROTTLED, asked)
    assert throttled_wait(outcome) == timedelta(seconds=seconds)
