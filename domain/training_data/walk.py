"""A line's plain values walked through, to say in our own words all that its shape lacks.

One mistake is told once: what follows from it is not told as well. Where a message's role is not known, for
instance, nothing is said of a user message that is missing.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from domain.training_data.examples import ROLES, is_blank, is_json
from domain.training_data.faults import Flaw, quoted

_PREFERENCE_KEYS: Final = ("input", "preferred_output", "non_preferred_output")
_OTHER_FORMATS: Final = {
    "prompt": "; prompt and completion pairs must be written as messages",
    "instruction": "; instruction and output pairs must be written as messages",
    "conversations": "; conversations with from and value must be written as messages with role and content",
}
_ASKING: Final = frozenset({"system", "developer", "user"})
_KINDS: Final = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def flaws_of(example: dict[str, Any]) -> Iterator[Flaw]:
    """Yield what is wrong with one line, from its beginning to its end."""
    if "messages" in example:
        yield from chain(_tools(example), _messages(example, "messages"), _trained(example["messages"]))
    elif _is_preference(example):
        yield from _preference(example)
    else:
        hints = (hint for key, hint in _OTHER_FORMATS.items() if key in example)
        yield Flaw(code="unknown_format", seen=next(hints, ""))


def _is_preference(example: dict[str, Any]) -> bool:
    """Tell whether a line is meant as a preference; Alpaca has an `input` as well, a text."""
    return any(key in example for key in _PREFERENCE_KEYS[1:]) or isinstance(example.get("input"), dict)


def _preference(example: dict[str, Any]) -> Iterator[Flaw]:
    yield from _field(example, "input", dict)
    prompt = example.get("input")
    if isinstance(prompt, dict):
        yield from chain(_tools(prompt), _messages(prompt, "messages", answered=False))
    asked = prompt.get("messages") if isinstance(prompt, dict) else None
    for key in _PREFERENCE_KEYS[1:]:
        yield from chain(_messages(example, key, asked=False), _trained(asked, example.get(key)))


def _messages(of: dict[str, Any], key: str, *, asked: bool = True, answered: bool = True) -> Iterator[Flaw]:
    """Yield what is wrong with a list of messages, which has to ask, to answer, or both."""
    yield from _field(of, key, list)
    messages = of.get(key)
    if not isinstance(messages, list):
        return
    if not messages:
        yield Flaw(code="no_messages", field=key)
        return
    for index, message in enumerate(messages):
        for flaw in _message(message):
            yield replace(flaw, message_index=index, within=_unless_messages(key))
    yield from _parts(messages, key, asked=asked, answered=answered)


def _parts(messages: list[Any], key: str, *, asked: bool, answered: bool) -> Iterator[Flaw]:
    """Yield who is missing, as far as the roles are known, and whether the last word is the assistant's."""
    roles = [_role(message) for message in messages]
    unknown = None in roles
    no_user = asked and not unknown and "user" not in roles
    no_assistant = answered and not unknown and "assistant" not in roles
    if no_user and no_assistant:
        yield Flaw(code="no_conversation")
    elif no_user:
        yield Flaw(code="no_user_message")
    elif no_assistant:
        yield Flaw(code="no_assistant_message", field=key)
    elif answered and roles[-1] not in {"assistant", None} and "assistant" in roles:
        last, within = len(messages) - 1, _unless_messages(key)
        yield Flaw(code="last_not_assistant", field=key, message_index=last, within=within)


def _trained(*parts: Any) -> Iterator[Flaw]:
    """Yield a flaw if there are answers, and not one of them is trained on."""
    given = [message for part in parts if isinstance(part, list) for message in part]
    weights = [message.get("weight") for message in given if _role(message) == "assistant"]
    if weights and all(type(weight) is int and weight == 0 for weight in weights):
        yield Flaw(code="nothing_trained")


def _role(message: Any) -> str | None:
    role = message.get("role") if isinstance(message, dict) else None
    return role if isinstance(role, str) and role in ROLES else None


def _unless_messages(key: str) -> str:
    return "" if key == "messages" else key


def _message(message: Any) -> Iterator[Flaw]:
    if not isinstance(message, dict):
        yield Flaw(code="not_an_object", seen=_kind(message))
        return
    yield from _field(message, "role", str)
    role = message.get("role")
    if isinstance(role, str) and role not in ROLES:
        yield Flaw(code="unknown_role", seen=quoted(role))
    yield from _content(message, _role(message))
    if role == "assistant":
        yield from chain(_weight(message), _calls(message))
    elif role == "tool":
        yield from _field(message, "tool_call_id", str)
    elif role == "function":
        yield from _field(message, "name", str)


