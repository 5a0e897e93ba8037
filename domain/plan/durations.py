"""How long a job takes, as a range: from the guide's points, and from the project's own jobs as they come.

The points are those of the platform's LoRA guide, for 3 epochs. What lies beside them is interpolated on
logarithmic scales, since time grows with size by a power and not by a sum.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles
from typing import Final

from domain.plan.words import Words

GUIDE_EPOCHS: Final = 3
GUIDE: Final = ((50, 300, 900), (200, 1200, 2400), (1000, 3600, 7200))
"""Examples, and the seconds that they take at least and at most in `GUIDE_EPOCHS` epochs."""
FEWEST_PAST: Final = 3
"""With fewer jobs of its own than this, a project's history says nothing."""
# Ours, not the guide's: loading a model of this size takes its time, however few the examples are.
_START: Final = (60.0, 300.0)
# Of the guide's points and this many past jobs, each counts half.
_HALF_WEIGHT: Final = 5
# Time does not follow length all the way: one odd job must not make an estimate of days.
_LONGEST_FACTOR: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A job of the project that succeeded.

    `seconds` is the time it ran, `tokens` what the platform says it trained on, over all epochs.
    """

    examples: int
    n_epochs: int
    seconds: float
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A range in whole seconds, of the running alone: waiting in the queue comes on top."""

    low: int
    high: int
    basis: str
    basis_zh: str


def duration(
    examples: int, n_epochs: int, history: Sequence[Past] = (), *, tokens: float | None = None
) -> Duration:
    """Return how long a job takes.

    Args:
        examples: in the training file, at least 1.
        n_epochs: at least 1.
        history: jobs of the same project and model.
        tokens: to be trained on over all epochs; with it, past jobs of longer or shorter examples are
            scaled to the length of these.
    """
    low, high = _guide(examples, n_epochs)
    length = None if tokens is None else tokens / (examples * n_epochs)
    ratios = list(_ratios(history, length))
    if len(ratios) < FEWEST_PAST:
        basis = Words("the guide's points", "指南给出的数据点")
    else:
        low, high = _blended(low, high, ratios)
        basis = Words(
            f"the guide's points and {len(ratios)} jobs of this project",
            f"指南给出的数据点和本项目的 {len(ratios)} 个任务",
        )
    return Duration(low=max(1, math.floor(low)), high=math.ceil(high), basis=basis.en, basis_zh=basis.zh)


def _guide(examples: int, n_epochs: int) -> tuple[float, float]:
    low, high = (_at(examples, column) * n_epochs / GUIDE_EPOCHS for column in (1, 2))
    return max(low, _START[0]), max(high, _START[1])


def _at(examples: int, column: int) -> float:
    """Return the seconds of one column of the guide, exact at its points.

    Below the first point the first slope goes on. Beyond the last one the low end keeps the last slope, which
    is under 1, and the high end grows as the examples do: a machine that is busy gets no faster.
    """
    slopes = [math.log(b[column] / a[column]) / math.log(b[0] / a[0]) for a, b in pairwise(GUIDE)]
    slopes.append(slopes[-1] if column == 1 else 1.0)
    segment = max(0, bisect_right(GUIDE, examples, key=lambda point: point[0]) - 1)
    point = GUIDE[segment]
    return float(point[column] * (examples / point[0]) ** slopes[segment])


def _ratios(history: Sequence[Past], length: float | None) -> Iterator[float]:
    """Yield how many times the middle of the guide's range each past job took; what cannot be is skipped."""
    for past in history:
        if past.examples < 1 or past.n_epochs < 1 or not 1 <= past.seconds < math.inf:
            continue
        ratio = past.seconds / math.sqrt(math.prod(_guide(past.examples, past.n_epochs)))
        if length and past.tokens:
            factor = length * past.examples * past.n_epochs / past.tokens
            ratio *= min(max(factor, 1 / _LONGEST_FACTOR), _LONGEST_FACTOR)
        yield ratio


def _blended(low: float, high: float, ratios: Sequence[float]) -> tuple[float, float]:
    """Return the guide's range moved towards the middle half of what the past jobs took."""
    weight = len(ratios) / (len(ratios) + _HALF_WEIGHT)
    middle = math.log(low * high) / 2
    first, _, third = quantiles(map(math.log, ratios), n=4, method="inclusive")
    return (
        math.exp((1 - weight) * math.log(low) + weight * (middle + first)),
        math.exp((1 - weight) * math.log(high) + weight * (middle + third)),
    )
