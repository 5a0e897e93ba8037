"""The price table, and what a job costs by it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.plan.durations import Duration
from domain.plan.prices import PriceTable, parse_prices, price

HALF_TO_ONE_HOUR = Duration(low=1800, high=3600, basis="", basis_zh="")
TABLE = "qwen3-32b=CNY 40/Mtoken, qwen3-72b=CNY18/hour, qwen3-72b=CNY 0/Mtoken, *=USD 3.5/Mtoken"


def cost(model: str, *, tokens: tuple[float, float] | None, text: str = TABLE) -> tuple[str, str, str]:
    found = price(parse_prices(text), model, tokens=tokens, duration=HALF_TO_ONE_HOUR)
    return str(found.low), str(found.high), str(found.currency)


@pytest.mark.parametrize(
    ("model", "tokens", "expected"),
    [
        ("qwen3-32b", (1e6, 1e6), ("40.00", "40.00", "CNY")),
        ("qwen3-32b", (900_000.0, 1_100_000.0), ("36.00", "44.00", "CNY")),
        ("qwen3-32b", (1, 1), ("0.00", "0.01", "CNY")),  # outward to the cent
        ("ft:qwen3-32b:acme::1", (1e6, 1e6), ("40.00", "40.00", "CNY")),
        ("qwen3-72b", (1e6, 1e6), ("9.00", "18.00", "CNY")),
        ("another", (1e6, 2e6), ("3.50", "7.00", "USD")),
    ],
)
def test_a_price_is_a_range_in_the_model_s_currency(
    model: str, tokens: tuple[float, float], expected: tuple[str, str, str]
) -> None:
    assert cost(model, tokens=tokens) == expected


def test_what_is_charged_by_the_token_and_by_the_hour_is_added_up() -> None:
    table = parse_prices("m=CNY 40/Mtoken,m=CNY 18/hour")
    found = price(table, "m", tokens=(1e6, 2e6), duration=HALF_TO_ONE_HOUR)
    assert (found.low, found.high) == (Decimal(49), Decimal(98))
    assert found.basis == (
        "CNY 40 per million trained tokens, 1,000,000 to 2,000,000 tokens over all epochs "
        "and CNY 18 an hour, 30 to 60 minutes"
    )
    assert found.basis_zh == (
        "每百万训练 token CNY 40,所有轮次共 1,000,000 至 2,000,000 个 token;另加 每小时 CNY 18,30 至 60 分钟"
    )


def test_the_hour_s_price_needs_no_tokens() -> None:
    assert cost("m", tokens=None, text="m=USD 2/hour") == ("1.00", "2.00", "USD")


@pytest.mark.parametrize(
    ("text", "why", "why_zh"),
    [
        ("", "No price is set for m.", "没有为 m 设置价格。"),
        ("m=USD 3/Mtoken", "have not been counted", "尚未统计"),
    ],
)
def test_where_there_is_no_price_the_reason_is_given(text: str, why: str, why_zh: str) -> None:
    found = price(parse_prices(text), "m", tokens=None, duration=HALF_TO_ONE_HOUR)
    assert (found.low, found.high, found.currency) == (None, None, None)
    assert why in found.basis
    assert why_zh in found.basis_zh


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("qwen3-32b", r"'qwen3-32b' is not a price; write it like"),
        ("=CNY 40/Mtoken", r"'=CNY 40/Mtoken' is not a price"),
        ("a=CNY 1/hour,m=40/Mtoken", r"'m=40/Mtoken' is not a price"),
        ("m=CNY 4,5/hour", r"'m=CNY 4' is not a price"),
        ("m=CNY -1/hour", "is not a price"),
        ("m=CNY NaN/hour", "is not a price"),
        ("m=cny 1/hour", "is not a price"),
        ("m=CNY 1/day", "is not a price"),
        ("m=CNY \u0661/hour", "is not a price"),
        ("m=CNY 1/hour,m=USD 1/Mtoken", r"'m=USD 1/Mtoken' is in USD, but .* in CNY; use one currency"),
        ("m=CNY 0/hour,m=CNY 2/hour", r"'m=CNY 2/hour' is a second price per hour"),
        ("m=CNY 1/hour,m=CNY 1/Mtoken,m=CNY 1/Mtoken", "second price per Mtoken"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_prices(text)


def test_empty_entries_are_skipped() -> None:
    assert parse_prices(" , ") == PriceTable()


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.decimals(0, 10**12 - 1, places=6),
    st.decimals(0, 10**12 - 1, places=6),
    st.floats(0, 1e15),
    st.floats(0, 1),
    st.integers(1, 10**8),
)
def test_any_price_holds_what_it_comes_to(
    by_token: Decimal, by_hour: Decimal, count: float, error: float, seconds: int
) -> None:
    table = parse_prices(f"m=USD {by_token:f}/Mtoken,m=USD {by_hour:f}/hour")
    time = Duration(low=seconds, high=2 * seconds, basis="", basis_zh="")
    found = price(table, "m", tokens=(count * (1 - error), count * (1 + error)), duration=time)
    assert found.low is not None
    assert found.high is not None
    exactly = float(by_token) * count / 1e6 + float(by_hour) * 1.5 * seconds / 3600
    assert float(found.low) <= exactly * (1 + 1e-9) + 1e-9
    assert float(found.high) >= exactly * (1 - 1e-9) - 1e-9
