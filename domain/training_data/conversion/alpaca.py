"""Alpaca: `instruction`, `input`, `output`, and optionally `system` and `history` (earlier pairs)."""

from collections.abc import Iterator
from typing import Any, Final

from domain.training_data.building import ExampleDict, multi_turn
from domain.training_data.conversion.fields import (
    ANSWER,
    CONTEXT,
    INSTRUCTION,
    SYSTEM,
    Dropped,
    Fields,
    named,
    optional_text,
    text,
)
from domain.training_data.problems import Misfit

_HISTORY: Final = "history"
_PAIR: Final = 2


def example_of(fields: Fields, system: str | None, dropped: Dropped) -> ExampleDict:
    """Return the example of one record; the question is instruction and input with a blank line between.

    Raises:
        Misfit: The instruction or the output is missing, blank or no text, or the history is
            no list of pairs.
    """
    keys = [named(fields, aliases) for aliases in (INSTRUCTION, CONTEXT, ANSWER, SYSTEM)]
    instruction, context, answer, prompt = keys
    parts = [part for key in (instruction, context) if (part := optional_text(fields, key))]
    question = "\n\n".join(parts) or text(fields, instruction, called="instruction")
    last = (question, text(fields, answer, called="output"))
    example = multi_turn([*_earlier(fields), last], system=optional_text(fields, prompt) or system)
    dropped.count(fields.keys() - {*keys, _HISTORY})
    return example


def _earlier(fields: Fields) -> Iterator[tuple[str, str]]:
    history = fields.get(_HISTORY)
    if not isinstance(history, list | None):
        raise Misfit("bad_history", field=f"'{_HISTORY}'")
    for pair in history or []:
        yield _pair(pair)


def _pair(pair: Any) -> tuple[str, str]:
    if isinstance(pair, list) and len(pair) == _PAIR:
        question, answer = pair
        if isinstance(question, str) and isinstance(answer, str):
            if not (question.strip() and answer.strip()):
                raise Misfit("blank_text", field=f"a pair of '{_HISTORY}'")
            return question, answer
    raise Misfit("bad_history", field=f"'{_HISTORY}'")
