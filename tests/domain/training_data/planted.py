"""Training files with faults planted in them, of which it is known where each one is."""

import json
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

Message = dict[str, Any]
PREFERENCE: Final = ("input", "preferred_output", "non_preferred_output")
TOOL: Final = {"role": "tool", "content": "ok"}
SYSTEM: Final = {"role": "system", "content": "你是一家银行的客服。"}
CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "close", "arguments": "{}"}}


class Planted(NamedTuple):
    """Where a fault is, and which."""

    line: int
    message_index: int | None
    code: str


def question(rng: random.Random) -> Message:
    return {"role": "user", "content": f"How do I close account number {rng.randrange(10_000)}? 怎么销户"}


def answer(rng: random.Random) -> Message:
    return {
        "role": "assistant",
        "content": f"In branch {rng.randrange(10_000)}, with your card. 请到网点办理",
    }


def chat(*messages: Any, **more: Any) -> bytes:
    return json.dumps({"messages": messages, **more}, ensure_ascii=False).encode()


def good(rng: random.Random) -> bytes:
    turns = [message for _ in range(rng.choice((1, 1, 1, 2))) for message in (question(rng), answer(rng))]
    return chat(*([SYSTEM] if rng.random() < 0.8 else []), *turns)


# What is done to a question and an answer: the line, and where the fault then is.
KINDS: Final[dict[str, Callable[[Message, Message], tuple[bytes, int | None, str]]]] = {
    "a line cut off": lambda q, a: (chat(q, a)[:-3], None, "not_json"),
    "single quotes": lambda q, a: (str({"messages": [q, a]}).encode(), None, "not_json"),
    "a comma too many": lambda q, a: (chat(q, a)[:-1] + b",}", None, "not_json"),
    "two objects on a line": lambda q, a: (chat(q, a) + chat(q, a), None, "not_json"),
    "not a number": lambda q, a: (chat(q, a)[:-1] + b', "score": NaN}', None, "not_json"),
    "a list": lambda q, a: (b"[" + chat(q, a) + b"]", None, "not_an_object"),
    "a text": lambda q, a: (json.dumps(q["content"]).encode(), None, "not_an_object"),
    "no messages": lambda q, a: (b'{"note": "later"}', None, "unknown_format"),
    "Alpaca": lambda q, a: (b'{"instruction": "a", "output": "b"}', None, "unknown_format"),
    "messages in an object": lambda q, a: (b'{"messages": {"role": "user"}}', None, "wrong_type"),
    "an empty list": lambda q, a: (chat(), None, "no_messages"),
    "a message that is a text": lambda q, a: (chat(q["content"], a), 0, "not_an_object"),
    "no role": lambda q, a: (chat({"content": q["content"]}, a), 0, "missing_field"),
    "a role that is a number": lambda q, a: (chat(q, {**a, "role": 2}), 1, "wrong_type"),
    "an unknown role": lambda q, a: (chat({**q, "role": "human"}, a), 0, "unknown_role"),
    "a role in capitals": lambda q, a: (chat(q, {**a, "role": "Assistant"}), 1, "unknown_role"),
    "no content": lambda q, a: (chat({"role": "user"}, a), 0, "missing_field"),
    "content that is null": lambda q, a: (chat(SYSTEM, {**q, "content": None}, a), 1, "wrong_type"),
    "content that is a number": lambda q, a: (chat(q, {**a, "content": 42}), 1, "wrong_type"),
    "an image": lambda q, a: (chat({**q, "content": [{"type": "image_url"}]}, a), 0, "wrong_type"),
    "an empty question": lambda q, a: (chat({**q, "content": ""}, a), 0, "empty_content"),
    "a blank system prompt": lambda q, a: (chat({**SYSTEM, "content": " \n"}, q, a), 0, "empty_content"),
    "an empty answer": lambda q, a: (chat(q, {**a, "content": "  "}), 1, "empty_answer"),
    "no user": lambda q, a: (chat(SYSTEM, a), None, "no_user_message"),
    "no assistant": lambda q, a: (chat(SYSTEM, q), None, "no_assistant_message"),
    "only a system prompt": lambda q, a: (chat(SYSTEM), None, "no_conversation"),
    "a question at the end": lambda q, a: (chat(q, a, q), 2, "last_not_assistant"),
    "a weight of two": lambda q, a: (chat(q, {**a, "weight": 2}), 1, "bad_weight"),
    "a weight that is true": lambda q, a: (chat(q, {**a, "weight": True}), 1, "bad_weight"),
    "nothing trained": lambda q, a: (chat(q, {**a, "weight": 0}), None, "nothing_trained"),
    "a tool without its call": lambda q, a: (chat(q, TOOL, a), 1, "missing_field"),
    "a call without an id": lambda q, a: (chat(q, {**a, "tool_calls": [{**CALL, "id": 7}]}), 1, "wrong_type"),
    "arguments that are no JSON": lambda q, a: (
        chat(q, {**a, "function_call": {"name": "close", "arguments": "now"}}), 1, "bad_arguments",
    ),
    "tools in an object": lambda q, a: (chat(q, a, tools={}), None, "wrong_type"),
    "another kind of example": lambda q, a: (
        json.dumps(dict(zip(PREFERENCE, ({"messages": [q]}, [a], [a]), strict=True))).encode(),
        None, "mixed_formats",
    ),
    "nested too deeply": lambda q, a: (b'{"messages": ' + b"[" * 5_000, None, "too_deep"),
}  # fmt: skip


def two_faults(rng: random.Random) -> tuple[bytes, list[tuple[int | None, str]]]:
    """Return a line with two faults in messages of their own."""
    line = chat({**SYSTEM, "content": 5}, {**question(rng), "role": "human"}, answer(rng))
    return line, [(0, "wrong_type"), (1, "unknown_role")]


def training_file(seed: int, *, faults: int, lines: int) -> tuple[bytes, list[Planted]]:
    """Return a file of so many lines, blank ones among them, with so many faults of every kind in turn."""
    rng = random.Random(seed)
    planted: list[Planted] = []
    names = list(KINDS)
    content: list[bytes] = [good(rng)]
    at = set(rng.sample(range(2, lines + 1), faults - faults // 20))
    doubled = set(rng.sample(sorted(at), faults // 20))
    for number in range(2, lines + 1):
        if number in doubled:
            line, found = two_faults(rng)
            planted += [Planted(number, index, code) for index, code in found]
        elif number in at:
            line, index, code = KINDS[names[len(planted) % len(names)]](question(rng), answer(rng))
            planted.append(Planted(number, index, code))
        else:
            line = b"" if rng.random() < 0.05 else good(rng)
        content.append(line)
    return rng.choice((b"\n", b"\r\n")).join(content) + b"\n", planted
