import json
from typing import Any

import pytest

from domain.errors import InvalidRequest
from domain.hyperparameters import check, merged, to_send

# The hard limits of the wire contract: the smallest and largest allowed, the nearest refused, "auto".
LIMITS: list[tuple[str, list[Any], list[Any]]] = [
    ("n_epochs", [1, 50, 3.0, "auto"], [0, 51, 2.5, -1, "3"]),
    ("batch_size", [1, 256, "auto"], [0, 257, 1.5]),
    ("learning_rate_multiplier", [1e-9, 2, "auto"], [0, -0.1]),
    ("learning_rate", [1e-9, 5e-5, 1, "auto"], [0, -1e-5]),
    ("lora_r", [1, 256, "auto"], [0, 257, 8.5]),
    ("lora_alpha", [1, 1024, "auto"], [0, 1025]),
    ("lora_dropout", [0, 0.3, 0.999, "auto"], [-0.01, 1]),
]
NEVER: list[Any] = [True, False, float("nan"), float("inf"), -float("inf"), 10**400, "", [], {}, "AUTO"]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, good, _ in LIMITS for value in good])
def test_a_value_within_its_limits_is_taken_as_it_is(name: str, value: object) -> None:
    assert check({name: value}) == {name: value}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, _, bad in LIMITS for value in (*bad, *NEVER)]
)
def test_a_value_beyond_its_limits_is_refused_by_name_with_value_and_range(name: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check({"n_epochs": 3, name: value}, param="method.supervised.hyperparameters")
    assert refused.value.param == f"method.supervised.hyperparameters.{name}"
    assert in_json(value)[:40] in refused.value.message
    assert "number" in refused.value.message


def in_json(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def test_null_is_the_same_as_not_given() -> None:
    assert check({"n_epochs": None, "lora_r": 8}) == {"lora_r": 8}


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("n_epoch", "n_epochs"), ("learning_rat", "learning_rate"), ("lora_rank", "lora_r")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(wrong: str, nearest: str) -> None:
    with pytest.raises(InvalidRequest, match=f"Did you mean '{nearest}'"):
        check({wrong: 3})


def test_a_name_near_none_is_refused_with_all_of_them() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check({"warmup": 3})
    assert refused.value.error_code == "unknown_parameter"
    assert all(name in refused.value.message for name, _, _ in LIMITS)


def test_a_long_name_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidRequest) as refused:
        check({"x" * 100_000: 3})
    assert len(refused.value.message) < 500


def test_a_whole_number_written_as_a_float_becomes_one() -> None:
    checked = check({"n_epochs": 3.0, "learning_rate": 1.0})
    assert [type(value) for value in checked.values()] == [int, float]


@pytest.mark.parametrize(
    ("value", "hint"), [("3", "without quotes"), (" 1e0 ", "without quotes"), ("AUTO", "lower case")]
)
def test_a_text_that_is_nearly_right_is_refused_with_a_hint(value: str, hint: str) -> None:
    with pytest.raises(InvalidRequest, match=hint):
        check({"n_epochs": value})


@pytest.mark.parametrize("value", ["nan", "inf", "three"])
def test_a_text_that_is_no_number_gets_no_hint(value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check({"n_epochs": value})
    assert refused.value.message.endswith('or "auto".')


def test_two_places_may_say_the_same_and_a_value_beats_auto() -> None:
    top, inner = {"n_epochs": 3, "batch_size": "auto", "lora_r": 8}, {"n_epochs": 3, "batch_size": 4}
    both = {"n_epochs": 3, "batch_size": 4, "lora_r": 8}
    assert merged(top, inner, inner_param="x") == both
    assert merged(inner, top, inner_param="x") == both


def test_two_places_that_say_different_things_are_both_named() -> None:
    with pytest.raises(InvalidRequest) as refused:
        merged({"lora_r": 8}, {"lora_r": 16}, inner_param="method.supervised.hyperparameters")
    assert refused.value.param == "hyperparameters.lora_r"
    assert "hyperparameters.lora_r is 8, but method.supervised.hyperparameters.lora_r is 16" in str(
        refused.value
    )


def test_the_platform_is_not_told_what_a_learning_rate_came_from() -> None:
    assert to_send({"learning_rate_multiplier": 2, "learning_rate": 1e-4}) == {"learning_rate": 1e-4}
    assert to_send({"learning_rate_multiplier": 2}) == {"learning_rate_multiplier": 2}


def test_auto_is_left_to_the_platform_by_leaving_it_out() -> None:
    assert to_send({"n_epochs": "auto", "batch_size": 4, "lora_dropout": 0}) == {
        "batch_size": 4,
        "lora_dropout": 0,
    }
