"""How long a job takes: the guide's points, what lies beside them, and a project's own history."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.plan.durations import Past, duration

MINUTE, HOUR, DAY = 60, 3600, 86400
examples = st.integers(1, 1_000_000)
epochs = st.integers(1, 50)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(50, 5 * MINUTE, 15 * MINUTE), (200, 20 * MINUTE, 40 * MINUTE), (1000, HOUR, 2 * HOUR)],
)
def test_the_guide_s_points_come_back_as_they_are(count: int, low: int, high: int) -> None:
    found = duration(count, 3)
    assert (found.low, found.high) == (low, high)
    assert (found.basis, found.basis_zh) == ("the guide's points", "指南给出的数据点")


@pytest.mark.parametrize(
    ("count", "n_epochs", "low", "high"),
    [
        (100, 3, (9 * MINUTE, 11 * MINUTE), (23 * MINUTE, 26 * MINUTE)),  # the square root of both ends
        (200, 6, (40 * MINUTE, 40 * MINUTE), (80 * MINUTE, 80 * MINUTE)),
        (1, 3, (MINUTE, MINUTE), (5 * MINUTE, 5 * MINUTE)),  # no less than it takes to start
        (10_000, 3, (4 * HOUR, 6 * HOUR), (20 * HOUR, 20 * HOUR)),
        (1_000_000, 3, (4 * DAY, 6 * DAY), (80 * DAY, 90 * DAY)),
    ],
)
def test_beside_the_points_the_range_is_sensible(
    count: int, n_epochs: int, low: tuple[int, int], high: tuple[int, int]
) -> None:
    found = duration(count, n_epochs)
    assert low[0] <= found.low <= low[1]
    assert high[0] <= found.high <= high[1]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(examples, examples, epochs, epochs)
def test_more_examples_and_more_epochs_never_take_less(one: int, other: int, few: int, many: int) -> None:
    (one, other), (few, many) = sorted((one, other)), sorted((few, many))
    less, more = duration(one, few), duration(other, many)
    assert 1 <= less.low <= less.high
    assert less.low <= more.low
    assert less.high <= more.high


pasts = st.builds(
    Past,
    examples=examples,
    n_epochs=epochs,
    seconds=st.floats(0, 1e8),
    tokens=st.none() | st.integers(0, 10**12),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(examples, epochs, st.lists(pasts, max_size=12), st.none() | st.floats(1, 1e12))
def test_any_history_makes_a_range(
    count: int, n_epochs: int, history: list[Past], tokens: float | None
) -> None:
    found = duration(count, n_epochs, history, tokens=tokens)
    assert 1 <= found.low <= found.high


def took(factor: float, *, count: int = 200, tokens: int | None = None) -> Past:
    """A job that took so many times the middle of the guide's range."""
    guide = duration(count, 3)
    seconds = factor * math.sqrt(guide.low * guide.high)
    return Past(examples=count, n_epochs=3, seconds=seconds, tokens=tokens)


def test_two_jobs_are_no_history() -> None:
    assert duration(200, 3, [took(5), took(5)]) == duration(200, 3)


def test_history_pulls_the_range_to_itself_the_more_the_longer_it_is() -> None:
    guide, few, many = (duration(200, 3, [took(3, count=50)] * count) for count in (0, 3, 50))
    assert guide.low < few.low < many.low
    assert guide.high < few.high < many.high
    true = 3 * math.sqrt(guide.low * guide.high)
    assert 0.8 * true < many.low < many.high < true
    assert many.basis == "the guide's points and 50 jobs of this project"
    assert many.basis_zh == "指南给出的数据点和本项目的 50 个任务"


def test_one_job_that_hung_changes_little() -> None:
    calm = duration(200, 3, [took(1)] * 9)
    assert duration(200, 3, [*[took(1)] * 8, took(500)]) == calm


def test_jobs_that_cannot_have_been_are_skipped() -> None:
    broken = [took(0), Past(examples=0, n_epochs=3, seconds=9), took(math.inf), took(math.nan)]
    assert duration(200, 3, broken) == duration(200, 3)


def test_past_jobs_are_scaled_to_the_length_of_these_examples_within_reason() -> None:
    history = [took(1, tokens=60_000)] * 9
    same, double, vast = (
        duration(200, 3, history, tokens=tokens) for tokens in (60_000.0, 120_000.0, 60_000_000.0)
    )
    assert same == duration(200, 3, history)
    assert double.high / same.high == pytest.approx(2 ** (9 / 14), rel=0.01)
    assert vast.high / same.high == pytest.approx(4 ** (9 / 14), rel=0.01)
