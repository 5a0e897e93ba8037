"""`tuneward data split`: a part to train on and a part to validate with."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.data.language import Lang, Language, Words, in_script, spoken
from cli.data.options import MaxLineBytes

if TYPE_CHECKING:
    from cli.data.source import Source
    from domain.training_data.split import SplitSummary, StratumCount

_HEADS: Final = (
    Words("Kind of example", "样本类别"),
    Words("training", "训练"),
    Words("validation", "验证"),
)
_PARTS: Final[dict[str, Words]] = {
    "chat": Words("conversations", "对话"),
    "preference": Words("pairs of answers", "偏好对"),
    "single": Words("one turn", "单轮"),
    "multi": Words("several turns", "多轮"),
    "han": Words("Chinese", "中文"),
    "other": Words("not Chinese", "非中文"),
}
_NO_SYSTEM: Final = Words("no system prompt", "无系统提示")
_SMALL: Final = Words("all kinds with one question only", "只有一个问题的各类样本")
_TOTAL: Final = Words("all", "合计")
_MORE: Final = Words("{count} more kinds", "另外 {count} 类")
_NEXT: Final = Words(
    "Next: see that nothing is in both, and what is in them:", "下一步:检查两个文件,并确认没有重复:"
)
_ROWS_SHOWN: Final = 20
_SYSTEM_COLUMNS: Final = 24


def split(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The training file.")],
    share: Annotated[float, typer.Option(help="The part to validate with, at most 0.5.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Another one gives another division.")] = 42,
    training: Annotated[
        Path | None, typer.Option(help="Where to write what is trained on; else NAME.train.jsonl.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Where to write what is validated with; else NAME.validation.jsonl.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    max_line_bytes: MaxLineBytes = 4 * 1024**2,
    lang: Lang = None,
) -> None:
    """Divide a training file: every kind of example on both sides, the same question on one side only."""
    from cli.data.output import demand_free
    from cli.data.refusals import refusals_told
    from cli.data.source import opened

    language = spoken(lang)
    stem = Path(file).name.removesuffix(".jsonl")
    targets = (
        training or Path(file).with_name(f"{stem}.train.jsonl"),
        validation or Path(file).with_name(f"{stem}.validation.jsonl"),
    )
    with refusals_told(language), opened(file) as source:
        source.demand_file()
        demand_free(targets, sources=[source], force=force)
        summary = divided(source, targets, share=share, seed=seed, max_line_bytes=max_line_bytes)
    for line in _page(summary, targets, language):
        print(line)


def divided(
    source: "Source", targets: tuple[Path, Path], *, share: float, seed: int, max_line_bytes: int
) -> "SplitSummary":
    """Read the file twice and write both parts, or neither.

    Raises:
        Refused: the file changed between the beginning of the first pass and the end of the second.
        InvalidFile: it has faulty lines, or nothing to divide.
    """
    from cli.data.output import Output
    from domain.training_data.split import TRAINING, plan_split

    with Output(targets[0]) as to_train, Output(targets[1]) as to_validate:
        with source.held_still():
            plan = plan_split(source.chunks(), share=share, seed=seed, max_line_bytes=max_line_bytes)
            source.rewind()
            for side, line in plan.divide(source.chunks()):
                (to_train if side == TRAINING else to_validate).write(line)
        to_train.keep()
        to_validate.keep()
    return plan.summary


def _page(summary: "SplitSummary", targets: tuple[Path, Path], language: Language) -> Iterator[str]:
    from cli.data.showing import table, wrapped

    yield table(list(_rows(summary, language)), indent="")
    for note in summary.notes:
        message, fix = (note.message_zh, note.fix_zh) if language is Language.ZH else (note.message, note.fix)
        yield "\n" + wrapped(in_script(message, language), first="• ")
        yield wrapped(in_script(fix, language), first="  → ")
    yield ""
    for path, count in zip(targets, (summary.training, summary.validation), strict=True):
        yield _WROTE.say(language, count=f"{count:,}", path=path)
    names = [shlex.quote(str(path)) for path in targets]
    yield f"\n{_NEXT.say(language)}\n  tuneward data check {names[0]} --validation {names[1]}"


_WROTE: Final = Words("Wrote {path}; examples: {count}.", "已写入 {path}:{count} 个样本。")


def _rows(summary: "SplitSummary", language: Language) -> Iterator[list[str]]:
    yield [head.say(language) for head in _HEADS]
    shown, rest = summary.strata[:_ROWS_SHOWN], summary.strata[_ROWS_SHOWN:]
    for row in shown:
        yield [_named(row, language), f"{row.training:,}", f"{row.validation:,}"]
    if rest:
        counts = (sum(row.training for row in rest), sum(row.validation for row in rest))
        yield [_MORE.say(language, count=len(rest)), *(f"{count:,}" for count in counts)]
    yield [_TOTAL.say(language), f"{summary.training:,}", f"{summary.validation:,}"]


def _named(row: "StratumCount", language: Language) -> str:
    from cli.data.showing import shortened

    if row.stratum is None:
        return _SMALL.say(language)
    parts = [_PARTS[name].say(language) for name in (row.stratum.kind, row.stratum.turns, row.stratum.script)]
    begins = row.stratum.system
    system = shortened(f"{begins}…", _SYSTEM_COLUMNS) if begins else _NO_SYSTEM.say(language)
    return ("、" if language is Language.ZH else ", ").join(parts) + f" · {system}"
