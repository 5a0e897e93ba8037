"""Each hyperparameter's value, source and reason."""

from typing import Any

import pytest

from domain import methods
from domain.errors import InvalidRequest
from domain.plan.reasons import Choice, choices


def chosen(asked: dict[str, Any], examples: int, method: dict[str, Any] | None = None) -> dict[str, Choice]:
    return {choice.name: choice for choice in choices(methods.tuning(asked, method), examples)}


def test_what_nobody_asked_for_is_the_guide_s() -> None:
    found = chosen({"batch_size": "auto"}, 240)
    assert [(each.name, each.value, each.source) for each in found.values()] == [
        ("n_epochs", 3, "preset"),
        ("batch_size", 4, "preset"),
        ("learning_rate", 5e-5, "preset"),
        ("lora_r", 8, "preset"),
        ("lora_alpha", 16, "default"),
        ("lora_dropout", 0.05, "default"),
    ]
    assert found["n_epochs"].reason == "3: the guide's preset for 100 to 1,000 examples (you have 240)"
    assert found["n_epochs"].reason_zh == "3:指南为 100 至 1,000 条样本给出的预设(您有 240 条)"
    assert found["lora_alpha"].reason == "16: twice lora_r"
    assert found["lora_alpha"].reason_zh == "16:lora_r 的两倍"
    assert found["lora_dropout"].reason == (
        "0.05: the guide's default; 0.05 to 0.1 is sensible, more against over-fitting"
    )


@pytest.mark.parametrize(
    ("examples", "words", "words_zh"),
    [
        (99, "5: the guide's preset for fewer than 100 examples (you have 99)", "少于 100 条样本"),
        (4000, "2: the guide's preset for more than 1,000 examples (you have 4,000)", "超过 1,000 条样本"),
    ],
)
def test_the_reason_names_the_size_that_the_preset_is_for(examples: int, words: str, words_zh: str) -> None:
    epochs = chosen({}, examples)["n_epochs"]
    assert epochs.reason == words
    assert words_zh in epochs.reason_zh


@pytest.mark.parametrize(
    ("name", "value", "words", "words_zh"),
    [
        (
            "n_epochs", 4,
            "4: as you asked; the guide's forms allow 1 to 10 and call 2 to 5 sensible",
            "4:按您的要求;指南的表单允许 1 至 10,并认为 2 至 5 较为合理",
        ),
        (
            "learning_rate", 1e-4,
            "0.0001: as you asked; the guide's forms allow 1e-05 to 0.001 and call 1e-05 to 0.0001 sensible",
            "0.0001:按您的要求;指南的表单允许 1e-05 至 0.001,并认为 1e-05 至 0.0001 较为合理",
        ),
        (
            "lora_alpha", 32,
            "32: as you asked; the guide's forms allow 8 to 128 and advise twice lora_r",
            "32:按您的要求;指南的表单允许 8 至 128,建议取 lora_r 的两倍",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_what_was_asked_for_is_measured_by_the_guide_in_either_place(
    name: str, value: float, words: str, words_zh: str, *, inside: bool
) -> None:
    asked = {name: value}
    method = {"type": "supervised", "supervised": {"hyperparameters": asked}}
    found = chosen({}, 240, method)[name] if inside else chosen(asked, 240)[name]
    assert (found.value, found.source) == (value, "request")
    assert (found.reason, found.reason_zh) == (words, words_zh)


def test_a_multiplier_gives_the_learning_rate() -> None:
    found = chosen({"learning_rate_multiplier": 3}, 240)
    rate, multiplier = found["learning_rate"], found["learning_rate_multiplier"]
    assert (multiplier.value, multiplier.source) == (3, "request")
    assert "multiplies the learning rate of the preset, 5e-05" in multiplier.reason
    assert (rate.value, rate.source) == (1.5e-4, "multiplier")
    assert rate.reason_zh == (
        "0.00015:5e-05 的 3 倍,5e-05 是指南为 100 至 1,000 条样本给出的预设(您有 240 条)"
    )
    assert rate.reason == (
        "0.00015: 3 times 5e-05, the guide's preset for 100 to 1,000 examples (you have 240)"
    )


def test_a_multiplier_that_contradicts_at_this_size_is_refused_as_the_job_would_be() -> None:
    asked = {"learning_rate_multiplier": 2, "learning_rate": 1e-4}
    assert chosen(asked, 240)["learning_rate"].source == "request"
    with pytest.raises(InvalidRequest, match="contradicts learning_rate_multiplier 2"):
        chosen(asked, 50)


def test_other_methods_leave_what_is_not_named_to_the_platform() -> None:
    dpo = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "n_epochs": 2, "batch_size": "auto"}}}
    found = chosen({"learning_rate_multiplier": 2, "batch_size": 16}, 240, dpo)
    assert (found["n_epochs"].value, found["n_epochs"].source) == (2, "request")
    assert (found["batch_size"].value, found["batch_size"].source) == (16, "request")
    assert (found["learning_rate"].value, found["learning_rate"].source) == (1e-4, "multiplier")
    assert (found["lora_r"].value, found["lora_r"].source) == (8, "platform")
    assert found["lora_r"].reason.startswith(
        "8: the platform decides; this plan reckons with the guide's preset"
    )
    assert found["lora_alpha"].reason_zh == "16:由平台决定;本计划的估算依据:lora_r 的两倍"
    assert "beta" not in found
