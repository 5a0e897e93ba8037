"""What is said of the number of examples."""

import pytest

from domain.training_data.quality.size import Size
from tests.domain.training_data.quality.made import asked, looked


@pytest.mark.parametrize(
    ("count", "level", "codes"),
    [
        (1, "too_few", ["too_few"]),
        (19, "too_few", ["too_few"]),
        (20, "visible_effect", ["visible_effect"]),
        (49, "visible_effect", ["visible_effect"]),
        (50, "works_well", []),
        (199, "works_well", []),
        (200, "best", []),
    ],
)
def test_levels(count: int, level: str, codes: list[str]) -> None:
    conclusion = looked(Size(), [asked("Well?", "Well.")] * count, pieces=3)
    assert conclusion.figures == {"examples": count, "level": level}
    assert [finding.code for finding in conclusion.findings] == codes
    assert all(f": {count}." in finding.message and finding.line is None for finding in conclusion.findings)
