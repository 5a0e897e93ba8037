"""Reads texts out of a record, whatever its keys are called, and counts what is left behind."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from domain.training_data.faults import quoted
from domain.training_data.problems import Misfit

Fields: TypeAlias = Mapping[str, Any]

QUESTION: Final = (
    "question", "prompt", "instruction", "input", "query", "user", "human", "q",
    "问题", "问", "提问", "指令", "输入", "用户",
)  # fmt: skip
ANSWER: Final = (
    "answer", "completion", "output", "response", "reply", "assistant", "gpt", "a",
    "答案", "答", "回答", "回复", "输出", "助手",
)  # fmt: skip
SYSTEM: Final = ("system", "system_prompt", "系统", "系统提示", "系统提示词")
INSTRUCTION: Final = ("instruction", "指令")
CONTEXT: Final = ("input", "输入")

_MOST_KEYS: Final = 1000
_LONGEST_KEY: Final = 60
OTHERS: Final = "…"
"""Under this name all keys are counted that come when a thousand others are counted already."""


class Dropped:
    """Counts, by key, the values of a file that found no place in an example."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def count(self, keys: Iterable[str]) -> None:
        """Count each of these keys once more."""
        for key in keys:
            name = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
            if name not in self.counts and len(self.counts) >= _MOST_KEYS:
                name = OTHERS
            self.counts[name] = self.counts.get(name, 0) + 1


def named(fields: Iterable[str], aliases: Iterable[str]) -> str | None:
    """Return the first of the aliases that is there, as it is written there."""
    written = {plain(field): field for field in fields}
    return next((written[alias] for alias in aliases if alias in written), None)


def plain(name: str) -> str:
    """Return a key or column name without what people write differently."""
    return name.strip().casefold().replace(" ", "_")


def text(fields: Fields, key: str | None, *, called: str) -> str:
    """Return the text under a key.

    Raises:
        Misfit: There is none, or it is blank or no text; `called` names a key that is not there.
    """
    found = optional_text(fields, key)
    if found is not None:
        return found
    if key is None or fields.get(key) is None:
        raise Misfit("missing_text", field=quoted(key or called))
    raise Misfit("blank_text", field=quoted(key))


def optional_text(fields: Fields, key: str | None) -> str | None:
    """Return the text under a key, None where there is none or only blanks.

    Raises:
        Misfit: The value is not text.
    """
    value = None if key is None else fields.get(key)
    if value is None:
        return None
    return demand_text(value, quoted(key or "")) if value != "" else None


def demand_text(value: Any, field: str) -> str | None:
    """Return the value if it is text, None if it is blank.

    Raises:
        Misfit: It is no text.
    """
    if not isinstance(value, str):
        raise Misfit("not_text", field=field, seen=kind(value))
    return value if value.strip() else None


def kind(value: Any) -> str:
    """Return what a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
