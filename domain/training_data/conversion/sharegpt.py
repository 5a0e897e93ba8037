"""ShareGPT: `conversations` of turns with `from` and `value`, and its variants with `role` and `content`.

A line that is a training example already is taken as it is.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from domain.training_data.building import ExampleDict, message
from domain.training_data.conversion.fields import SYSTEM, Dropped, Fields, demand_text, named, optional_text
from domain.training_data.conversion.tools import Calls, tools_of
from domain.training_data.examples import decode_example, kind_of
from domain.training_data.faults import quoted
from domain.training_data.problems import Misfit

LISTS: Final = ("conversations", "conversation", "messages", "dialogue", "turns", "对话")
SPEAKER: Final = ("from", "role", "speaker")
TEXT: Final = ("value", "content", "text")
_CALL: Final = "call"
_OBSERVATION: Final = "observation"
_ROLES: Final = {
    **dict.fromkeys(("human", "user", "prompter", "用户", "人类"), "user"),
    **dict.fromkeys(("gpt", "assistant", "bot", "chatgpt", "model", "bard", "bing", "助手"), "assistant"),
    **dict.fromkeys(("system", "系统"), "system"),
    "developer": "developer",
    **dict.fromkeys(("function_call", "tool_call"), _CALL),
    **dict.fromkeys(("observation", "tool", "function", "function_response", "tool_response"), _OBSERVATION),
}
_TAKEN_AS_THEY_ARE: Final = ("messages", "tools", "parallel_tool_calls", "functions")


def example_of(fields: Fields, system: str | None, dropped: Dropped) -> ExampleDict:
    """Return the example of one conversation.

    Raises:
        Misfit: There are no turns, one is not to be understood, nobody asks, or the end is not an answer.
    """
    if (example := _as_it_is(fields)) is None:
        example = _turned(fields, dropped)
    else:
        dropped.count(fields.keys() - example.keys())
    messages = example["messages"]
    if system is not None and not any(said["role"] in {"system", "developer"} for said in messages):
        messages.insert(0, message("system", system))
    return example


def _as_it_is(fields: Fields) -> ExampleDict | None:
    """Return what a training example would keep of this record, if that is one."""
    if not isinstance(fields.get("messages"), list):
        return None
    example = {key: fields[key] for key in _TAKEN_AS_THEY_ARE if fields.get(key) is not None}
    try:
        whole = kind_of(decode_example(msgspec.json.encode(example))) is not None
    except (msgspec.DecodeError, UnicodeEncodeError, OverflowError, RecursionError):
        return None
    return example if whole and all(_has_text(said) for said in example["messages"]) else None


def _has_text(said: Fields) -> bool:
    content = said.get("content")
    blank = isinstance(content, str) and not content.strip()
    return not blank or bool(said.get("tool_calls") or said.get("function_call") or said["role"] == "tool")


def _turned(fields: Fields, dropped: Dropped) -> ExampleDict:
    key, prompt = named(fields, LISTS), named(fields, SYSTEM)
    turns = fields.get(key or "")
    if not isinstance(turns, list) or not turns:
        raise Misfit("no_turns", field=quoted(key or LISTS[0]))
    messages = _messages(turns, dropped)
    if (said := optional_text(fields, prompt)) and messages[0]["role"] != "system":
        messages.insert(0, message("system", said))
    _demand_lesson(messages)
    tools = tools_of(fields.get("tools"))
    dropped.count(fields.keys() - {key, prompt, "tools"})
    return {"messages": messages, "tools": tools} if tools else {"messages": messages}


def _messages(turns: Iterable[Any], dropped: Dropped) -> list[dict[str, Any]]:
    calls, messages = Calls(), []
    for number, turn in enumerate(turns, 1):
        where = f"turn {number}"
        if not isinstance(turn, dict):
            raise Misfit("bad_turn", field=where)
        speaker, text = named(turn, SPEAKER), named(turn, TEXT)
        if speaker is None or text is None or not isinstance(turn[speaker], str):
            raise Misfit("bad_turn", field=where)
        messages.append(_message(turn[speaker], turn[text], where, calls))
        _weigh(messages[-1], turn)
        dropped.count(turn.keys() - {speaker, text, "weight"})
    return messages


def _message(speaker: str, value: Any, where: str, calls: Calls) -> dict[str, Any]:
    role = _ROLES.get(speaker.strip().casefold())
    if role is None:
        raise Misfit("unknown_speaker", field=where, seen=quoted(speaker))
    if role == _CALL:
        return calls.call(value, where)
    text = demand_text(value, where)
    if role == _OBSERVATION:
        return calls.answer(text or "", where)
    if text is None:
        raise Misfit("blank_text", field=where)
    return message(role, text)


def _weigh(said: dict[str, Any], turn: Fields) -> None:
    weight = turn.get("weight")
    if said["role"] == "assistant" and isinstance(weight, int | float) and weight in {0, 1}:
        said["weight"] = int(weight)


def _demand_lesson(messages: list[dict[str, Any]]) -> None:
    if all(said["role"] != "user" for said in messages):
        raise Misfit("no_question")
    if messages[-1]["role"] != "assistant":
        raise Misfit("no_last_answer")
