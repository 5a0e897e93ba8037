"""Each hyperparameter of a planned job: its value, where it comes from, and why, in words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from domain import presets
from domain.hyperparameters import AUTO
from domain.methods import SUPERVISED, Tuning
from domain.plan.words import Words, number
from domain.presets import FORMS, LARGE_ABOVE, PRESETS, SMALL_BELOW, size_of

Source: TypeAlias = Literal["request", "preset", "default", "multiplier", "platform"]
MULTIPLIER: Final = "learning_rate_multiplier"
NAMES: Final = (
    "n_epochs",
    "batch_size",
    MULTIPLIER,
    "learning_rate",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One hyperparameter.

    `source` says where the value comes from: `request` (asked for), `preset` (the guide's, by the size of the
    file), `default` (the guide's, whatever the size), `multiplier` (what it makes of the preset) or
    `platform` (another method than supervised: the platform decides, the plan only reckons with `value`).
    """

    name: str
    value: float
    source: Source
    reason: str
    reason_zh: str


def choices(tuning: Tuning, examples: int) -> tuple[Choice, ...]:
    """Return the hyperparameters of a job on a file of this many examples, in the order of `NAMES`.

    Raises:
        InvalidRequest: for a file of this size the learning rate contradicts its multiplier.
    """
    supervised = tuning.method is None or tuning.method["type"] == SUPERVISED
    named = _named(tuning)
    values = _resolved(tuning, examples) if supervised else _assumed(named, examples)
    return tuple(_choices(_Case(named, values, examples, supervised=supervised)))


@dataclass(frozen=True, slots=True)
class _Case:
    """What the reasons speak of: what was named, what it all came to, and for how many examples."""

    named: Mapping[str, Any]
    values: Mapping[str, Any]
    examples: int
    supervised: bool

    @property
    def preset_rate(self) -> float:
        return float(PRESETS[size_of(self.examples)]["learning_rate"])


def _named(tuning: Tuning) -> dict[str, Any]:
    """Return what the request itself says, in both of its places; "auto" says nothing."""
    method = tuning.method or {}
    inner = (method.get(method.get("type", SUPERVISED)) or {}).get("hyperparameters") or {}
    both = [*tuning.given.items(), *inner.items()]
    return {name: value for name, value in both if value != AUTO}


def _resolved(tuning: Tuning, examples: int) -> Mapping[str, Any]:
    variant = presets.chosen(tuning.variants, examples)
    if variant is None:
        raise presets.contradiction(tuning.given)
    return variant.hyperparameters


def _assumed(named: Mapping[str, Any], examples: int) -> dict[str, Any]:
    """Return what to reckon with where the platform decides: what was named, and the guide's for the rest."""
    kept = {name: value for name, value in named.items() if name in FORMS}
    variant = presets.chosen(presets.variants(kept), examples)
    assert variant is not None  # noqa: S101 - without a multiplier nothing contradicts
    assumed = dict(variant.hyperparameters)
    if MULTIPLIER in named:
        assumed[MULTIPLIER] = named[MULTIPLIER]
    if MULTIPLIER in named and "learning_rate" not in named:
        assumed["learning_rate"] *= named[MULTIPLIER]
    return assumed


def _choices(case: _Case) -> Iterator[Choice]:
    for name in NAMES:
        if name not in case.values:
            continue
        source = _source(name, case)
        value, why = case.values[name], _REASONS[source](name, case)
        shown = number(value)
        yield Choice(
            name=name, value=value, source=source, reason=f"{shown}: {why.en}", reason_zh=f"{shown}:{why.zh}"
        )


def _source(name: str, case: _Case) -> Source:
    if name in case.named:
        return "request"
    if name == "learning_rate" and MULTIPLIER in case.named:
        return "multiplier"
    if not case.supervised:
        return "platform"
    return "preset" if name in PRESETS[0] else "default"


def _as_asked(name: str, case: _Case) -> Words:
    if name == MULTIPLIER:
        rate = number(case.preset_rate)
        return Words(
            f"as you asked; it multiplies the learning rate of the preset, {rate}",
            f"按您的要求;与预设的学习率 {rate} 相乘",
        )
    form = FORMS[name]
    low, high = number(form.low), number(form.high)
    forms = Words(f"the guide's forms allow {low} to {high}", f"指南的表单允许 {low} 至 {high}")
    if form.sensible is None:
        return Words(
            f"as you asked; {forms.en} and advise {form.hint}", f"按您的要求;{forms.zh},建议{form.hint_zh}"
        )
    low, high = map(number, form.sensible)
    return Words(
        f"as you asked; {forms.en} and call {low} to {high} sensible",
        f"按您的要求;{forms.zh},并认为 {low} 至 {high} 较为合理",
    )


def _by_preset(_name: str, case: _Case) -> Words:
    small, large, count = number(SMALL_BELOW), number(LARGE_ABOVE), number(case.examples)
    size, size_zh = (
        (f"fewer than {small}", f"少于 {small}"),
        (f"{small} to {large}", f" {small} 至 {large}"),
        (f"more than {large}", f"超过 {large}"),
    )[size_of(case.examples)]
    return Words(
        f"the guide's preset for {size} examples (you have {count})",
        f"指南为{size_zh} 条样本给出的预设(您有 {count} 条)",
    )


def _by_default(name: str, _case: _Case) -> Words:
    if name == "lora_alpha":
        return Words("twice lora_r", "lora_r 的两倍")
    return Words(f"the guide's default; {FORMS[name].advice}", f"指南的默认值;{FORMS[name].advice_zh}")


def _by_multiplier(_name: str, case: _Case) -> Words:
    times, rate, preset = number(case.named[MULTIPLIER]), number(case.preset_rate), _by_preset("", case)
    return Words(f"{times} times {rate}, {preset.en}", f"{rate} 的 {times} 倍,{rate} 是{preset.zh}")


def _by_platform(name: str, case: _Case) -> Words:
    basis = (_by_preset if name in PRESETS[0] else _by_default)(name, case)
    return Words(
        f"the platform decides; this plan reckons with {basis.en}", f"由平台决定;本计划的估算依据:{basis.zh}"
    )


_REASONS: Final[Mapping[Source, Callable[[str, _Case], Words]]] = {
    "request": _as_asked,
    "preset": _by_preset,
    "default": _by_default,
    "multiplier": _by_multiplier,
    "platform": _by_platform,
}
