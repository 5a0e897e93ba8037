"""What may be asked of a model: every limit, range, default and preset that this service knows, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.hyperparameters import LIMITS
from domain.methods import METHODS
from domain.presets import FORMS, LARGE_ABOVE, SMALL_BELOW, size_of, variants

TUNED: Final = "ft:"
"""How the name of a tuned model begins: `ft:<base>:<org>:<suffix>:<id>`."""
CONTEXT_LENGTHS: Final[Mapping[str, int]] = {
    "qwen3-14b": 32_768,
    "qwen3-32b": 32_768,
    "qwen3-72b": 32_768,
    "llama3-70b": 8_192,
}
"""Tokens, as the models were trained, without YaRN or the like (which costs quality on short texts).

From the model cards of Qwen3-14B, Qwen3-32B and Meta-Llama-3-70B. There is no public card of a Qwen3-72B; it
gets the figure of its family. `deepseek-chat` names a service whose length changed with each version.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """What a training file may be: bytes, and examples that are asked for and wished for."""

    max_file_bytes: int
    max_line_bytes: int
    min_examples: int
    recommended_examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From `low` to `high`; the ends count unless `over` or `under` says otherwise."""

    low: float
    high: float
    over: bool = False
    under: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePreset:
    """What a file of `from_examples` to `to_examples` gets where nobody asks otherwise; None: no end."""

    from_examples: int
    to_examples: int | None
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperparameterLimits:
    """One hyperparameter of supervised tuning.

    What is outside of `allowed` is refused, outside of `guide_forms` warned about. `default` is what a file
    gets whose size is not known; it and `presets` are None and empty for `learning_rate_multiplier`, which
    multiplies the preset's learning rate and has no value of its own.
    """

    name: str
    whole: bool
    auto: bool
    allowed: Bounds
    guide_forms: Bounds | None
    sensible: Bounds | None
    default: float | None
    presets: tuple[SizePreset, ...]
    advice: str
    advice_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """All of it for one model; `methods` are the ways to tune, each with its hyperparameters' names."""

    model: str
    context_length: int | None
    methods: Mapping[str, tuple[str, ...]]
    hyperparameters: tuple[HyperparameterLimits, ...]
    files: FileLimits


def is_tuned(model: str) -> bool:
    """Tell by its name whether a model is a tuned one; the name is the platform's, so it need not show."""
    return model.startswith(TUNED)


def base_of(model: str) -> str:
    """Return the base model that the name of a tuned model gives; any other name as it is."""
    return model.split(":")[1] if is_tuned(model) else model


def context_length(model: str) -> int | None:
    """Return how many tokens an example may have, by the platform's name; None if it is not known."""
    return CONTEXT_LENGTHS.get(base_of(model).casefold())


def model_limits(model: str, *, files: FileLimits) -> ModelLimits:
    """Return what may be asked of a model, by the platform's name of it."""
    return ModelLimits(
        model=model,
        context_length=context_length(model),
        methods={method: tuple(limits) for method, limits in METHODS.items()},
        hyperparameters=tuple(_limits_of(name) for name in LIMITS),
        files=files,
    )


_MULTIPLIER_ADVICE: Final = (
    "multiplies the learning rate of the preset; send learning_rate itself or this, not both",
    "以预设的学习率为基数相乘;它与 learning_rate 只需发送其一",
)


def _limits_of(name: str) -> HyperparameterLimits:
    hard, form = LIMITS[name], FORMS.get(name)
    advice = (form.advice, form.advice_zh) if form else _MULTIPLIER_ADVICE
    return HyperparameterLimits(
        name=name,
        whole=hard.whole,
        auto=hard.auto,
        allowed=Bounds(low=hard.low, high=hard.high, over=hard.over, under=hard.under),
        guide_forms=Bounds(low=form.low, high=form.high) if form else None,
        sensible=Bounds(low=form.sensible[0], high=form.sensible[1]) if form and form.sensible else None,
        default=_BY_SIZE[size_of(None)].get(name),
        presets=_presets(name),
        advice=advice[0],
        advice_zh=advice[1],
    )


_BY_SIZE: Final[tuple[Mapping[str, Any], ...]] = tuple(
    variant.hyperparameters for variant in variants({}) if variant is not None
)
_SIZES: Final = ((0, SMALL_BELOW - 1), (SMALL_BELOW, LARGE_ABOVE), (LARGE_ABOVE + 1, None))


def _presets(name: str) -> tuple[SizePreset, ...]:
    return tuple(
        SizePreset(from_examples=first, to_examples=last, value=values[name])
        for (first, last), values in zip(_SIZES, _BY_SIZE, strict=True)
        if name in values
    )
