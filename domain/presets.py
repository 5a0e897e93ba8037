"""What the hyperparameters of a request come to for a training file of a given size.

The presets, the ranges of its forms and the advice are those of the platform's own LoRA guide for Qwen3-32B.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.errors import InvalidRequest
from domain.hyperparameters import AUTO, LIMITS

SMALL_BELOW: Final = 100
"""Fewer examples than this make a small file."""
LARGE_ABOVE: Final = 1000
"""More examples than this make a large file; one whose examples were not counted is medium."""
PRESETS: Final[tuple[Mapping[str, Any], ...]] = (
    {"n_epochs": 5, "batch_size": 2, "learning_rate": 1e-4, "lora_r": 4},
    {"n_epochs": 3, "batch_size": 4, "learning_rate": 5e-5, "lora_r": 8},
    {"n_epochs": 2, "batch_size": 8, "learning_rate": 2e-5, "lora_r": 16},
)
"""For a small, a medium and a large file."""
_PRESET: Final = PRESETS[0].keys()
DROPOUT: Final = 0.05
_MULTIPLIER: Final = "learning_rate_multiplier"


FEWEST_EXAMPLES: Final = 20
"""Fewer than this are among the guide's causes of failure."""
EXAMPLES_WORK_WELL: Final = 50
"""From here on the guide speaks of a good effect, below of a visible one."""
EXAMPLES_BEST: Final = 200
"""From here on the guide calls the number best."""


@dataclass(frozen=True, slots=True)
class Form:
    """The range that the guide's forms offer, the one it calls sensible, and what else it advises."""

    low: float
    high: float
    sensible: tuple[float, float] | None
    hint: str
    hint_zh: str

    @property
    def most(self) -> float:
        """The most that is sensible; that the forms offer where the guide says nothing."""
        return self.sensible[1] if self.sensible else self.high

    @property
    def advice(self) -> str:
        """What the guide advises, with the sensible range if there is one."""
        if self.sensible is None:
            return self.hint
        low, high = self.sensible
        return f"{low:g} to {high:g} is sensible, {self.hint}"

    @property
    def advice_zh(self) -> str:
        """The same in Chinese."""
        if self.sensible is None:
            return self.hint_zh
        low, high = self.sensible
        return f"建议取 {low:g} 至 {high:g},{self.hint_zh}"


FORMS: Final[Mapping[str, Form]] = {
    "n_epochs": Form(1, 10, (2, 5), "fewer when it over-fits", "过拟合时减少轮数"),
    "batch_size": Form(
        1, 16, (2, 8), "2 to 4 for little data, 4 to 8 for much", "数据少时取 2 至 4,数据多时取 4 至 8"
    ),
    "learning_rate": Form(1e-5, 1e-3, (1e-5, 1e-4), "5e-05 first", "先从 5e-05 试起"),
    "lora_r": Form(
        4,
        64,
        (4, 32),
        "4 for simple tasks, 8 for most, 16 for complex ones, 32 near full fine-tuning at more cost",
        "简单任务取 4,大多数任务取 8,复杂任务取 16;32 接近全量微调,成本也更高",
    ),
    "lora_alpha": Form(8, 128, None, "twice lora_r", "取 lora_r 的两倍"),
    "lora_dropout": Form(0, 0.3, (0.05, 0.1), "more against over-fitting", "过拟合时调高"),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """The hyperparameters for one size of file, and what there is to warn about."""

    hyperparameters: Mapping[str, Any]
    warning: str | None = None


def size_of(examples: int | None) -> int:
    """Return which of the presets a file of this many examples gets."""
    if examples is None:
        return 1
    return 0 if examples < SMALL_BELOW else 2 if examples > LARGE_ABOVE else 1


def chosen(variants: Sequence[Variant | None], examples: int | None) -> Variant | None:
    """Return the one of `variants` for a file of this many examples; None if it contradicts itself there."""
    return variants[min(size_of(examples), len(variants) - 1)]


def variants(given: Mapping[str, Any]) -> tuple[Variant | None, ...]:
    """Return what checked hyperparameters come to for a small, a medium and a large file.

    One variant alone where the size changes nothing; None for a size for which they contradict each other.

    Raises:
        InvalidRequest: they contradict each other whatever the size.
    """
    if AUTO not in given.values() and given.keys() >= _PRESET and _MULTIPLIER not in given:
        return (_variant(given, PRESETS[0]),)
    made = tuple(_variant(given, preset) for preset in PRESETS)
    if not any(made):
        raise contradiction(given)
    return made[:1] if made[0] == made[1] == made[2] else made


def contradiction(given: Mapping[str, Any]) -> InvalidRequest:
    """Return the refusal of a learning rate that is not what its multiplier comes to."""
    comes_to = ", ".join(f"{_rate(given[_MULTIPLIER], preset):g}" for preset in PRESETS)
    rate, multiplier = given["learning_rate"], given[_MULTIPLIER]
    message = (
        f"hyperparameters.learning_rate {rate!r:.40} contradicts {_MULTIPLIER} {multiplier!r:.40}, "
        f"which comes to {comes_to} for a small, medium and large file. Send one of the two."
    )
    return InvalidRequest(message, param="hyperparameters.learning_rate")


def _variant(given: Mapping[str, Any], preset: Mapping[str, Any]) -> Variant | None:
    named = {name: value for name, value in given.items() if value != AUTO}
    multiplier = named.get(_MULTIPLIER)
    resolved = {**preset, **named}
    if multiplier is not None:
        rate = _rate(multiplier, preset)
        if not math.isclose(named.get("learning_rate", rate), rate, rel_tol=1e-6):
            return None
        resolved["learning_rate"] = named.get("learning_rate", rate)
    resolved.setdefault("lora_alpha", min(2 * resolved["lora_r"], int(LIMITS["lora_alpha"].high)))
    resolved.setdefault("lora_dropout", DROPOUT)
    return Variant(resolved, _warning(resolved, set(named) | {"learning_rate"}))


def _rate(multiplier: float, preset: Mapping[str, Any]) -> float:
    """Return the learning rate that a multiplier stands for, without the last bits' noise."""
    rate = float(f"{multiplier * preset['learning_rate']:.12g}")
    if not LIMITS["learning_rate"].allows(rate):
        message = (
            f"Invalid hyperparameters.{_MULTIPLIER}: {multiplier!r:.40} makes a learning rate of {rate:g}."
        )
        raise InvalidRequest(message, param=f"hyperparameters.{_MULTIPLIER}")
    return rate


def _warning(resolved: Mapping[str, Any], named: set[str]) -> str | None:
    """Return which values the guide's own forms would not take, and what it advises instead."""
    outside = [
        f"{name} {resolved[name]:g} ({form.low:g} to {form.high:g}; {form.advice})"
        for name, form in FORMS.items()
        if name in named and not form.low <= resolved[name] <= form.high
    ]
    return f"Outside of the platform's guide: {', '.join(outside)}" if outside else None
