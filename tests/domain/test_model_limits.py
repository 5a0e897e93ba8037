"""What a model's limits answer."""

import pytest

from domain.hyperparameters import LIMITS
from domain.model_limits import (
    Bounds,
    FileLimits,
    HyperparameterLimits,
    SizePreset,
    base_of,
    context_length,
    model_limits,
)
from domain.presets import FORMS, size_of

FILES = FileLimits(max_file_bytes=512, max_line_bytes=4, min_examples=20, recommended_examples=50)


def limits_of(name: str) -> HyperparameterLimits:
    return next(each for each in model_limits("m", files=FILES).hyperparameters if each.name == name)


@pytest.mark.parametrize(
    ("model", "length"),
    [
        ("qwen3-32b", 32_768),
        ("Qwen3-14B", 32_768),
        ("ft:qwen3-32b:acme:shop:1", 32_768),
        ("llama3-70b", 8_192),
        ("deepseek-chat", None),
        ("ft:", None),
    ],
)
def test_the_context_is_that_of_the_base_model_where_it_is_known(model: str, length: int | None) -> None:
    assert context_length(model) == length


def test_a_tuned_model_s_base_is_in_its_name() -> None:
    assert base_of("ft:qwen3-32b:acme:shop:1") == "qwen3-32b"
    assert base_of("org/model:v2") == "org/model:v2"


def test_a_model_s_limits_hold_everything_that_can_be_asked_for() -> None:
    limits = model_limits("qwen3-32b", files=FILES)
    assert [each.name for each in limits.hyperparameters] == list(LIMITS)
    assert set(limits.methods) == {"supervised", "dpo", "reinforcement"}
    assert "beta" in limits.methods["dpo"]
    assert limits.files == FILES


def test_a_hyperparameter_has_its_ranges_default_and_presets() -> None:
    assert limits_of("lora_alpha") == HyperparameterLimits(
        name="lora_alpha",
        whole=True,
        auto=True,
        allowed=Bounds(low=1, high=1024),
        guide_forms=Bounds(low=8, high=128),
        sensible=None,
        default=16,
        presets=(
            SizePreset(from_examples=0, to_examples=99, value=8),
            SizePreset(from_examples=100, to_examples=1000, value=16),
            SizePreset(from_examples=1001, to_examples=None, value=32),
        ),
        advice="twice lora_r",
        advice_zh="取 lora_r 的两倍",
    )
    assert limits_of("learning_rate").allowed == Bounds(low=0, high=1, over=True)
    assert limits_of("lora_dropout").allowed == Bounds(low=0, high=1, under=True)
    assert limits_of("n_epochs").sensible == Bounds(low=2, high=5)
    assert limits_of("n_epochs").advice_zh == "建议取 2 至 5,过拟合时减少轮数"


def test_the_multiplier_has_neither_form_nor_preset() -> None:
    multiplier = limits_of("learning_rate_multiplier")
    assert (multiplier.guide_forms, multiplier.sensible, multiplier.default, multiplier.presets) == (
        None, None, None, (),
    )  # fmt: skip


def test_the_ranges_lie_within_each_other_and_the_presets_within_all() -> None:
    for name, form in FORMS.items():
        limits = limits_of(name)
        low, high = form.sensible or (form.low, form.high)
        assert limits.allowed.low <= form.low <= low <= high <= form.high <= limits.allowed.high
        assert all(low <= preset.value <= high for preset in limits.presets)


def test_the_presets_sizes_are_those_that_jobs_are_given_by() -> None:
    for index, preset in enumerate(limits_of("n_epochs").presets):
        assert size_of(preset.from_examples) == index
        assert preset.to_examples is None or size_of(preset.to_examples) == index
