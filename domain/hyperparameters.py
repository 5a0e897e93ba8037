"""Which hyperparameters there are, and their hard limits.

The limits of OpenAI's create body, and those of the LoRA keys that XPULink's guide sends always.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import InvalidRequest

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; `over` and `under` say that the end itself is not allowed."""

    low: float
    high: float
    whole: bool = False
    auto: bool = False
    over: bool = False
    under: bool = False

    def allows(self, value: object) -> bool:
        """Tell whether a value is allowed; a boolean is not a number here."""
        if value == AUTO:
            return self.auto
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and not (isinstance(value, int) or value.is_integer()):
            return False
        above = value > self.low if self.over else value >= self.low
        return above and (value < self.high if self.under else value <= self.high)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        low = f"over {self.low:g}" if self.over else f"from {self.low:g}"
        high = f"under {self.high:g}" if self.under else f"to {self.high:g}"
        return f"{kind} {low} {high}" + (' or "auto"' if self.auto else "")


LIMITS: Final[Mapping[str, Range]] = {
    "n_epochs": Range(1, 50, whole=True, auto=True),
    "batch_size": Range(1, 256, whole=True, auto=True),
    "learning_rate_multiplier": Range(0, 10_000, auto=True, over=True),
    "learning_rate": Range(0, 1, auto=True, over=True),
    "lora_r": Range(1, 256, whole=True),
    "lora_alpha": Range(1, 1024, whole=True),
    "lora_dropout": Range(0, 1, under=True),
}


def check(hyperparameters: Mapping[str, Any], *, param: str = "hyperparameters") -> dict[str, Any]:
    """Return the hyperparameters without those that are null.

    Raises:
        InvalidRequest: one has no such name, or a value out of its range.
    """
    given = {name: value for name, value in hyperparameters.items() if value is not None}
    for name, value in given.items():
        allowed = LIMITS.get(name)
        if allowed is None:
            raise InvalidRequest(_unknown(name), param=f"{param}.{name}", code="unknown_parameter")
        if not allowed.allows(value):
            message = f"Invalid {param}.{name}: {value!r:.80} is not {allowed}."
            raise InvalidRequest(message, param=f"{param}.{name}")
    return given


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, LIMITS, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(LIMITS)}."
    return f"There is no hyperparameter {name!r:.80}. {hint}"


def to_send(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the platform is sent: it knows no "auto", so what is left to it is left out."""
    return {name: value for name, value in hyperparameters.items() if value != AUTO}
