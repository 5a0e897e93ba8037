"""Which hyperparameters there are, and their hard limits.

The limits of OpenAI's create body, and those of the LoRA keys that XPULink's guide sends always. What they
come to for a file of a given size is in `presets.py`, where they may stand in `methods.py`.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from domain.errors import InvalidRequest
from domain.wording import as_written

AUTO: Final = "auto"


class Limit(Protocol):
    """What a hyperparameter may be; its text ends the sentence "it is not …"."""

    def allows(self, value: object) -> bool:
        """Tell whether a value is allowed."""


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


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def allows(self, value: object) -> bool:
        """Tell whether a value is one of the words."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        return f"one of {', '.join(self.words)}"


LIMITS: Final[Mapping[str, Range]] = {
    "n_epochs": Range(1, 50, whole=True, auto=True),
    "batch_size": Range(1, 256, whole=True, auto=True),
    "learning_rate_multiplier": Range(0, 10_000, auto=True, over=True),
    "learning_rate": Range(0, 1, auto=True, over=True),
    "lora_r": Range(1, 256, whole=True, auto=True),
    "lora_alpha": Range(1, 1024, whole=True, auto=True),
    "lora_dropout": Range(0, 1, auto=True, under=True),
}


def check(
    hyperparameters: Mapping[str, Any],
    *,
    param: str = "hyperparameters",
    limits: Mapping[str, Limit] = LIMITS,
) -> dict[str, Any]:
    """Return the hyperparameters without those that are null; a whole number written 3.0 becomes 3.

    Raises:
        InvalidRequest: one has no such name, or a value out of its range.
    """
    given = {name: value for name, value in hyperparameters.items() if value is not None}
    for name, value in given.items():
        allowed = limits.get(name)
        if allowed is None:
            raise InvalidRequest(_unknown(name, limits), param=f"{param}.{name}", code="unknown_parameter")
        if not allowed.allows(value):
            message = f"Invalid {param}.{name}: {as_written(value)} is not {allowed}.{_hint(value)}"
            raise InvalidRequest(message, param=f"{param}.{name}")
        if isinstance(value, float) and isinstance(allowed, Range) and allowed.whole:
            given[name] = int(value)
    return given


def _unknown(name: str, limits: Mapping[str, Limit]) -> str:
    near = difflib.get_close_matches(name, limits, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(limits)}."
    return f"There is no hyperparameter {name!r:.80}. {hint}"


def _hint(value: object) -> str:
    """Say what is nearly right about a text that stands where a number has to be."""
    if not isinstance(value, str):
        return ""
    if value.strip().lower() == AUTO and value != AUTO:
        return f' "{AUTO}" is written in lower case, without spaces.'
    try:
        number = float(value)
    except ValueError:
        return ""
    return " Send the number itself, without quotes." if math.isfinite(number) else ""


def merged(
    top: Mapping[str, Any], inner: Mapping[str, Any], *, inner_param: str, top_param: str = "hyperparameters"
) -> dict[str, Any]:
    """Return what two places of one request say together; a value beats "auto".

    Raises:
        InvalidRequest: they say different things; the message names both places.
    """
    both = {**top, **inner}
    for name in sorted(top.keys() & inner.keys()):
        if AUTO in (top[name], inner[name]):
            both[name] = inner[name] if top[name] == AUTO else top[name]
        elif top[name] != inner[name]:
            message = (
                f"{top_param}.{name} is {as_written(top[name])}, "
                f"but {inner_param}.{name} is {as_written(inner[name])}. Send one of the two."
            )
            raise InvalidRequest(message, param=f"{top_param}.{name}")
    return both


def to_send(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the platform is sent.

    It knows no "auto", and where it is told the learning rate it is not told what that came from.
    """
    told = {name: value for name, value in hyperparameters.items() if value != AUTO}
    if "learning_rate" in told:
        told.pop("learning_rate_multiplier", None)
    return told
