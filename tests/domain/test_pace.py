from datetime import timedelta
from random import Random

import pytest

from domain.pace import poll_wait

INTERVAL = timedelta(seconds=30)
OLD = timedelta(hours=1)


def waits(**given: timedelta | None) -> list[float]:
    rng = Random(3)
    case = {"age": OLD, "remaining": None, **given}
    return [poll_wait(INTERVAL, rng=rng, **case).total_seconds() for _ in range(500)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "middle"),
    [
        ({}, 30.0),
        ({"age": timedelta(minutes=2)}, 30.0),
        ({"age": timedelta(minutes=1, seconds=59)}, 10.0),
        ({"age": timedelta(0)}, 10.0),
        ({"remaining": timedelta(hours=2)}, 30.0),
        ({"remaining": timedelta(minutes=1)}, 10.0),
        ({"remaining": timedelta(minutes=-1)}, 10.0),  # the estimate has just passed
        ({"remaining": timedelta(hours=-2)}, 30.0),  # the estimate was wrong
    ],
)
def test_a_job_is_looked_at_oftener_while_young_and_near_its_end(
    given: dict[str, timedelta], middle: float
) -> None:
    seen = waits(**given)
    assert middle * 0.9 <= min(seen) < middle * 0.92
    assert middle * 1.08 < max(seen) <= middle * 1.1
