"""What `convert` and `build` have in common: records become lines, and what did not is told."""

import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cli.data.language import Language, Words, in_script
from cli.data.output import Output, demand_free
from cli.data.refusals import AT_FAULT
from cli.data.showing import wrapped
from cli.data.source import opened
from domain.training_data.conversion import FORMATS, Conversion
from domain.training_data.problems import Problem

PROBLEMS_SHOWN: Final = 20
_KEYS_SHOWN: Final = 12
_DETECTED: Final = Words(
    "{name}: read as {format}; {reason}. Encoding: {encoding}.",
    "{name}:按\u201c{format}\u201d读取({reason}),编码 {encoding}。",
)
_DROPPED: Final = Words(
    "Left out, because an example has no place for it: {keys}.",
    "以下内容在样本中没有对应位置,已省略:{keys}。",
)
_TIMES: Final = Words("{key} ({count} times)", "{key}({count} 次)")
_PROBLEMS: Final = Words(
    "Could not be used: {count} of {all} records.", "{all} 条记录中有 {count} 条无法使用。"
)
_MORE: Final = Words("… and {count} more", "…… 另有 {count} 条")
_WROTE: Final = Words("Wrote {target}; examples: {count}.", "已写入 {target}:{count} 个样本。")
_NOTHING: Final = Words("Nothing was written: {why}.", "没有写入任何内容:{why}。")
_NO_EXAMPLE: Final = Words("there is no record that can be used", "没有可用的记录")
_STRICT: Final = Words("--strict was given", "指定了 --strict")
_STDOUT: Final = Words("the standard output", "标准输出")
_NEXT: Final = Words("Next: tuneward data check {target}", "下一步:tuneward data check {target}")


@dataclass(slots=True)
class _Told:
    """What became of the records; of the problems the first twenty."""

    kept: bool = False
    problems: list[Problem] = field(default_factory=list)


def written(
    file: str,
    target: Path | None,
    begin: Callable[[Iterator[bytes]], Conversion],
    language: Language,
    *,
    strict: bool,
) -> int:
    """Convert a file and return the exit code; None as `target` is the standard output.

    Raises:
        Refused, InvalidFile: the file cannot be read, or changed meanwhile; nothing is written then.
    """
    told = _Told()
    with opened(file) as source:
        if target is not None:
            demand_free([target], sources=[source])
        with Output(target, at_once=not strict) as output:
            with source.held_still():
                conversion = begin(source.chunks())
                _write(conversion, output, told)
            told.kept = bool(conversion.examples) and not (strict and conversion.problems)
            if told.kept:
                output.keep()
        name = source.name
    _tell(conversion, told, name, target, language)
    return AT_FAULT if conversion.problems or not conversion.examples else 0


def _write(conversion: Conversion, output: Output, told: _Told) -> None:
    for _, result in conversion.lines():
        if not isinstance(result, Problem):
            output.write(result)
        elif len(told.problems) < PROBLEMS_SHOWN:
            told.problems.append(result)


def _tell(conversion: Conversion, told: _Told, name: str, target: Path | None, language: Language) -> None:
    for line in _lines(conversion, told, name, target, language):
        print(line, file=sys.stderr)


def _lines(
    conversion: Conversion, told: _Told, name: str, target: Path | None, language: Language
) -> Iterator[str]:
    found = conversion.detected
    yield wrapped(
        _DETECTED.say(
            language,
            name=name,
            format=Words(*FORMATS[found.format]),
            reason=Words(found.reason, found.reason_zh),
            encoding=conversion.encoding.upper(),
        )
    )
    if conversion.dropped:
        yield wrapped(_DROPPED.say(language, keys=_keys(conversion, language)))
    if conversion.problems:
        yield "\n" + _PROBLEMS.say(
            language, count=f"{conversion.problems:,}", all=f"{conversion.problems + conversion.examples:,}"
        )
        yield from _problems(told.problems, language)
        if left := conversion.problems - len(told.problems):
            yield f"  {_MORE.say(language, count=f'{left:,}')}"
        yield ""
    yield from _outcome(conversion, told, target, language)


def _keys(conversion: Conversion, language: Language) -> str:
    dropped = list(conversion.dropped.items())
    shown = [_TIMES.say(language, key=key, count=f"{count:,}") for key, count in dropped[:_KEYS_SHOWN]]
    return ("、" if language is Language.ZH else ", ").join(shown + ["…"] * (len(dropped) > _KEYS_SHOWN))


def _problems(problems: list[Problem], language: Language) -> Iterator[str]:
    """Yield each problem, and after the last of a code what to do about it."""
    of_code: dict[str, list[Problem]] = {}
    for problem in problems:
        of_code.setdefault(problem.code, []).append(problem)
    for group in of_code.values():
        for problem in group:
            said = problem.message_zh if language is Language.ZH else problem.message
            yield wrapped(in_script(said, language), first="  ", then="    ")
        fix = group[0].fix_zh if language is Language.ZH else group[0].fix
        yield wrapped(in_script(fix, language), first="    → ")


def _outcome(conversion: Conversion, told: _Told, target: Path | None, language: Language) -> Iterator[str]:
    if not told.kept:
        yield _NOTHING.say(language, why=_STRICT if conversion.examples else _NO_EXAMPLE)
        return
    to = _STDOUT if target is None else target
    yield _WROTE.say(language, count=f"{conversion.examples:,}", target=to)
    if target is not None:
        yield _NEXT.say(language, target=shlex.quote(str(target)))
