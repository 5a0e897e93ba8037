"""Conversations as Qwen3's chat template writes them; the texts expected were compared with its own."""

# ruff: noqa: E501 - a text expected is one string

import json
from typing import Any

import pytest

from domain.training_data.chat_template import pieces, rendered
from domain.training_data.examples import Example, decode_example

TOOL = {
    "type": "function",
    "function": {"name": "now", "description": "时间", "parameters": {"type": "object"}},
}
LISTED = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
    '{"type": "function", "function": {"name": "now", "description": "时间", "parameters": {"type": "object"}}}\n'
    "</tools>\n\nFor each function call, return a json object with function name and arguments within "
    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
)
CALL = '<tool_call>\n{"name": "now", "arguments": {"a": 1}}\n</tool_call>'


def called(content: str | None, calls: int) -> dict[str, Any]:
    function = {"name": "now", "arguments": '{"a": 1}'}
    entries = [{"id": str(at), "type": "function", "function": function} for at in range(calls)]
    return {"role": "assistant", "content": content, "tool_calls": entries}


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def example(*messages: dict[str, Any], **more: Any) -> Example:
    return decode_example(json.dumps({"messages": messages, **more}, ensure_ascii=False).encode())


def block(role: str, text: str) -> str:
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


ASKED, ANSWERED = said("user", "q"), said("assistant", "a")
TALK = block("user", "q") + block("assistant", "a")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (example(ASKED, ANSWERED), TALK),
        (example(said("system", "s"), ASKED, ANSWERED), block("system", "s") + TALK),
        (example(said("developer", "s"), ASKED, ANSWERED), block("system", "s") + TALK),
        (example(ASKED, ANSWERED, said("system", "late"), ASKED, ANSWERED), TALK + block("system", "late") + TALK),
        (example(ASKED, ANSWERED, tools=[TOOL]), block("system", LISTED) + TALK),
        (example(said("system", "s"), ASKED, ANSWERED, tools=[TOOL]), block("system", f"s\n\n{LISTED}") + TALK),
        (example(said("user", [{"type": "text", "text": "q"}]), ANSWERED), TALK),
        (example(ASKED, ANSWERED, functions=[TOOL["function"]]), block("system", LISTED) + TALK),
    ],
    ids=[
        "question and answer", "system", "developer", "a system message later", "tools", "system and tools",
        "content in parts", "functions",
    ],
)  # fmt: skip
def test_a_conversation_is_written_as_the_template_does(given: Example, expected: str) -> None:
    assert rendered(given) == expected


@pytest.mark.parametrize(
    ("content", "calls", "expected"),
    [
        (None, 1, CALL),
        ("", 2, f"{CALL}\n{CALL}"),
        ("Let me look.", 1, f"Let me look.\n{CALL}"),
    ],
)
def test_calls_stand_below_what_is_said(content: str | None, calls: int, expected: str) -> None:
    assert rendered(example(ASKED, called(content, calls))) == block("user", "q") + block(
        "assistant", expected
    )


def test_answers_of_tools_called_together_stand_in_one_message_of_the_user() -> None:
    answers = [said("tool", text, tool_call_id="1") for text in ("x", "y")]
    later = said("function", "z", name="now")
    conversation = example(ASKED, called(None, 2), *answers, called(None, 1), later, ANSWERED)
    assert rendered(conversation) == (
        block("user", "q")
        + block("assistant", f"{CALL}\n{CALL}")
        + block("user", "<tool_response>\nx\n</tool_response>\n<tool_response>\ny\n</tool_response>")
        + block("assistant", CALL)
        + block("user", "<tool_response>\nz\n</tool_response>")
        + block("assistant", "a")
    )


def test_of_a_tool_only_what_is_given_is_told() -> None:
    bare = {"type": "function", "function": {"name": "now", "strict": True}}
    system, *_ = pieces(example(ASKED, ANSWERED, tools=[bare]))
    assert '\n{"type": "function", "function": {"name": "now"}}\n' in system.text


def test_the_assistants_messages_are_trained_on_unless_their_weight_is_0() -> None:
    conversation = example(said("system", "s"), ASKED, said("assistant", "a", weight=0), ASKED, ANSWERED)
    assert [piece.trained for piece in pieces(conversation)] == [False, False, False, False, True]
