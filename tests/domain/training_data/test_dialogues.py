"""Dialogues as people type them become conversations, and a slip is named by its line."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidFile
from domain.training_data.dialogues import read
from domain.training_data.problems import Problem

FULL = "\uff1a"  # the full-width colon


def said(text: str, **wishes: Any) -> list[Any]:
    results = read([text.encode()], **wishes)
    return [
        (line, (result.line, result.code))
        if isinstance(result, Problem)
        else (line, [(entry["role"], entry["content"]) for entry in result["messages"]])
        for line, result in results
    ]


@pytest.mark.parametrize(
    ("user", "assistant", "system"),
    [
        ("User:", "Assistant:", "System:"),
        ("user :", "ASSISTANT:", "system:"),
        ("用户:", "助手:", "系统:"),
        (f"用户{FULL}", f"助手{FULL}", f"系统{FULL}"),
        ("Q:", "A:", "System:"),
        (f"问{FULL}", f"答{FULL}", f"系统 {FULL}"),
    ],
)
def test_labels_in_both_languages_and_widths_begin_turns(user: str, assistant: str, system: str) -> None:
    text = f"{system} s\n{user}a\n{assistant}  b\n{user} c\n{assistant}d"
    turns = [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    assert said(text) == [(1, turns)]


@pytest.mark.parametrize("between", ["\n", "---\n", "\n\n----\n\n", "\r\n"])
def test_a_blank_line_or_a_rule_divides_conversations(between: str) -> None:
    text = f"User: a\nAssistant: b\n{between}User: c\nAssistant: d\n"
    assert [turns for _, turns in said(text)] == [
        [("user", "a"), ("assistant", "b")],
        [("user", "c"), ("assistant", "d")],
    ]


def test_a_text_goes_on_over_lines_and_paragraphs_up_to_the_next_label() -> None:
    text = "User: a\n  b\n\nAssistant:\nc\n\nd\n A: indented\n\n\nUser: e\nAssistant: f"
    assert said(text) == [
        (1, [("user", "a\n  b"), ("assistant", "c\n\nd\n A: indented")]),
        (11, [("user", "e"), ("assistant", "f")]),
    ]


def test_a_given_system_prompt_goes_where_none_is_written() -> None:
    text = "User: a\nAssistant: b\n\nSystem: own\nUser: c\nAssistant: d"
    assert [turns[0] for _, turns in said(text, system="given")] == [("system", "given"), ("system", "own")]


@pytest.mark.parametrize(
    ("slip", "line", "code"),
    [
        ("Some text.\nUser: a\nAssistant: b", 1, "no_label"),
        ("User: a\nUser: b\nAssistant: c", 2, "out_of_turn"),
        ("Assistant: a", 1, "out_of_turn"),
        ("User: a\nAssistant: b\nSystem: c", 3, "out_of_turn"),
        ("User: a\nAssistant:\n", 2, "blank_text"),
        ("System: s\nUser: a", 1, "no_last_answer"),
        ("System: s", 1, "no_last_answer"),
    ],
)
def test_a_slip_is_named_by_its_line_and_the_next_conversation_is_read(
    slip: str, line: int, code: str
) -> None:
    first, second = said(f"---\n{slip}\n---\nUser: a\nAssistant: b")
    assert first == (line + 1, (line + 1, code))
    assert second[1] == [("user", "a"), ("assistant", "b")]


@pytest.mark.parametrize("text", ["User: " + "a" * 5000, "User: a\n" + "more\n" * 1000])
def test_a_conversation_without_end_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile, match="longer than the 2,000 bytes"):
        said(text, max_bytes=2000)


WORDS = st.lists(st.sampled_from(["Hello", "你好", "x:", "- - -", "1. a", "'A:'"]), min_size=1).map(" ".join)
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map("\n\n".join)
TURNS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(TURNS, min_size=1, max_size=3), st.sampled_from(["\n---\n", "\n\n"]))
def test_what_is_written_down_reads_back_the_same(conversations: Any, between: str) -> None:
    divided = between if all(len(turns) == 1 for turns in conversations) else "\n---\n"
    text = divided.join(
        "\n".join(f"User: {question}\n\n助手:{answer}" for question, answer in turns)
        for turns in conversations
    )
    assert [turns for _, turns in said(text)] == [
        [said for question, answer in turns for said in (("user", question), ("assistant", answer))]
        for turns in conversations
    ]
