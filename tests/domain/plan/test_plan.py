"""A whole plan, by the function that the service calls."""

from decimal import Decimal
from typing import Any

import pytest

from domain import methods
from domain.plan.durations import Past
from domain.plan.facts import Files
from domain.plan.plan import Plan, Range, Steps, Surroundings, Tokens, make_plan
from domain.plan.prices import parse_prices


def planned(
    examples: int,
    asked: dict[str, Any] | None = None,
    *,
    tokens: Tokens | None = None,
    around: Surroundings | None = None,
    method: dict[str, Any] | None = None,
) -> Plan:
    return make_plan(
        model="qwen3-32b",
        tuning=methods.tuning(asked or {}, method),
        files=Files(examples=examples),
        tokens=tokens,
        around=around or Surroundings(),
    )


@pytest.mark.parametrize(("examples", "low", "high"), [(50, 5, 15), (200, 20, 40), (1000, 60, 120)])
def test_three_epochs_on_50_200_and_1000_examples_take_the_guide_s_minutes(
    examples: int, low: int, high: int
) -> None:
    time = planned(examples, {"n_epochs": 3}).duration
    assert low * 60 <= time.low <= time.high <= high * 60


@pytest.mark.parametrize(
    ("examples", "steps"),
    [
        (200, Steps(per_epoch=50, total=150)),
        (201, Steps(per_epoch=51, total=153)),
        (1, Steps(per_epoch=1, total=5)),
        (1_000_000, Steps(per_epoch=125_000, total=250_000)),
    ],
)
def test_steps_are_whole_batches_times_epochs(examples: int, steps: Steps) -> None:
    assert planned(examples).steps == steps


def test_a_plan_puts_everything_together() -> None:
    around = Surroundings(
        prices=parse_prices("*=CNY 40/Mtoken"),
        history=[Past(examples=200, n_epochs=3, seconds=1500)] * 3,
        place_in_queue=2,
    )
    made = planned(240, {"lora_alpha": 64}, tokens=Tokens(count=100_000, trained=40_000), around=around)
    assert (made.model, made.method, made.place_in_queue) == ("qwen3-32b", "supervised", 2)
    assert made.tokens_in_all == Range(low=300_000, high=300_000)
    assert [choice.name for choice in made.hyperparameters][-2:] == ["lora_alpha", "lora_dropout"]
    assert [risk.code for risk in made.risks] == ["alpha_not_twice_rank"]
    assert made.duration.basis == "the guide's points and 3 jobs of this project"
    assert (made.price.low, made.price.high) == (Decimal(12), Decimal(12))


def test_an_estimate_of_tokens_makes_a_range_of_tokens_and_of_the_price() -> None:
    around = Surroundings(prices=parse_prices("*=CNY 40/Mtoken"))
    made = planned(240, tokens=Tokens(count=100_000, trained=40_000, error=0.1), around=around)
    assert made.tokens_in_all == Range(low=270_000, high=330_000)
    assert (made.price.low, made.price.high) == (Decimal("10.80"), Decimal("13.20"))


def test_tokens_that_nobody_counted_are_left_out() -> None:
    made = planned(240, around=Surroundings(prices=parse_prices("*=CNY 40/Mtoken")))
    assert (made.tokens, made.tokens_in_all, made.price.low) == (None, None, None)


def test_long_examples_take_longer_than_the_short_ones_of_the_past() -> None:
    around = Surroundings(history=[Past(examples=200, n_epochs=3, seconds=1500, tokens=60_000)] * 5)
    short, long = (
        planned(200, tokens=Tokens(count=count, trained=count), around=around) for count in (20_000, 40_000)
    )
    assert short.duration.low < long.duration.low


def test_what_is_asked_for_of_examples_can_be_set() -> None:
    around = Surroundings(min_examples=300, recommended_examples=500)
    risk = planned(240, around=around).risks[0]
    assert risk.code == "too_few_examples"
    assert "fewer than 300" in risk.message
    assert "500" in risk.fix


def test_another_method_is_planned_with_what_it_names() -> None:
    made = planned(200, method={"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 1, "batch_size": 8}}})
    assert (made.method, made.steps) == ("dpo", Steps(per_epoch=25, total=25))
