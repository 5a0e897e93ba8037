"""Whether the messages come in an order that a chat template and a reader understand."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from domain.training_data.examples import (
    Assistant,
    Developer,
    FunctionAnswer,
    Message,
    System,
    ToolAnswer,
    User,
    messages_of,
    text_of,
)
from domain.training_data.findings import Conclusion, Numbered
from domain.training_data.quality.role_words import THINK_WORDS, WORDS
from domain.training_data.quality.wording import Tally, merged, worded

Place = tuple[str, int | None]
_SYSTEM: Final = (System, Developer)
_TEMPLATE_TOKEN: Final = re.compile(r"<\|(?:im_start|im_end|endoftext|im_sep|eot_id|begin_of_text)\|>")
_THINK: Final = "<think>"
_PLAIN: Final = ((User, Assistant), (System, User, Assistant), (Developer, User, Assistant))
_THOUGHT, _UNTHOUGHT = "answers_with_think", "answers_without_think"


class Roles:
    """Looks at the order of roles, at calls and their answers, and for a template's own tokens."""

    name = "roles"

    def observe(self, examples: Sequence[Numbered]) -> Tally:
        """Return where what was found in a piece."""
        tally = Tally()
        for line, example in examples:
            messages = messages_of(example)
            for code, index in _flaws(messages):
                tally.add(code, line, index)
        return tally

    def conclude(self, seen: Sequence[Tally]) -> Conclusion:
        """Return a finding for each code; `<think>` is one only if some answers have it and some have not."""
        whole = merged(seen)
        thought, unthought = whole[_THOUGHT].count, whole[_UNTHOUGHT].count
        figures = {code: whole[code].count for code in (*WORDS, _THOUGHT, _UNTHOUGHT) if whole[code].count}
        findings = [worded(code, words, whole[code]) for code, words in WORDS.items() if whole[code].count]
        if thought and unthought:
            code = _THOUGHT if thought <= unthought else _UNTHOUGHT
            share = f"{thought:,} / {thought + unthought:,}"
            findings.append(worded("think_in_some_answers", THINK_WORDS, whole[code], thought=share))
        return Conclusion(findings=tuple(findings), figures=figures)


def _flaws(messages: list[Message]) -> Iterator[Place]:
    kinds = tuple(map(type, messages))
    if kinds not in _PLAIN:
        yield from _order(kinds)
        yield from _calls(messages)
    yield from _weights(messages)
    for index, message in enumerate(messages):
        text = text_of(message.content)
        if "<" not in text:
            if type(message) is Assistant and text:
                yield _UNTHOUGHT, index
            continue
        if "<|" in text and _TEMPLATE_TOKEN.search(text):
            yield "template_token", index
        if type(message) is Assistant:
            yield (_THOUGHT if _THINK in text else _UNTHOUGHT), index


def _order(kinds: tuple[type, ...]) -> Iterator[Place]:
    systems = [index for index, kind in enumerate(kinds) if kind in _SYSTEM]
    if len(systems) > 1:
        yield "several_system_messages", systems[1]
    elif systems and systems[0] > 0:
        yield "system_not_first", systems[0]
    asked = next((index for index, kind in enumerate(kinds) if kind is User), len(kinds))
    if Assistant in kinds[:asked]:
        yield "answer_before_question", kinds.index(Assistant)
    for index, (before, kind) in enumerate(pairwise(kinds), 1):
        if before is kind and kind in {User, Assistant}:
            yield "same_role_twice", index


def _calls(messages: list[Message]) -> Iterator[Place]:
    """Follow the calls: an answer needs a call before it, and a call an answer unless it ends the example."""
    open_calls: dict[str, int] = {}
    function_open = False
    for index, message in enumerate(messages):
        if isinstance(message, ToolAnswer):
            if open_calls.pop(message.tool_call_id, None) is None:
                yield "tool_answer_without_call", index
        elif isinstance(message, FunctionAnswer):
            if not function_open:
                yield "tool_answer_without_call", index
            function_open = False
        elif type(message) is not System:
            yield from _unanswered(open_calls.values())
            open_calls.clear()
        if isinstance(message, Assistant):
            open_calls = {call.id: index for call in message.tool_calls or ()}
            function_open = message.function_call is not None


def _unanswered(indexes: Iterable[int]) -> Iterator[Place]:
    for index in dict.fromkeys(indexes):
        yield "call_without_answer", index


def _weights(messages: list[Message]) -> Iterator[Place]:
    weights = [message.weight for message in messages if isinstance(message, Assistant)]
    if weights and not any(weight != 0 for weight in weights):
        yield "nothing_trained", None
