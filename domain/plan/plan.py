"""A plan: everything that can be said about a job before it is made."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from domain.methods import SUPERVISED, Tuning
from domain.plan.durations import Duration, Past, duration
from domain.plan.facts import Facts, Files, steps_in_all, steps_per_epoch
from domain.plan.prices import Price, PriceTable, price
from domain.plan.reasons import Choice, choices
from domain.plan.risks import risks
from domain.presets import EXAMPLES_WORK_WELL, FEWEST_EXAMPLES
from domain.training_data.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of a training file, in one epoch.

    `count` are all that the model reads, `trained` those of them that it learns to say (the answers). `error`
    is the share by which both may be off, 0 where they were counted one by one.
    """

    count: int
    trained: int
    error: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """At least and at most; the same number twice where it is exact."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How many times the weights change."""

    per_epoch: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the service knows beside the request.

    `history` are the project's own jobs on this model that succeeded, `tuned_models` the platform's names of
    its tuned models, `place_in_queue` how many jobs are to run before this one, None if that is not known.
    """

    history: Sequence[Past] = ()
    prices: PriceTable = field(default_factory=PriceTable)
    tuned_models: Collection[str] = ()
    place_in_queue: int | None = None
    min_examples: int = FEWEST_EXAMPLES
    recommended_examples: int = EXAMPLES_WORK_WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would come to.

    `tokens_in_all` is over all epochs: what jobs report, and platforms charge, as trained tokens. It and
    `tokens` are None where nobody counted. `duration` does not include the waiting in the queue.
    """

    model: str
    method: str
    files: Files
    tokens: Tokens | None
    tokens_in_all: Range | None
    steps: Steps
    hyperparameters: tuple[Choice, ...]
    risks: tuple[Finding, ...]
    duration: Duration
    price: Price
    place_in_queue: int | None


def make_plan(
    *, model: str, tuning: Tuning, files: Files, tokens: Tokens | None, around: Surroundings
) -> Plan:
    """Plan a job.

    Args:
        model: the platform's name of the model to start from.
        tuning: what the request says, checked: `methods.tuning`.
        files: the files; at least one example.
        tokens: of the training file.
        around: what the service knows.

    Raises:
        InvalidRequest: for a file of this size the learning rate contradicts its multiplier.
    """
    chosen = choices(tuning, files.examples)
    values = {choice.name: choice.value for choice in chosen}
    epochs = int(values["n_epochs"])
    in_all = None if tokens is None else _in_all(tokens, epochs)
    count = None if tokens is None else tokens.count * epochs
    time = duration(files.examples, epochs, around.history, tokens=count)
    span = None if in_all is None else (in_all.low, in_all.high)
    return Plan(
        model=model,
        method=str((tuning.method or {}).get("type", SUPERVISED)),
        files=files,
        tokens=tokens,
        tokens_in_all=in_all,
        steps=Steps(
            per_epoch=steps_per_epoch(files.examples, values), total=steps_in_all(files.examples, values)
        ),
        hyperparameters=chosen,
        risks=risks(_facts(model, files, values, around)),
        duration=time,
        price=price(around.prices, model, tokens=span, duration=time),
        place_in_queue=around.place_in_queue,
    )


def _in_all(tokens: Tokens, epochs: int) -> Range:
    low, high = (tokens.count * epochs * (1 + sign * tokens.error) for sign in (-1, 1))
    return Range(low=math.floor(low), high=math.ceil(high))


def _facts(model: str, files: Files, values: Mapping[str, float], around: Surroundings) -> Facts:
    return Facts(
        files=files,
        model=model,
        hyperparameters=values,
        tuned_models=around.tuned_models,
        min_examples=around.min_examples,
        recommended_examples=around.recommended_examples,
    )
