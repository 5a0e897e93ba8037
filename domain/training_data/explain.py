"""Why a line is no example: the slow path, for lines that failed.

A line that the typed decoder refused is walked as plain values, to say in our own words what its shape
lacks; one that it took, but that teaches nothing, is judged by its messages.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from msgspec import UNSET, DecodeError, Raw, UnsetType, ValidationError
from msgspec.json import Decoder

from domain.training_data.examples import ROLES, Assistant, Example, Message, User, decode_example
from domain.training_data.faults import Flaw, quoted

# Plain values take many times the bytes of their JSON: longer lines get msgspec's own words.
LONGEST_WALKED: Final = 64 * 1024
_LONGEST_REASON: Final = 200

_skim: Final = Decoder(Raw).decode
_decode: Final = Decoder().decode
_PREFERENCE_KEYS: Final = ("input", "preferred_output", "non_preferred_output")
_OTHER_FORMATS: Final = {
    "prompt": "; prompt and completion pairs must be written as messages",
    "instruction": "; instruction and output pairs must be written as messages",
    "conversations": "; conversations with from and value must be written as messages with role and content",
}


def is_json(line: bytes) -> bool:
    """Tell whether the line is well-formed JSON of any kind; one too deep to follow counts."""
    try:
        _skim(line)
    except RecursionError:
        return True
    except DecodeError:
        return False
    return True


def explain(line: bytes) -> Flaw | None:
    """Return the first thing wrong with a line of UTF-8, None if it is in order; never raises."""
    try:
        _skim(line)
        example = decode_example(line)
    except RecursionError:
        return Flaw(code="too_deep")
    except ValidationError as error:
        return _walk(line) or _in_msgspec_words(error)
    except DecodeError as error:
        return Flaw(code="not_json", seen=_reason(error).removeprefix("JSON is malformed: "))
    if example.messages is UNSET and not _is_preference(example):
        hints = (hint for key, hint in _OTHER_FORMATS.items() if b'"%b"' % key.encode() in line)
        return Flaw(code="unknown_format", seen=next(hints, ""))
    return next(_teaches_nothing(example), None)


def _walk(line: bytes) -> Flaw | None:
    if len(line) > LONGEST_WALKED:
        return None
    try:
        example = _decode(line)
    except (DecodeError, RecursionError):  # an integer of a thousand digits, say, where any value is allowed
        return None
    return next(_flaws(example), None)


def _in_msgspec_words(error: ValidationError) -> Flaw:
    where = re.search(r"messages\[(\d{1,9})\]", str(error))
    return Flaw(
        code="wrong_shape", seen=_reason(error), message_index=None if where is None else int(where[1])
    )


def _reason(error: Exception) -> str:
    text = str(error)[:_LONGEST_REASON]
    return text if text.isprintable() else ascii(text)


def _teaches_nothing(example: Example) -> Iterator[Flaw]:
    if example.messages is not UNSET:
        yield from chain(_must_ask(example.messages), _must_answer(example.messages, "messages"))
        return
    outputs = {
        "preferred_output": example.preferred_output,
        "non_preferred_output": example.non_preferred_output,
    }
    if example.input is UNSET:
        yield Flaw(code="missing_field", field="input")
    else:
        yield from _must_ask(example.input.messages)
    for key, messages in outputs.items():
        yield from _must_answer(messages, key)


def _is_preference(example: Example) -> bool:
    parts = (example.input, example.preferred_output, example.non_preferred_output)
    return any(part is not UNSET for part in parts)


def _must_ask(messages: list[Message]) -> Iterator[Flaw]:
    if User not in map(type, messages):
        yield Flaw(code="no_user_message")


def _must_answer(messages: list[Message] | UnsetType, key: str) -> Iterator[Flaw]:
    if messages is UNSET:
        yield Flaw(code="missing_field", field=key)
        return
    for index, message in enumerate(messages):
        if isinstance(message, Assistant) and not message.says_something():
            yield Flaw(code="empty_answer", message_index=index, within=_unless_messages(key))
    if Assistant not in map(type, messages):
        yield Flaw(code="no_assistant_message", field=key)
    if not isinstance(messages[-1], Assistant):
        yield Flaw(code="last_not_assistant", field=key)


def _unless_messages(key: str) -> str:
    return "" if key == "messages" else key


def _flaws(example: Any) -> Iterator[Flaw]:
    if not isinstance(example, dict):
        yield Flaw(code="not_an_object", seen=_kind(example))
    elif "messages" in example:
        yield from chain(_tools(example), _messages(example, "messages"))
    elif any(key in example for key in _PREFERENCE_KEYS):
        yield from _preference(example)


def _preference(example: dict[str, Any]) -> Iterator[Flaw]:
    yield from _field(example, "input", dict)
    yield from chain(_tools(example["input"]), _messages(example["input"], "messages"))
    for key in _PREFERENCE_KEYS[1:]:
        yield from _messages(example, key)


def _tools(of: dict[str, Any]) -> Iterator[Flaw]:
    for key in ("tools", "functions"):
        yield from _field(of, key, list, type(None), required=False)
        for entry in of.get(key) or []:
            yield from _tool(entry, key)
    yield from _field(of, "parallel_tool_calls", bool, type(None), required=False)


def _tool(entry: Any, key: str) -> Iterator[Flaw]:
    if not isinstance(entry, dict):
        yield Flaw(code="wrong_type", field=f"{key}[]", seen=_kind(entry))
    elif key == "functions":
        yield from _field(entry, "name", str)
    else:
        yield from chain(_literal(entry, "type", "function"), _field(entry, "function", dict))
        yield from _field(entry["function"], "name", str)


def _messages(of: dict[str, Any], key: str) -> Iterator[Flaw]:
    yield from _field(of, key, list)
    if not of[key]:
        yield Flaw(code="no_messages", field=key)
    for index, message in enumerate(of[key]):
        for flaw in _message(message):
            yield replace(flaw, message_index=index, within=_unless_messages(key))


def _message(message: Any) -> Iterator[Flaw]:
    if not isinstance(message, dict):
        yield Flaw(code="not_an_object", seen=_kind(message))
        return
    yield from _field(message, "role", str)
    role = message["role"]
    if role not in ROLES:
        yield Flaw(code="unknown_role", seen=quoted(role))
    yield from _content(message, role)
    if role == "assistant":
        yield from _assistant(message)
    elif role == "tool":
        yield from _field(message, "tool_call_id", str)
    elif role == "function":
        yield from _field(message, "name", str)


def _content(message: dict[str, Any], role: str) -> Iterator[Flaw]:
    if role in {"assistant", "function"}:
        kinds = (str, list, type(None)) if role == "assistant" else (str, type(None))
        yield from _field(message, "content", *kinds, required=False)
    else:
        yield from _field(message, "content", str, list)
    content = message.get("content")
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            yield Flaw(code="wrong_type", field="content[]", seen=_kind(part))
            continue
        yield from chain(_literal(part, "type", "text"), _field(part, "text", str))


def _assistant(message: dict[str, Any]) -> Iterator[Flaw]:
    weight = message.get("weight")
    if weight is not None and (type(weight) is not int or weight not in {0, 1}):
        yield Flaw(
            code="bad_weight", seen=str(weight)[:20] if isinstance(weight, int | float) else _kind(weight)
        )
    yield from _field(message, "tool_calls", list, type(None), required=False)
    for call in message.get("tool_calls") or []:
        if not isinstance(call, dict):
            yield Flaw(code="wrong_type", field="tool_calls[]", seen=_kind(call))
            continue
        yield from chain(_field(call, "id", str), _literal(call, "type", "function"))
        yield from chain(_field(call, "function", dict), _function_call(call["function"]))
    yield from _field(message, "function_call", dict, type(None), required=False)
    if message.get("function_call") is not None:
        yield from _function_call(message["function_call"])


def _function_call(call: dict[str, Any]) -> Iterator[Flaw]:
    yield from chain(_field(call, "name", str), _field(call, "arguments", str))


def _field(of: dict[str, Any], name: str, *kinds: type, required: bool = True) -> Iterator[Flaw]:
    """Yield what is wrong with one field. Whoever takes only the first flaw may read the field after it."""
    if name not in of:
        if required:
            yield Flaw(code="missing_field", field=name)
    elif not isinstance(of[name], kinds):
        yield Flaw(code="wrong_type", field=name, seen=_kind(of[name]))


def _literal(of: dict[str, Any], name: str, wanted: str) -> Iterator[Flaw]:
    yield from _field(of, name, str)
    if of[name] != wanted:
        yield Flaw(code="wrong_type", field=name, seen=f"{quoted(of[name])} instead of '{wanted}'")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
