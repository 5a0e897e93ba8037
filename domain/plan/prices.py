"""What a job costs, as a range: from a price table that whoever runs this service has set.

The platform publishes no prices through its API, so there are none in the code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from domain.model_limits import base_of
from domain.plan.durations import Duration
from domain.plan.words import Words, span

ANY_MODEL: Final = "*"
MILLION_TOKENS: Final = "Mtoken"
HOUR: Final = "hour"
_RATE: Final = re.compile(rf"([A-Z]{{3}}) ?([0-9]{{1,12}}(?:\.[0-9]{{1,6}})?)/({MILLION_TOKENS}|{HOUR})")
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rates:
    """What one model costs: an amount for each unit that is charged."""

    currency: str
    per: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Rates by the platform's name of the model; `*` stands for every model that is not named."""

    rates: Mapping[str, Rates] = field(default_factory=dict)

    def of(self, model: str) -> Rates | None:
        """Return the rates of a model; a tuned one costs what its base does unless it is named itself."""
        names = (model, base_of(model), ANY_MODEL)
        return next((self.rates[name] for name in names if name in self.rates), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A range in `currency`, to the cent; all three are None where there is none, and `basis` says why."""

    low: Decimal | None
    high: Decimal | None
    currency: str | None
    basis: str
    basis_zh: str


def parse_prices(text: str) -> PriceTable:
    """Read `qwen3-32b=CNY 40/Mtoken,qwen3-72b=CNY 18/hour,*=USD 3/Mtoken`.

    A model may stand there twice, once for each unit and in one currency: what both come to is added up.

    Raises:
        ValueError: an entry cannot be read; the message names it.
    """
    rates: dict[str, Rates] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        model, found = _entry(entry)
        rates[model] = _added(entry, rates.get(model), found)
    return PriceTable(rates)


def _entry(entry: str) -> tuple[str, Rates]:
    model, _, rate = (part.strip() for part in entry.rpartition("="))
    found = _RATE.fullmatch(rate)
    if not model or found is None:
        message = (
            f"{entry!r} is not a price; write it like qwen3-32b=CNY 40/{MILLION_TOKENS} or "
            f"{ANY_MODEL}=USD 3.50/{HOUR}"
        )
        raise ValueError(message)
    return model, Rates(found[1], {found[3]: Decimal(found[2])})


def _added(entry: str, before: Rates | None, found: Rates) -> Rates:
    if before is None:
        return found
    if before.currency != found.currency:
        message = f"{entry!r} is in {found.currency}, but the same model has a price in {before.currency}; "
        raise ValueError(message + "use one currency for one model")
    for unit in found.per.keys() & before.per.keys():
        message = f"{entry!r} is a second price per {unit} of the same model; keep one of the two"
        raise ValueError(message)
    return Rates(found.currency, {**before.per, **found.per})


def price(table: PriceTable, model: str, *, tokens: tuple[float, float] | None, duration: Duration) -> Price:
    """Return what training `model` costs.

    Args:
        table: the rates.
        model: the platform's name of it.
        tokens: to be trained on over all epochs, at least and at most; None where they were not counted.
        duration: how long it runs.
    """
    rates = table.of(model)
    if rates is None:
        return _none(Words(f"No price is set for {model}.", f"没有为 {model} 设置价格。"))
    if MILLION_TOKENS in rates.per and tokens is None:
        return _none(
            Words(
                f"{model} is charged by the token, and the tokens of this file have not been counted.",
                f"{model} 按 token 计费,而此文件的 token 数尚未统计。",
            )
        )
    parts = list(_parts(rates, tokens or (0, 0), duration))
    return Price(
        low=sum((low for low, _, _ in parts), Decimal(0)).quantize(_CENT, ROUND_FLOOR),
        high=sum((high for _, high, _ in parts), Decimal(0)).quantize(_CENT, ROUND_CEILING),
        currency=rates.currency,
        basis=" and ".join(words.en for _, _, words in parts),
        basis_zh=";另加 ".join(words.zh for _, _, words in parts),
    )


def _none(why: Words) -> Price:
    return Price(low=None, high=None, currency=None, basis=why.en, basis_zh=why.zh)


def _parts(
    rates: Rates, tokens: tuple[float, float], duration: Duration
) -> Iterator[tuple[Decimal, Decimal, Words]]:
    if MILLION_TOKENS in rates.per:
        amount = rates.per[MILLION_TOKENS]
        low, high = (amount * Decimal(count) / 1_000_000 for count in tokens)
        yield low, high, _by_token(f"{rates.currency} {amount}", span(*map(round, tokens)))
    if HOUR in rates.per:
        amount = rates.per[HOUR]
        low, high = (amount * seconds / 3600 for seconds in (duration.low, duration.high))
        minutes = span(duration.low // 60, -(-duration.high // 60))
        yield low, high, _by_hour(f"{rates.currency} {amount}", minutes)


def _by_token(rate: str, tokens: Words) -> Words:
    return Words(
        f"{rate} per million trained tokens, {tokens.en} tokens over all epochs",
        f"每百万训练 token {rate},所有轮次共 {tokens.zh} 个 token",
    )


def _by_hour(rate: str, minutes: Words) -> Words:
    return Words(f"{rate} an hour, {minutes.en} minutes", f"每小时 {rate},{minutes.zh} 分钟")
