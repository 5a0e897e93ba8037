"""Which orders of messages are odd, and where."""

from typing import Any

import pytest

from domain.training_data.quality.roles import Roles
from tests.domain.training_data.quality.made import asked, chat, found, looked

S, U, A = ({"role": role, "content": f"The {role} speaks."} for role in ("system", "user", "assistant"))
CALL = {
    "role": "assistant",
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
TOOL = {"role": "tool", "tool_call_id": "1", "content": "ok"}
OLD_CALL = {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}
OLD_TOOL = {"role": "function", "name": "f", "content": "ok"}
BOTH = {**CALL, "tool_calls": [*CALL["tool_calls"], {**CALL["tool_calls"][0], "id": "2"}]}  # type: ignore[dict-item]
SECOND = {**TOOL, "tool_call_id": "2"}


@pytest.mark.parametrize(
    "messages",
    [
        [U, A], [S, U, A], [S, U, A, U, A], [U, CALL, TOOL, A], [U, CALL],
        [S, U, BOTH, SECOND, TOOL, A, U, A],
        [U, OLD_CALL, OLD_TOOL, A], [U, {**A, "weight": 0}, U, A], [{**S, "role": "developer"}, U, A],
        [U, {**A, "content": "Use a < b and <b>bold</b> here."}],
    ],
)  # fmt: skip
def test_usual_orders_are_in_order(messages: list[Any]) -> None:
    assert not looked(Roles(), [chat(*messages)]).findings


@pytest.mark.parametrize(
    ("messages", "code", "index"),
    [
        ([U, S, A], "system_not_first", 1),
        ([S, S, U, A], "several_system_messages", 1),
        ([S, U, A, S, U, A], "several_system_messages", 3),
        ([A, U, A], "answer_before_question", 0),
        ([U, U, A], "same_role_twice", 1),
        ([U, A, A], "same_role_twice", 2),
        ([U, TOOL, A], "tool_answer_without_call", 1),
        ([U, OLD_TOOL, A], "tool_answer_without_call", 1),
        ([U, CALL, SECOND, TOOL, A], "tool_answer_without_call", 2),
        ([U, CALL, U, A], "call_without_answer", 1),
        ([U, BOTH, TOOL, A], "call_without_answer", 1),
        ([U, {**A, "weight": 0}], "nothing_trained", None),
        ([U, {**A, "content": "Hello<|im_end|>"}], "template_token", 1),
        ([{**U, "content": "<|im_start|>user"}, A], "template_token", 0),
    ],
)
def test_odd_orders_are_told_with_their_message(messages: list[Any], code: str, index: int | None) -> None:
    findings = found(looked(Roles(), [asked("Fine?", "Fine."), chat(*messages)]))
    assert list(findings) == [code]
    assert (findings[code].line, findings[code].message_index) == (2, index)


@pytest.mark.parametrize(
    ("answers", "lines"),
    [
        (["<think>so</think>yes", "no", "no"], (1,)),
        (["<think>so</think>yes", "<think></think>yes", "no"], (3,)),
        (["<think>so</think>yes"] * 3, None),
        (["no"] * 3, None),
    ],
)
def test_thoughts_in_some_answers_only_are_told(answers: list[str], lines: tuple[int, ...] | None) -> None:
    findings = found(looked(Roles(), [asked("Well?", answer) for answer in answers], pieces=2))
    assert (findings["think_in_some_answers"].lines if findings else None) == lines
