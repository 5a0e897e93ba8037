"""Builds examples as plain dicts, and writes them as lines of JSON.

An example is `{"messages": [{"role": …, "content": …}, …]}`; each one built here passes
`structure.StructureCheck`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from domain.errors import InvalidRequest

ExampleDict: TypeAlias = dict[str, Any]
"""One example as plain JSON values."""


def single_turn(question: str, answer: str, *, system: str | None = None) -> ExampleDict:
    """Return a conversation of one question and its answer, after the system prompt if one is given.

    Raises:
        InvalidRequest: A text is blank, or is not a string.
    """
    return multi_turn([(question, answer)], system=system)


def multi_turn(
    turns: Sequence[tuple[str, str]], *, system: str | None = None, only_last: bool = False
) -> ExampleDict:
    """Return a conversation of (question, answer) pairs.

    Args:
        turns: At least one pair.
        system: The system prompt, which goes first.
        only_last: Train on the last answer alone: earlier ones get `weight` 0.

    Raises:
        InvalidRequest: There is no turn, or a text is blank or not a string.
    """
    if not turns:
        raise InvalidRequest("A conversation needs at least one question with its answer.", param="turns")
    messages = [] if system is None else [message("system", system, name="system prompt")]
    for number, (question, answer) in enumerate(turns, 1):
        messages.append(message("user", question, name=f"question of turn {number}"))
        said = message("assistant", answer, name=f"answer of turn {number}")
        messages.append(said | {"weight": 0} if only_last and number < len(turns) else said)
    return {"messages": messages}


def message(role: str, text: str, *, name: str | None = None) -> dict[str, Any]:
    """Return one message.

    Raises:
        InvalidRequest: The text, called `name` in the error, is blank or is not a string.
    """
    called = name or f"{role} message"
    if not isinstance(text, str):
        raise InvalidRequest(f"The {called} is not text; give a string.", param=role)
    if not text or text.isspace():
        raise InvalidRequest(f"The {called} is blank; give it some text.", param=role)
    return {"role": role, "content": text}


def to_line(example: Mapping[str, Any]) -> bytes:
    r"""Return the example as one line: UTF-8, characters as they are, an LF behind it.

    Raises:
        InvalidRequest: The example holds what JSON in UTF-8 cannot, such as half of a surrogate pair.
    """
    try:
        return msgspec.json.encode(example) + b"\n"
    except (ValueError, OverflowError, TypeError, RecursionError) as error:
        raise InvalidRequest(f"The example cannot be written as JSON: {error}.", param="example") from error
