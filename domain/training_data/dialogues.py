r"""Conversations that a person wrote as plain text, without programming.

    System: You answer for a library.
    User: Until when are you open?
    Assistant: Until eight, on Saturdays until noon.

    用户:可以续借吗?
    助手:可以续借一次。

A turn begins with a label at the very beginning of a line and goes on over further lines. A line of `---`
ends a conversation. So does a blank line, if the next text begins with a system prompt or a user's turn;
otherwise it is a blank line within the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.training_data.building import ExampleDict, message
from domain.training_data.faults import quoted
from domain.training_data.problems import Misfit, Problem
from domain.training_data.text import TextReader
from domain.training_data.text_lines import numbered_lines, too_long

_ROLE_OF: Final = {
    **dict.fromkeys(("user", "用户", "q", "问"), "user"),
    **dict.fromkeys(("assistant", "助手", "a", "答"), "assistant"),
    **dict.fromkeys(("system", "系统"), "system"),
}
# \uff1a is the full-width colon. 'q:' and 'a:' in small letters are too common in running text.
_label: Final = re.compile(r"((?i:user|assistant|system)|用户|助手|系统|Q|A|问|答)[ \t]*[:\uff1a]")
_rule: Final = re.compile(r"-{3,}\s*")
_DUE: Final = {
    "": ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user",),
}
"""Who may speak after whom; the empty name is the beginning."""


@dataclass(frozen=True, slots=True)
class _Turn:
    line: int
    role: str
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def role_at(line: str) -> str | None:
    """Return whose turn begins with this line, None if none does."""
    found = _label.match(line)
    return _ROLE_OF[found[1].casefold()] if found else None


def read(
    stream: Iterable[bytes], *, system: str | None = None, max_bytes: int = 4 * 1024**2
) -> Iterator[tuple[int, ExampleDict | Problem]]:
    """Yield each conversation, or why it cannot be used, with the line on which it begins.

    Args:
        stream: The file in any portions; UTF-8 or GB18030.
        system: The system prompt of conversations that have none.
        max_bytes: The most that one conversation may have.

    Raises:
        InvalidFile: The file is no text, or a conversation is too long.
    """
    lines = numbered_lines(TextReader(stream), max_bytes)
    for line, result in examples(lines, system=system, max_bytes=max_bytes):
        yield line, result.on(line) if isinstance(result, Misfit) else result


def examples(
    lines: Iterable[tuple[int, str]], *, system: str | None, max_bytes: int
) -> Iterator[tuple[int, ExampleDict | Misfit]]:
    """Do what `read` does, from numbered lines; a misfit comes with the line of the turn at fault."""
    for turns in _conversations(lines, max_bytes):
        fault = next(_faults(turns), None)
        yield fault or (turns[0].line, _example(turns, system))


def _conversations(lines: Iterable[tuple[int, str]], max_bytes: int) -> Iterator[list[_Turn]]:
    turns, size, blank = list[_Turn](), 0, False
    for number, line in lines:
        if not line.strip():
            blank = True
            continue
        role = role_at(line)
        ended = _rule.fullmatch(line)
        if turns and (ended or (blank and role in _DUE[""])):
            yield turns
            turns, size = [], 0
        if not ended:
            _add(turns, number, line, role, after_blank=blank)
            size += len(line) + 2
        if size > max_bytes:
            raise too_long(f"The conversation that begins on line {turns[0].line}", max_bytes)
        blank = False
    if turns:
        yield turns


def _add(turns: list[_Turn], number: int, line: str, role: str | None, *, after_blank: bool) -> None:
    if role is not None:
        turns.append(_Turn(number, role, [_label.sub("", line, count=1)]))
    elif turns:
        turns[-1].lines.extend(["", line] if after_blank else [line])
    else:
        turns.append(_Turn(number, "", [line]))


def _faults(turns: list[_Turn]) -> Iterator[tuple[int, Misfit]]:
    before = ""
    for turn in turns:
        if not turn.role:
            yield turn.line, Misfit("no_label", seen=quoted(turn.lines[0]))
        elif turn.role not in _DUE[before]:
            yield turn.line, Misfit("out_of_turn", field=quoted(turn.role), seen=_due(before))
        elif not turn.text:
            yield turn.line, Misfit("blank_text", field=quoted(turn.role))
        before = turn.role
    if before != "assistant":
        yield turns[0].line, Misfit("no_last_answer")


def _due(before: str) -> str:
    return " / ".join(quoted(role) for role in _DUE[before])


def _example(turns: list[_Turn], system: str | None) -> ExampleDict:
    messages = [message(turn.role, turn.text) for turn in turns]
    if system is not None and turns[0].role != "system":
        messages.insert(0, message("system", system))
    return {"messages": messages}
