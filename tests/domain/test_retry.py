from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.retry import breaker_wait, clamp_retry_after, next_attempt, parse_retry_after, platform_wait

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCHEDULE = [timedelta(seconds=s) for s in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)]


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (10_000_000, 60)]
)
def test_platform_waits_fill_the_range_up_to_the_doubling_limit(failures: int, longest: float) -> None:
    rng = Random(7)
    waits = sorted(platform_wait(failures, rng) for _ in range(2000))
    assert s(0.1) <= waits[0] < s(0.1 + longest * 0.02)
    assert s(longest * 0.45) < waits[1000] < s(longest * 0.55)
    assert s(longest * 0.98) < waits[-1] <= s(longest)


@pytest.mark.parametrize(
    ("asked", "kept"), [(-5, 1), (0, 1), (1, 1), (30, 30), (900, 900), (901, 900), (10**9, 900)]
)
def test_retry_after_of_the_platform_is_clamped(asked: float, kept: float) -> None:
    assert clamp_retry_after(s(asked)) == s(kept)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", s(120)),
        (" 0 ", s(0)),
        ("1.5", s(1.5)),
        ("9" * 5000, timedelta(days=365)),
        ("Sun, 01 Mar 2026 12:02:00 GMT", s(120)),
        ("Sun, 01 Mar 2026 12:02:00", s(120)),
        ("Sun, 01 Mar 2026 13:02:00 +0100", s(120)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", s(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=365)),
        ("Fri, 31 Dec 9999 23:59:59 -2300", timedelta(days=365)),
        ("Mon, 01 Jan 0001 00:00:00 +2300", s(0)),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, wait: timedelta | None) -> None:
    assert parse_retry_after(header, now=NOW) == wait


@pytest.mark.parametrize(
    ("made", "retry_after", "shortest", "longest"),
    [
        (0, None, s(0), s(0)),
        (1, None, s(4), s(6)),
        (2, None, s(240), s(360)),
        (9, None, s(69120), s(103680)),
        (1, s(60), s(60), s(60)),  # the later of the two
        (2, s(1), s(240), s(360)),  # an earlier Retry-After changes nothing
        (1, s(7200), s(3605), s(3605)),  # an hour beyond the step and no more
        (9, s(10**8), s(90000), s(103680)),
        (0, s(30), s(30), s(30)),
    ],
)
def test_next_attempt_is_the_later_of_step_and_retry_after(
    made: int, retry_after: timedelta | None, shortest: timedelta, longest: timedelta
) -> None:
    rng = Random(7)
    waits = [next_attempt(SCHEDULE, made, retry_after=retry_after, rng=rng) for _ in range(500)]
    known = [wait for wait in waits if wait is not None]
    assert len(known) == len(waits)
    assert shortest <= min(known) <= shortest * 1.02
    assert longest * 0.98 <= max(known) <= longest


@pytest.mark.parametrize("made", [10, 11, 500])
def test_the_schedule_runs_out_whatever_the_receiver_asks_for(made: int) -> None:
    assert next_attempt(SCHEDULE, made, retry_after=s(5), rng=Random(7)) is None


@pytest.mark.parametrize(
    ("failures", "wait"),
    [(0, None), (1, None), (4, None), (5, 10), (6, 20), (7, 40), (8, 80), (9, 120), (10, 120), (10**9, 120)],
)
def test_the_breaker_opens_at_five_and_probes_ever_more_rarely(failures: int, wait: float | None) -> None:
    assert breaker_wait(failures) == (None if wait is None else s(wait))
