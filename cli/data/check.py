"""`tuneward data check`: everything that is wrong with a training file, and what to think about."""

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from cli.data.language import Lang, Language, Words, spoken
from cli.data.options import File, MaxLineBytes, Model, Processes

if TYPE_CHECKING:
    from cli.data.checking import Checked, Terms, Validation

_WRITTEN: Final = Words(
    "Wrote {path}; examples: {count}, with placeholders: {changed}{dropped}.",
    "已写入 {path}:{count} 个样本,其中 {changed} 个含有占位符{dropped}。",
)
_DROPPED: Final = Words("; lines left out as faulty: {count}", ";因有错误未写入 {count} 行")
_NOT_WRITTEN: Final = Words(
    "{path} was not written: nothing in the file can be used.", "未写入 {path}:文件中没有可用的样本。"
)
_NEEDS_REDACT: Final = Words(
    "--redacted goes with --personal-data redact, not with {policy}.",
    "--redacted 须与 --personal-data redact 一起使用,不能与 {policy} 同用。",
)
_UNKNOWN_MODEL: Final = Words(
    "It is not known how much '{model}' can read at once; it is of {known}.",
    "'{model}' 的上下文长度未知;已知的模型有 {known}。",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")]
ValidationFile = Annotated[
    str | None, typer.Option(help="The validation file: is any of it in the training file too?")
]
PersonalData = Annotated[
    Literal["allow", "warn", "redact"] | None,
    typer.Option(help="Do not look for it, report it (the default), or show what would be replaced."),
]
Redacted = Annotated[
    Path | None, typer.Option(help="Write the file there, with placeholders for personal data.")
]
PerExample = Annotated[bool, typer.Option("--per-example", help="Also show the tokens of each example.")]


def check(  # noqa: PLR0913, PLR0917 - these are the options of a command
    file: File,
    as_json: AsJson = False,
    validation: ValidationFile = None,
    lang: Lang = None,
    personal_data: PersonalData = None,
    redacted: Redacted = None,
    max_line_bytes: MaxLineBytes = 4 * 1024**2,
    model: Model = "qwen3-32b",
    per_example: PerExample = False,
    processes: Processes = None,
) -> None:
    """Say all that is wrong with a training file, and what to think about; exits 1 if anything is wrong."""
    from cli.data.refusals import AT_FAULT, Refused, refusals_told
    from cli.data.reporting import whole_report

    language = spoken(lang)
    with refusals_told(language):
        policy = personal_data or ("redact" if redacted else "warn")
        if redacted is not None and policy != "redact":
            raise Refused(_NEEDS_REDACT, policy=policy)
        terms = _terms(model, max_line_bytes, policy, processes, language, copies=redacted is not None)
        found, other = _checked(file, validation, terms, redacted)
        report = whole_report(found, other, policy=policy)
        counts = _token_counts(found) if per_example else None
        if as_json:
            _print_json(report, counts)
        else:
            _print_page(report, file, language, counts=counts, preview=policy == "redact")
    if redacted is not None:
        print(_about_copy(found, redacted, language), file=sys.stderr)
    raise typer.Exit(AT_FAULT if report["errors"] else 0)


def _terms(
    model: str,
    max_line_bytes: int,
    policy: str,
    processes: int | None,
    language: Language,
    *,
    copies: bool,
) -> "Terms":
    from cli.data.checking import Terms
    from cli.data.refusals import Refused
    from domain.model_limits import CONTEXT_LENGTHS, context_length
    from examining.wanted import Copy

    length = context_length(model)
    if length is None:
        raise Refused(_UNKNOWN_MODEL, model=model, known=", ".join(CONTEXT_LENGTHS))
    return Terms(
        max_line_bytes=max_line_bytes,
        personal_data=policy != "allow",
        copy=Copy.REDACTED if copies else None,
        context_length=length,
        processes=processes,
        language=language,
    )


def _checked(
    file: str, other_file: str | None, terms: "Terms", redacted: Path | None
) -> "tuple[Checked, Validation | None]":
    """Read both files; neither may have changed by the end, and only then is the copy in its place."""
    from cli.data.checking import both_checked
    from cli.data.output import Output, demand_free
    from cli.data.source import opened

    with ExitStack() as stack:
        sources = [stack.enter_context(opened(each)) for each in (file, other_file) if each is not None]
        copy = None
        if redacted is not None:
            demand_free([redacted], sources=sources)
            copy = stack.enter_context(Output(redacted))
        found, other = both_checked(sources, terms, copy)
        if copy is not None and found.usable:
            copy.keep()
    return found, other


def _token_counts(found: "Checked") -> list[dict[str, int]]:
    counts = found.counts
    return [
        {"line": line, "tokens": total, "trained_tokens": trained}
        for line, total, trained in zip(counts.lines, counts.total, counts.trained, strict=True)
    ]


def _print_json(report: dict[str, Any], counts: list[dict[str, int]] | None) -> None:
    if counts is not None:
        report["summary"]["token_counts"] = counts
    sys.stdout.buffer.write(json.dumps(report, ensure_ascii=False, indent=2).encode() + b"\n")
    sys.stdout.buffer.flush()


def _print_page(
    report: Mapping[str, Any],
    file: str,
    language: Language,
    *,
    counts: list[dict[str, int]] | None,
    preview: bool,
) -> None:
    from cli.data.report_page import report_page, token_table
    from cli.data.showing import show

    if counts:
        show(token_table(counts, language) + "\n")
    show(report_page(report, file, language, preview=preview))


def _about_copy(found: "Checked", redacted: Path, language: Language) -> str:
    if not found.usable:
        return _NOT_WRITTEN.say(language, path=redacted)
    copied = found.copied
    dropped = _DROPPED.say(language, count=copied.dropped) if copied.dropped else ""
    count = found.structure.examples
    return _WRITTEN.say(language, path=redacted, count=count, changed=copied.changed, dropped=dropped)
