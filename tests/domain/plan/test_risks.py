"""Each rule about a risk, where it speaks and where it does not; the guide's own choices are safe."""

import string
from typing import Any

import pytest

from domain.plan.facts import Facts, Files
from domain.plan.file_rules import FILE_RULES
from domain.plan.risks import remedies, risks
from domain.plan.rules import RULES
from domain.presets import variants
from domain.training_data.findings import Finding

CLIENT = {
    "n_epochs": 3, "batch_size": 4, "learning_rate": 5e-5,
    "lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.05,
}  # fmt: skip
"""What the guide's own client sends."""
LARGE = {"examples": 5000, "validation_examples": 500}


def found(
    files: dict[str, Any] | None = None, *, model: str = "qwen3-32b", **changed: float
) -> list[Finding]:
    hyperparameters = {**CLIENT, **changed}
    if "lora_r" in changed:
        hyperparameters["lora_alpha"] = changed.get("lora_alpha", 2 * changed["lora_r"])
    facts = Facts(
        files=Files(**{"examples": 200, **(files or {})}),
        model=model,
        hyperparameters=hyperparameters,
        tuned_models={"shop-v1"},
    )
    return list(risks(facts))


def codes(files: dict[str, Any] | None = None, *, model: str = "qwen3-32b", **changed: float) -> list[str]:
    return [finding.code for finding in found(files, model=model, **changed)]


# code, where it speaks, and where it is just silent: files, and the hyperparameters that differ.
CASES: list[tuple[str, tuple[dict[str, Any], dict[str, float]], tuple[dict[str, Any], dict[str, float]]]] = [
    ("many_epochs_few_examples", ({}, {"n_epochs": 5}), ({}, {"n_epochs": 4})),
    ("many_epochs_few_examples", ({"examples": 60}, {"n_epochs": 8}), ({"examples": 60}, {"n_epochs": 5})),
    ("many_epochs_much_data", (LARGE, {"n_epochs": 4}), (LARGE, {"n_epochs": 3})),
    (
        "high_learning_rate_many_epochs",
        ({}, {"learning_rate": 2e-4}),
        ({}, {"learning_rate": 1e-4, "n_epochs": 5}),
    ),
    (
        "high_learning_rate_many_epochs",
        ({}, {"learning_rate": 5e-4}),
        ({}, {"learning_rate": 5e-4, "n_epochs": 2}),
    ),
    ("high_learning_rate_many_epochs", ({}, {"n_epochs": 11}), ({}, {"learning_rate": 4e-5, "n_epochs": 20})),
    ("high_rank_few_examples", ({}, {"lora_r": 32}), ({}, {"lora_r": 16})),
    ("high_rank_few_examples", ({"examples": 60}, {"lora_r": 16}), (LARGE, {"lora_r": 64})),
    ("alpha_not_twice_rank", ({}, {"lora_alpha": 32}), ({}, {"lora_r": 4})),
    (
        "batch_larger_than_data",
        ({"examples": 15}, {"batch_size": 16}),
        ({"examples": 16}, {"batch_size": 16}),
    ),
    ("few_steps", ({"examples": 48}, {"batch_size": 16}), ({"examples": 49}, {"batch_size": 16})),
    ("few_steps", ({"examples": 10}, {}), ({"examples": 2}, {"batch_size": 2, "n_epochs": 5})),
    ("outside_guide_forms", ({}, {"n_epochs": 11}), ({}, {"n_epochs": 10})),
    ("outside_guide_forms", ({}, {"batch_size": 17}), ({}, {"batch_size": 16})),
    ("outside_guide_forms", ({}, {"learning_rate": 9e-6}), ({}, {"learning_rate": 1e-5})),
    ("outside_guide_forms", ({}, {"lora_r": 3}), ({}, {"lora_r": 4})),
    ("outside_guide_forms", (LARGE, {"lora_alpha": 7}), (LARGE, {"lora_alpha": 8})),
    ("outside_guide_forms", ({}, {"lora_dropout": 0.4}), ({}, {"lora_dropout": 0.3})),
    ("outside_sensible_range", ({}, {"n_epochs": 1}), ({}, {"n_epochs": 2})),
    ("outside_sensible_range", ({}, {"batch_size": 9}), ({}, {"batch_size": 8})),
    ("outside_sensible_range", ({}, {"lora_dropout": 0}), ({}, {"lora_dropout": 0.1})),
    ("outside_sensible_range", (LARGE, {"lora_r": 33}), (LARGE, {"lora_r": 32})),
    ("outside_sensible_range", (LARGE, {"n_epochs": 1}), (LARGE, {"n_epochs": 7})),  # said by another rule
    ("too_few_examples", ({"examples": 19}, {}), ({"examples": 20}, {})),
    ("few_examples", ({"examples": 49}, {}), ({"examples": 50}, {})),
    ("few_examples", ({"examples": 20}, {}), ({"examples": 19}, {})),
    ("over_long_examples", ({"over_long_examples": 1}, {}), ({"over_long_examples": 0}, {})),
    ("no_validation_file", ({"examples": 1001}, {}), ({"examples": 1000}, {})),
    ("no_validation_file", ({"examples": 5000}, {}), (LARGE, {})),
    ("large_validation_file", ({"validation_examples": 160}, {}), ({"validation_examples": 159}, {})),
]


