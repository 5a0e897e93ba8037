"""Plans: what a job would come to, told before it is made. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.queries import file_reports, models, plans
from db.session import AnyRow, Session
from domain import ids
from domain.errors import InvalidTrainingFile
from domain.methods import Tuning
from domain.model_limits import context_length
from domain.plan.durations import Past
from domain.plan.facts import Files
from domain.plan.plan import Plan, Surroundings, Tokens, make_plan
from domain.plan.prices import PriceTable
from domain.training_data.estimate import ERROR, TRAINED_SHARE
from domain.training_data.findings import Finding
from domain.training_data.quality.leak import Fingerprints, leak
from domain.training_data.report import unpacked
from domain.training_data.tokens import TokenCounts
from domain.wording import sentence

MOST_PAST_JOBS: Final = 100
MOST_TUNED_MODELS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A job that may be created."""

    platform_model: str
    training_file_id: str
    validation_file_id: str | None
    tuning: Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a plan is made from: the reports on the two files, and what the project did before."""

    wish: Wish
    training: AnyRow
    validation: AnyRow | None
    around: Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and what the two files have in common that they should not."""

    plan: Plan
    leaks: tuple[Finding, ...]


async def ground(session: Session, *, project_id: str, wish: Wish, prices: PriceTable) -> Ground:
    """Return what there is to plan a job from.

    Raises:
        InvalidTrainingFile: a file is missing, has faults, or was not checked.
    """
    training = await _report(session, project_id, wish, "training_file")
    validation = None
    if wish.validation_file_id is not None:
        validation = await _report(session, project_id, wish, "validation_file")
    around = await _surroundings(session, project_id, wish, prices)
    return Ground(wish=wish, training=training, validation=validation, around=around)


def plan(ground: Ground) -> Planned:
    """Plan a job. To compare two files takes tenths of a second.

    Raises:
        InvalidRequest: the learning rate contradicts its multiplier for a file of this size.
    """
    wish, training, validation = ground.wish, ground.training, ground.validation
    files = Files(
        examples=training.examples,
        validation_examples=None if validation is None else validation.examples,
        over_long_examples=_over_long(training, wish.platform_model),
    )
    made = make_plan(
        model=wish.platform_model,
        tuning=wish.tuning,
        files=files,
        tokens=_tokens(training),
        around=ground.around,
    )
    return Planned(plan=made, leaks=() if validation is None else _leaks(training, validation))


async def _report(session: Session, project_id: str, wish: Wish, param: str) -> AnyRow:
    file_id = str(wish.training_file_id if param == "training_file" else wish.validation_file_id)
    also = ("token_counts", "fingerprints") if wish.validation_file_id else ("token_counts",)
    known = ids.is_id(ids.FILE, file_id)
    row = known and await file_reports.report_of_file(
        session, project_id=project_id, file_id=file_id, also=also
    )
    if not row:
        message = f"There is no training file {file_id!r:.200} in this project. Upload it first."
        raise InvalidTrainingFile(message, param=param)
    if row.status == "error" or not row.examples:
        why = sentence(row.status_details or "it holds no example")
        message = f"The file {file_id} cannot be used: {why} Upload a corrected file."
        raise InvalidTrainingFile(message, param=param)
    return row


def _tokens(row: AnyRow) -> Tokens:
    """Return the exact tokens once a worker counted them, an estimate until then."""
    counted: Mapping[str, Any] | None = None
    if row.examined is not None:
        counted = unpacked(row.examined)["figures"].get("tokens")
    if counted is not None:
        return Tokens(count=counted["total"], trained=counted["trained"])
    estimated = unpacked(row.structure)["estimated_tokens"]
    return Tokens(count=estimated, trained=round(estimated * TRAINED_SHARE), error=ERROR)


def _over_long(row: AnyRow, model: str) -> int | None:
    limit = context_length(model)
    if limit is None or row.token_counts is None:
        return None
    return sum(1 for tokens in TokenCounts.from_bytes(row.token_counts).total if tokens > limit)


def _leaks(training: AnyRow, validation: AnyRow) -> tuple[Finding, ...]:
    if training.fingerprints is None or validation.fingerprints is None:
        return ()
    both = (Fingerprints.from_bytes(row.fingerprints) for row in (training, validation))
    return leak(*both).findings


async def _surroundings(session: Session, project_id: str, wish: Wish, prices: PriceTable) -> Surroundings:
    past = await plans.past_jobs(
        session, project_id=project_id, platform_model=wish.platform_model, limit=MOST_PAST_JOBS
    )
    tuned = await models.tuned_models(session, project_id=project_id, limit=MOST_TUNED_MODELS)
    return Surroundings(
        history=_history(past),
        prices=prices,
        tuned_models=[name for name, *_ in tuned],
        place_in_queue=await plans.jobs_waiting(session, project_id=project_id),
    )


def _history(rows: Sequence[AnyRow]) -> list[Past]:
    return [
        Past(
            examples=row.examples,
            n_epochs=row.n_epochs,
            seconds=float(row.seconds),
            tokens=row.trained_tokens,
        )
        for row in rows
        if isinstance(row.n_epochs, int) and row.n_epochs > 0
    ]
