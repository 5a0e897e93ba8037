"""Looks at the quality of training examples, none of which keeps a file from being used.

One file per look; `LOOKS` has them in the order of the report. `leak` compares two files, so it stands
apart. Pure: may import the standard library, msgspec, rensa and `domain.training_data`.
"""

from typing import Any, Final

from domain.training_data.findings import Look
from domain.training_data.quality.answers import AnswerQuality
from domain.training_data.quality.duplicates import Duplicates
from domain.training_data.quality.languages import Languages
from domain.training_data.quality.roles import Roles
from domain.training_data.quality.size import Size
from domain.training_data.quality.system_prompts import SystemPrompts
from domain.training_data.quality.topics import Topics

LOOKS: Final[tuple[Look[Any], ...]] = (
    Size(), Roles(), Duplicates(), Topics(), AnswerQuality(), SystemPrompts(), Languages(),
)  # fmt: skip
"""Run `observe` of each on every piece of a file, and `conclude` on all that it returned."""
