"""`tuneward data build`: training data from a sample set, or from dialogues in plain text."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from cli.data.language import Lang, Language, Words, spoken
from cli.data.options import Strict, System

if TYPE_CHECKING:
    from domain.training_data.conversion import Conversion

_ABOUT: Final[dict[str, Words]] = {
    "python-tutor": Words("a tutor who explains Python to beginners", "为初学者讲解 Python 的老师"),
    "customer-service": Words("the customer service of a shop", "网店的在线客服"),
    "medical": Words("general health information, with its warnings", "一般健康知识问答,带有必要的提醒"),
}
_ONE_OF: Final = Words(
    "Name either a text file with dialogues or --sample; --list shows the sample sets.",
    "请指定一个对话文本文件,或使用 --sample;--list 列出示例数据集。",
)
_NOT_SO: Final = Words(
    "The sample set {name} is not written in '{lang}'; it is in {there}.",
    "示例数据集 {name} 没有 '{lang}' 版本;现有版本:{there}。",
)
_WROTE: Final = Words("Wrote {path}; examples: {count}.", "已写入 {path}:{count} 个样本。")
_NEXT: Final = Words("Next: tuneward data check {path}", "下一步:tuneward data check {path}")


def build(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Dialogues in plain text: 'User: …', 'Assistant: …'."),
    ] = None,
    sample: Annotated[
        Literal["python-tutor", "customer-service", "medical"] | None,
        typer.Option(help="Write this sample set."),
    ] = None,
    lang: Lang = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; else the standard output.")] = None,
    system: System = None,
    strict: Strict = False,
    list_: Annotated[bool, typer.Option("--list", help="List the sample sets.")] = False,
) -> None:
    """Write a sample set, or make training data of dialogues in plain text; exits 1 if some could not be."""
    from cli.data.refusals import Refused, refusals_told

    language, code = spoken(lang), 0
    with refusals_told(language):
        if list_:
            _list(language)
        elif (file is None) is (sample is None):
            raise Refused(_ONE_OF)
        elif sample is not None:
            _write(sample, lang, out, language)
        else:
            code = _from_dialogues(str(file), out, system, language, strict=strict)
    raise typer.Exit(code)


def _list(language: Language) -> None:
    from cli.data.showing import table
    from samples import SAMPLES
    from samples import sample as sample_of

    rows = []
    for name, languages in SAMPLES.items():
        for each in languages:
            count = sample_of(name, each).count(b"\n")
            rows.append([name, each, str(count), _ABOUT[name].say(language)])
    print(table(rows, indent=""))


def _write(name: str, asked: Language | None, out: Path | None, language: Language) -> None:
    """Write a sample set in the language asked for; else in that of the output, if there is one."""
    from cli.data.output import Output
    from cli.data.refusals import Refused
    from samples import SAMPLES
    from samples import sample as sample_of

    there = SAMPLES[name]
    if asked is not None and asked not in there:
        raise Refused(_NOT_SO, name=name, lang=asked, there=", ".join(there))
    content = sample_of(name, language if language in there else there[0])
    with Output(out) as output:
        output.write(content)
        output.keep()
    if out is not None:
        print(_WROTE.say(language, count=content.count(b"\n"), path=out), file=sys.stderr)
        print(_NEXT.say(language, path=shlex.quote(str(out))), file=sys.stderr)


def _from_dialogues(
    file: str, out: Path | None, system: str | None, language: Language, *, strict: bool
) -> int:
    from cli.data.converting import written
    from domain.training_data import conversion
    from domain.training_data.conversion.detection import DIALOGUES

    def begin(chunks: Iterator[bytes]) -> "Conversion":
        return conversion.convert(chunks, format=DIALOGUES, system=system)

    return written(file, out, begin, language, strict=strict)
