"""`tuneward data plan`: what a job with this file would come to."""

import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.data.language import Lang, Language, Words, spoken
from cli.data.options import File, MaxLineBytes, Model, Processes

if TYPE_CHECKING:
    from cli.data.checking import Checked, Terms, Validation
    from domain.methods import Tuning
    from domain.plan.plan import Plan
    from domain.plan.prices import PriceTable
    from domain.training_data.findings import Finding

_BAD_VALUE: Final = Words(
    "--hyperparameter: '{entry}' is not NAME=VALUE, such as learning_rate=5e-5.",
    "--hyperparameter:'{entry}' 不是 名称=值 的形式,例如 learning_rate=5e-5。",
)
_TWO_EPOCHS: Final = Words(
    "--epochs {epochs} and --hyperparameter n_epochs={other} contradict each other; leave one out.",
    "--epochs {epochs} 与 --hyperparameter n_epochs={other} 相互矛盾;请去掉其中一个。",
)
_BAD_PRICES: Final = Words("--prices: {why}.", "--prices 无法识别:{why}。")


def plan(  # noqa: PLR0913, PLR0917 - these are the options of a command
    file: File,
    validation: Annotated[str | None, typer.Option(help="The validation file.")] = None,
    model: Model = "qwen3-32b",
    epochs: Annotated[int | None, typer.Option(help="n_epochs; else by the size of the file.")] = None,
    hyperparameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Any of them; may be given several times.")
    ] = None,
    prices: Annotated[
        str, typer.Option(envvar="TUNEWARD_PRICES", help="Such as qwen3-32b=CNY 40/Mtoken.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what POST /v1/fine_tuning/plans answers.")
    ] = False,
    max_line_bytes: MaxLineBytes = 4 * 1024**2,
    processes: Processes = None,
    lang: Lang = None,
) -> None:
    """Say what a job with this file would come to: hyperparameters and why, steps, time, price, risks.

    Nothing is sent, and no database is needed; what the service knows of a project's past jobs is not in it.
    """
    from cli.data.checking import Terms
    from cli.data.plan_page import faults_page
    from cli.data.refusals import AT_FAULT, refusals_told

    language = spoken(lang)
    with refusals_told(language):
        tuning, table = _tuning(epochs, hyperparameter or []), _prices(prices)
        terms = Terms(
            max_line_bytes=max_line_bytes, personal_data=False, processes=processes, language=language
        )
        found, other = _read(file, validation, terms)
        if faults := _faults(found, other):
            print(faults_page(faults, file, language), file=sys.stderr)
            raise typer.Exit(AT_FAULT)
        made, leaks = _plan(found, other, model, tuning, table), _leaks(found, other)
        names = found.name, None if other is None else other.name
        _print_json(made, leaks, *names) if as_json else _print_page(made, leaks, *names, language)


def _tuning(epochs: int | None, entries: list[str]) -> "Tuning":
    from cli.data.refusals import Refused
    from domain.methods import tuning

    given = dict(map(_hyperparameter, entries))
    if epochs is not None and given.setdefault("n_epochs", epochs) != epochs:
        raise Refused(_TWO_EPOCHS, epochs=epochs, other=given["n_epochs"])
    return tuning(given, None)


def _hyperparameter(entry: str) -> tuple[str, Any]:
    from cli.data.refusals import Refused

    name, equals, value = (part.strip() for part in entry.partition("="))
    if not name or not equals or not value:
        raise Refused(_BAD_VALUE, entry=entry)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _prices(text: str) -> "PriceTable":
    from cli.data.refusals import Refused
    from domain.plan.prices import parse_prices

    try:
        return parse_prices(text)
    except ValueError as error:
        raise Refused(_BAD_PRICES, why=error) from error


def _read(file: str, other_file: str | None, terms: "Terms") -> "tuple[Checked, Validation | None]":
    from cli.data.checking import both_checked
    from cli.data.source import opened

    with ExitStack() as stack:
        sources = [stack.enter_context(opened(each)) for each in (file, other_file) if each is not None]
        return both_checked(sources, terms)


def _faults(found: "Checked", other: "Validation | None") -> list[dict[str, Any]]:
    from cli.data.reporting import whole_report

    report = whole_report(found, other, policy="allow")
    return list(report["errors"])


def _plan(
    found: "Checked", other: "Validation | None", model: str, tuning: "Tuning", prices: "PriceTable"
) -> "Plan":
    from domain.model_limits import context_length
    from domain.plan.facts import Files
    from domain.plan.plan import Surroundings, Tokens, make_plan

    limit, counts = context_length(model), found.counts
    files = Files(
        examples=found.structure.examples,
        validation_examples=None if other is None else other.structure.examples,
        over_long_examples=None if limit is None else sum(tokens > limit for tokens in counts.total),
    )
    tokens = Tokens(count=sum(counts.total), trained=sum(counts.trained))
    return make_plan(
        model=model, tuning=tuning, files=files, tokens=tokens, around=Surroundings(prices=prices)
    )


def _leaks(found: "Checked", other: "Validation | None") -> "tuple[Finding, ...]":
    from domain.training_data.quality.leak import leak

    return () if other is None else leak(found.fingerprints, other.fingerprints).findings


def _print_json(plan: "Plan", leaks: "tuple[Finding, ...]", file: str, validation: str | None) -> None:
    from api.schemas.plans import plan_out
    from services.plans import Planned

    out = plan_out(Planned(plan=plan, leaks=leaks), training_file=file, validation_file=validation)
    sys.stdout.buffer.write(out.model_dump_json(indent=2).encode() + b"\n")
    sys.stdout.buffer.flush()


def _print_page(
    plan: "Plan", leaks: "tuple[Finding, ...]", file: str, validation: str | None, language: Language
) -> None:
    from cli.data.plan_page import plan_page
    from cli.data.showing import show

    show(plan_page(plan, leaks, file, validation, language))
