from datetime import timedelta

import pytest

from domain.outcomes import Attempted


@pytest.mark.parametrize(
    ("status", "delivered", "gone"),
    [
        (None, False, False), (199, False, False), (200, True, False), (204, True, False),
        (299, True, False), (300, False, False), (301, False, False), (410, False, True), (500, False, False),
    ],
)  # fmt: skip
def test_only_a_2xx_delivers_and_only_410_says_goodbye(
    status: int | None, *, delivered: bool, gone: bool
) -> None:
    attempted = Attempted(status, timedelta(seconds=1))
    assert (attempted.delivered, attempted.gone) == (delivered, gone)