def _content(message: dict[str, Any], role: str | None) -> Iterator[Flaw]:
    required = role in _ASKING or role == "tool"
    kinds: list[type] = [str] if role == "function" else [str, list]
    flaws = list(_field(message, "content", *kinds, *([] if required else [type(None)]), required=required))
    content = message.get("content")
    for part in content if isinstance(content, list) and not flaws else []:
        flaws += _part(part)
    yield from flaws
    if not flaws and _is_blank(content):
        if role in _ASKING:
            yield Flaw(code="empty_content", field=str(role))
        elif role == "assistant" and not any(
            _is_there(message, key) for key in ("tool_calls", "function_call")
        ):
            yield Flaw(code="empty_answer")


def _part(part: Any) -> Iterator[Flaw]:
    if not isinstance(part, dict):
        yield Flaw(code="wrong_type", field="content[]", seen=_kind(part))
    elif part.get("type") != "text":
        yield from _literal(part, "type", "text")
    else:
        yield from _field(part, "text", str)


def _is_blank(content: Any) -> bool:
    return is_blank("".join(part["text"] for part in content) if isinstance(content, list) else content or "")


def _is_there(message: dict[str, Any], key: str) -> bool:
    """Tell whether there are calls, or what has the wrong type to be some, which is told already."""
    kind = list if key == "tool_calls" else dict
    value = message.get(key)
    return bool(value) or not (value is None or isinstance(value, kind))


def _weight(message: dict[str, Any]) -> Iterator[Flaw]:
    weight = message.get("weight")
    if weight is not None and (type(weight) is not int or weight not in {0, 1}):
        seen = str(weight)[:20] if isinstance(weight, int | float) else _kind(weight)
        yield Flaw(code="bad_weight", seen=seen)


def _calls(message: dict[str, Any]) -> Iterator[Flaw]:
    yield from _field(message, "tool_calls", list, type(None), required=False)
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        if not isinstance(call, dict):
            yield Flaw(code="wrong_type", field="tool_calls[]", seen=_kind(call))
            continue
        yield from chain(_field(call, "id", str), _literal(call, "type", "function"))
        yield from chain(_field(call, "function", dict), _function_call(call.get("function")))
    yield from _field(message, "function_call", dict, type(None), required=False)
    yield from _function_call(message.get("function_call"))


def _function_call(call: Any) -> Iterator[Flaw]:
    if not isinstance(call, dict):
        return
    yield from chain(_field(call, "name", str), _field(call, "arguments", str))
    name, arguments = call.get("name"), call.get("arguments")
    if isinstance(name, str) and isinstance(arguments, str) and not is_json(arguments):
        yield Flaw(code="bad_arguments", seen=quoted(name))


def _tools(of: dict[str, Any]) -> Iterator[Flaw]:
    for key in ("tools", "functions"):
        yield from _field(of, key, list, type(None), required=False)
        entries = of.get(key)
        for entry in entries if isinstance(entries, list) else []:
            yield from _tool(entry, key)
    yield from _field(of, "parallel_tool_calls", bool, type(None), required=False)


def _tool(entry: Any, key: str) -> Iterator[Flaw]:
    if not isinstance(entry, dict):
        yield Flaw(code="wrong_type", field=f"{key}[]", seen=_kind(entry))
    elif key == "functions":
        yield from _field(entry, "name", str)
    else:
        yield from chain(_literal(entry, "type", "function"), _field(entry, "function", dict))
        function = entry.get("function")
        if isinstance(function, dict):
            yield from _field(function, "name", str)


def _field(of: dict[str, Any], name: str, *kinds: type, required: bool = True) -> Iterator[Flaw]:
    """Yield what is wrong with one field."""
    if name not in of:
        if required:
            yield Flaw(code="missing_field", field=name)
    elif not isinstance(of[name], kinds):
        yield Flaw(code="wrong_type", field=name, seen=_kind(of[name]))


def _literal(of: dict[str, Any], name: str, wanted: str) -> Iterator[Flaw]:
    flaws = list(_field(of, name, str))
    yield from flaws
    if not flaws and of[name] != wanted:
        yield Flaw(code="wrong_type", field=name, seen=f"{quoted(of[name])} instead of '{wanted}'")


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")
