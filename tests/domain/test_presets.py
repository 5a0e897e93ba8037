"""The guide's presets, and what they make of a request."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import methods, presets
from domain.errors import InvalidRequest
from domain.hyperparameters import LIMITS, to_send
from domain.methods import Tuning
from domain.presets import Variant, size_of, variants

GUIDE = {"n_epochs", "batch_size", "learning_rate", "lora_r", "lora_alpha", "lora_dropout"}
# What the guide's own client sends when nobody says anything.
CLIENT = {
    "n_epochs": 3, "batch_size": 4, "learning_rate": 5e-5,
    "lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.05,
}  # fmt: skip


@pytest.mark.parametrize(
    ("examples", "size"), [(0, 0), (99, 0), (100, 1), (1000, 1), (1001, 2), (10**9, 2), (None, 1)]
)
def test_the_size_of_a_file_is_counted_in_examples(examples: int | None, size: int) -> None:
    assert size_of(examples) == size


@pytest.mark.parametrize("asked", [{}, dict.fromkeys(LIMITS, "auto")])
def test_what_nobody_names_comes_from_the_preset_of_the_size(asked: dict[str, Any]) -> None:
    small, medium, large = variants(asked)
    assert small == Variant(CLIENT | {"n_epochs": 5, "batch_size": 2, "learning_rate": 1e-4} | rank(4))
    assert medium == Variant(CLIENT)
    assert large == Variant(CLIENT | {"n_epochs": 2, "batch_size": 8, "learning_rate": 2e-5} | rank(16))


def rank(r: int) -> dict[str, int]:
    return {"lora_r": r, "lora_alpha": 2 * r}


def test_where_everything_is_named_the_size_changes_nothing() -> None:
    assert variants(CLIENT) == (Variant(CLIENT),)


def test_a_multiplier_is_kept_and_multiplies_the_preset_s_learning_rate() -> None:
    found = [variant.hyperparameters for variant in variants({"learning_rate_multiplier": 3}) if variant]
    assert [one["learning_rate"] for one in found] == [3e-4, 1.5e-4, 6e-5]
    assert {one["learning_rate_multiplier"] for one in found} == {3}
    assert all("learning_rate_multiplier" not in to_send(one) for one in found)


def test_a_multiplier_beside_its_own_learning_rate_fits_one_size_alone() -> None:
    small, medium, large = variants({"learning_rate_multiplier": 2, "learning_rate": 1e-4})
    assert (small, large) == (None, None)
    assert medium is not None
    assert medium.hyperparameters["learning_rate"] == 1e-4


def test_what_comes_back_can_be_sent_again() -> None:
    for variant, size in zip(variants({"learning_rate_multiplier": 0.7}), range(3), strict=True):
        assert variant is not None
        again = variants(variant.hyperparameters)
        assert again[size if len(again) > 1 else 0] == variant


def test_the_variant_for_a_file_is_chosen_by_its_size() -> None:
    every = variants({})
    assert [presets.chosen(every, examples) for examples in (50, None, 5000)] == list(every)
    assert presets.chosen(variants(CLIENT), 5000) == Variant(CLIENT)
    assert presets.chosen(variants({"learning_rate_multiplier": 2, "learning_rate": 1e-4}), 50) is None


def test_a_multiplier_that_contradicts_at_every_size_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"contradicts learning_rate_multiplier 2, .* 0\.0002, 0\.0001"):
        variants({"learning_rate_multiplier": 2, "learning_rate": 0.5})


def test_a_multiplier_too_small_to_multiply_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        variants({"learning_rate_multiplier": 5e-324})
    assert refused.value.param == "hyperparameters.learning_rate_multiplier"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"n_epochs": 20}, "n_epochs 20 (1 to 10; 2 to 5 is sensible"),
        ({"batch_size": 17}, "batch_size 17 (1 to 16"),
        ({"learning_rate": 0.5}, "learning_rate 0.5 (1e-05 to 0.001"),
        ({"learning_rate_multiplier": 1000}, "learning_rate 0.1 (1e-05"),
        ({"lora_r": 2}, "lora_r 2 (4 to 64"),
        ({"lora_alpha": 1024}, "lora_alpha 1024 (8 to 128; twice lora_r)"),
        ({"lora_dropout": 0.9}, "lora_dropout 0.9 (0 to 0.3"),
    ],
)
def test_what_the_guide_s_forms_would_not_take_is_warned_about(asked: dict[str, Any], words: str) -> None:
    first = variants(asked)[0]
    assert first is not None
    assert first.warning is not None
    assert words in first.warning
    assert first.warning.count("(") == 1


def test_a_method_s_hyperparameters_are_shown_as_they_were_resolved() -> None:
    tuning = methods.tuning({}, {"type": "supervised", "supervised": {"hyperparameters": None, "x": 1}})
    assert methods.with_hyperparameters(tuning.method, CLIENT) == {
        "type": "supervised", "supervised": {"x": 1, "hyperparameters": CLIENT},
    }  # fmt: skip


def test_other_methods_pass_through_as_they_were_sent() -> None:
    dpo = {"hyperparameters": {"beta": "auto", "n_epochs": 2.0}}
    tuning = methods.tuning({"batch_size": 4}, {"type": "dpo", "dpo": dpo})
    assert tuning.method == {"type": "dpo", "dpo": {"hyperparameters": {"beta": "auto", "n_epochs": 2}}}
    assert tuning.variants == (Variant({"batch_size": 4}),)
    graded = {"grader": {"type": "x"}, "hyperparameters": {"eval_samples": 1, "reasoning_effort": "low"}}
    assert methods.tuning({}, {"type": "reinforcement", "reinforcement": graded}).method == {
        "type": "reinforcement", "reinforcement": graded,
    }  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("auto"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
HYPERPARAMETERS = st.dictionaries(
    st.sampled_from([*LIMITS, "beta", "n_epoch", ""]),
    st.integers(0, 300) | st.floats(0, 2) | JSON,
    max_size=4,
)
METHOD = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["supervised", "dpo", "reinforcement"]) | JSON,
        "supervised": st.fixed_dictionaries({"hyperparameters": HYPERPARAMETERS}) | JSON,
        "dpo": st.fixed_dictionaries({"hyperparameters": HYPERPARAMETERS}) | JSON,
        "reinforcement": JSON,
    },
)


def tuning_or_refusal(top: dict[str, Any], method: dict[str, Any] | None) -> Tuning | InvalidRequest:
    try:
        return methods.tuning(top, method)
    except InvalidRequest as refused:
        return refused


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(HYPERPARAMETERS, METHOD)
def test_any_json_is_refused_or_resolved_within_the_hard_limits(
    top: dict[str, Any], method: dict[str, Any] | None
) -> None:
    came = tuning_or_refusal(top, method)
    if isinstance(came, InvalidRequest):
        assert came.param
        assert len(came.message) < 500
        return
    assert len(came.variants) in (1, len(presets.PRESETS))
    supervised = came.method is None or came.method["type"] == "supervised"
    for variant in filter(None, came.variants):
        sent = to_send(variant.hyperparameters)
        assert set(sent) == GUIDE if supervised else set(sent) <= set(LIMITS)
        assert all(LIMITS[name].allows(value) for name, value in sent.items())
