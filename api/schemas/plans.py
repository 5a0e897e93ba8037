"""Plans, and the limits of models, on the wire."""

from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.file_reports import ReportedWarning
from domain.model_limits import ModelLimits
from domain.plan.plan import Plan
from domain.training_data.findings import Finding
from domain.wording import in_chinese
from services.plans import Planned


class PlannedTokens(BaseModel):
    """The tokens of the training file, in one epoch and in all."""

    count: int = Field(description="All tokens of one epoch.")
    trained: int = Field(description="Those of them that the model learns to say.")
    error: float = Field(description="The share by which both may be off; 0 once a worker has counted them.")
    in_all_low: int = Field(description="Over all epochs, at least.")
    in_all_high: int = Field(description="Over all epochs, at most.")


class PlannedSteps(BaseModel):
    """How many times the weights change."""

    per_epoch: int = Field(description="In one epoch.")
    total: int = Field(description="In all.")


class PlannedHyperparameter(BaseModel):
    """A hyperparameter that the job would get, and why."""

    name: str = Field(description="Its name.")
    value: float = Field(description="Its value.")
    source: str = Field(description="`request`, `preset`, `default`, `multiplier` or `platform`.")
    reason: str = Field(description="Why it has this value.")
    reason_zh: str = Field(description="Why it has this value, in Chinese.")


class PlannedDuration(BaseModel):
    """How long the job would run, in seconds; waiting in the queue comes on top."""

    low: int = Field(description="At least.")
    high: int = Field(description="At most.")
    basis: str = Field(description="What the range is made from.")
    basis_zh: str = Field(description="What the range is made from, in Chinese.")


class PlannedPrice(BaseModel):
    """What the job would cost, if the service has a price for the model."""

    low: str | None = Field(description="At least, as a decimal number; null without a price.")
    high: str | None = Field(description="At most, as a decimal number; null without a price.")
    currency: str | None = Field(description="The currency; null without a price.")
    basis: str = Field(description="What the range is made from, or why there is none.")
    basis_zh: str = Field(description="The same in Chinese.")


class PlanOut(BaseModel):
    """Everything that can be said about a job before it is made."""

    object: Literal["fine_tuning.plan"] = "fine_tuning.plan"
    model: str = Field(description="The platform's name of the model to start from.")
    method: str = Field(description="`supervised`, `dpo` or `reinforcement`.")
    training_file: str = Field(description="Id of the training file.")
    validation_file: str | None = Field(description="Id of the validation file, if there is one.")
    examples: int = Field(description="Examples to train on.")
    validation_examples: int | None = Field(description="Examples to measure on; null without such a file.")
    tokens: PlannedTokens | None = Field(description="Tokens of the training file.")
    steps: PlannedSteps = Field(description="Steps of the training.")
    hyperparameters: list[PlannedHyperparameter] = Field(description="All that the job would be sent with.")
    risks: list[ReportedWarning] = Field(description="What may go wrong with these values and these files.")
    duration: PlannedDuration = Field(description="How long it would run.")
    price: PlannedPrice = Field(description="What it would cost.")
    place_in_queue: int | None = Field(description="How many jobs of the project are sent before it.")


class LimitsOut(BaseModel):
    """What may be asked of a model."""

    object: Literal["model.limits"] = "model.limits"
    model: str = Field(description="The platform's name of the model.")
    context_length: int | None = Field(description="Tokens that an example may have; null if not known.")
    methods: dict[str, list[str]] = Field(description="Ways to tune, each with its hyperparameters.")
    hyperparameters: list[dict[str, Any]] = Field(
        description="Of each: what is `allowed`, what the platform's guide's forms allow, what is sensible, "
        "its default, its presets by size of the file, and advice in both languages."
    )
    files: dict[str, int] = Field(description="Bytes of a file and of a line; examples, at least and better.")


def plan_out(planned: Planned, *, training_file: str, validation_file: str | None) -> PlanOut:
    """Show a plan."""
    plan = planned.plan
    return PlanOut(
        model=plan.model,
        method=plan.method,
        training_file=training_file,
        validation_file=validation_file,
        examples=plan.files.examples,
        validation_examples=plan.files.validation_examples,
        tokens=_tokens(plan),
        steps=PlannedSteps(**asdict(plan.steps)),
        hyperparameters=[PlannedHyperparameter(**_shown(choice)) for choice in plan.hyperparameters],
        risks=[_warning(finding) for finding in (*plan.risks, *planned.leaks)],
        duration=PlannedDuration(**_shown(plan.duration)),
        price=_price(plan),
        place_in_queue=plan.place_in_queue,
    )


def _tokens(plan: Plan) -> PlannedTokens | None:
    if plan.tokens is None or plan.tokens_in_all is None:
        return None
    in_all = plan.tokens_in_all
    return PlannedTokens(**asdict(plan.tokens), in_all_low=in_all.low, in_all_high=in_all.high)


def _price(plan: Plan) -> PlannedPrice:
    low, high = (None if end is None else str(end) for end in (plan.price.low, plan.price.high))
    return PlannedPrice(
        low=low,
        high=high,
        currency=plan.price.currency,
        basis=plan.price.basis,
        basis_zh=in_chinese(plan.price.basis_zh),
    )


def _warning(finding: Finding) -> ReportedWarning:
    return ReportedWarning.model_validate(_shown(finding))


def _shown(value: Any) -> dict[str, Any]:
    """Return a dataclass as a mapping, its Chinese texts with Chinese punctuation."""
    return {name: in_chinese(told) if name.endswith("_zh") else told for name, told in asdict(value).items()}


def limits_out(limits: ModelLimits) -> LimitsOut:
    """Show what may be asked of a model."""
    return LimitsOut.model_validate(asdict(limits))