@pytest.mark.parametrize(("code", "speaks", "silent"), CASES)
def test_a_rule_speaks_on_one_side_of_its_line_alone(code: str, speaks: Any, silent: Any) -> None:
    assert code in codes(speaks[0], **speaks[1])
    assert code not in codes(silent[0], **silent[1])


@pytest.mark.parametrize(
    ("model", "tuned"),
    [("ft:qwen3-32b:acme::1", True), ("shop-v1", True), ("qwen3-32b", False), ("shop-v2", False)],
)
def test_tuning_a_tuned_model_again_is_discouraged(model: str, *, tuned: bool) -> None:
    assert codes(model=model) == (["tuned_again"] if tuned else [])


def test_every_rule_has_a_case_above() -> None:
    tried = {code for code, _, _ in CASES} | {"tuned_again"}
    assert {rule.code for rule in (*RULES, *FILE_RULES)} <= tried


def test_what_the_guide_s_own_client_sends_is_safe() -> None:
    assert codes() == []


@pytest.mark.parametrize("size", [range(1, 100), range(100, 1001, 50), range(1001, 100_000, 9999)])
def test_a_preset_on_its_own_size_is_never_a_risky_combination(size: range) -> None:
    for examples in size:
        made = variants({})[0 if examples < 100 else 1 if examples <= 1000 else 2]
        assert made is not None
        said = codes({"examples": examples, "validation_examples": examples // 10}, **made.hyperparameters)
        assert set(said) <= {"too_few_examples", "few_examples"}


def test_remedies_come_in_the_guide_s_order_and_only_where_there_is_something_left_to_do() -> None:
    facts = Facts(
        files=Files(examples=200),
        model="qwen3-32b",
        hyperparameters={**CLIENT, "n_epochs": 5, "lora_r": 16, "lora_alpha": 32},
    )
    assert remedies(facts).en == (
        "fewer epochs (n_epochs 5 → 3), more dropout (lora_dropout 0.05 → 0.1), "
        "a lower rank (lora_r 16 → 8), more diverse data"
    )
    assert remedies(facts).zh == (
        "减少轮数(n_epochs 5 → 3)、提高 dropout(lora_dropout 0.05 → 0.1)、降低秩(lora_r 16 → 8)、"
        "增加数据的多样性"
    )
    done = Facts(files=Files(examples=200), model="m", hyperparameters={**CLIENT, "lora_dropout": 0.1})
    assert remedies(done).en == "more diverse data"


def test_findings_come_in_the_order_of_the_rules_with_the_request_s_figures() -> None:
    said = found(
        {"examples": 1200},
        n_epochs=12,
        learning_rate=2e-4,
        lora_r=65,
        lora_alpha=64,
        model="ft:qwen3-32b:a::1",
    )
    assert [finding.code for finding in said] == [
        "many_epochs_much_data",
        "high_learning_rate_many_epochs",
        "alpha_not_twice_rank",
        "outside_guide_forms",
        "outside_guide_forms",
        "no_validation_file",
        "tuned_again",
    ]
    assert said[0].message.startswith("12 epochs on 1,200 examples: ")
    assert said[0].fix == "Use n_epochs 2, the guide's preset for this size."
    assert said[3].message == "n_epochs 12 is outside of what the platform's own forms allow, 1 to 10."
    assert said[3].fix == "Use a value from 1 to 10: 2 to 5 is sensible, fewer when it over-fits."
    assert said[3].fix_zh == "请在 1 至 10 之间取值:建议取 2 至 5,过拟合时减少轮数。"
    assert (
        said[6].message_zh == "ft:qwen3-32b:a::1 已经过微调:不建议再次微调,模型会遗忘上一次微调所学的内容。"
    )


@pytest.mark.parametrize("rule", [*RULES, *FILE_RULES], ids=lambda rule: rule.code)
def test_both_languages_name_the_same_figures(rule: Any) -> None:
    for words in (rule.message, rule.fix):
        english, chinese = (
            sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in words
        )
        assert english == chinese
