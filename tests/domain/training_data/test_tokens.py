"""The tokens of examples, as many as DashScope's own tokenizer finds in the conversations.

TOKENS_EXAMPLES=10000 compares a set of 10,000 lines, in about six seconds.
"""

import os
import pickle
from array import array
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.training_data import tokens as module
from domain.training_data.chat_template import rendered
from domain.training_data.examples import (
    Assistant,
    Example,
    System,
    User,
    decode_example,
    kind_of,
    messages_of,
    text_of,
)
from domain.training_data.tokens import (
    TokenCounts,
    Tokens,
    count_example,
    histogram,
    joined,
    spread,
)
from tests.domain.training_data.conversations import conversations
from tests.domain.training_data.qwen import dashscope_count, vocabulary

EXAMPLES = int(os.environ.get("TOKENS_EXAMPLES", "600"))


def chat(*answers: str, **of_answers: Any) -> Example:
    said = [message for text in answers for message in (User("ask"), Assistant(text, **of_answers))]
    return Example(messages=said)


def observed(*examples: Example, first_line: int = 1) -> TokenCounts:
    return Tokens(vocabulary()).observe([*enumerate(examples, first_line)])


def counts(*total: int, trained: int = 1) -> TokenCounts:
    lines = array("I", range(1, len(total) + 1))
    return TokenCounts(lines, array("I", total), array("I", [trained] * len(total)))


def test_every_example_has_as_many_tokens_as_dashscope_finds() -> None:
    examples = [*enumerate(map(decode_example, conversations(EXAMPLES)), 1)]
    assert len(examples) == EXAMPLES
    assert all(kind_of(example) for _, example in examples)
    found = Tokens(vocabulary()).observe(examples)
    expected = [dashscope_count(rendered(example)) for _, example in examples]
    differing = [
        line for line, ours, theirs in zip(found.lines, found.total, expected, strict=True) if ours != theirs
    ]
    assert not differing
    figures = Tokens(vocabulary()).conclude([found]).figures
    assert figures["total"] == figures["trained"] + figures["prompt"] == sum(expected)
    for line, example in examples:
        for message in messages_of(example):
            text = text_of(message.content)
            assert vocabulary().count(text) == dashscope_count(text), line


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("a1 \n\r\t。您\u0301<|im_end|>'s\u3000\x85\x1c"), max_size=12),
        min_size=3,
        max_size=3,
    )
)
def test_odd_texts_merge_with_what_is_around_them_as_dashscope_finds(texts: list[str]) -> None:
    system, asked, answer = texts
    example = Example(messages=[System(system), User(asked), Assistant(answer)])
    total, trained = count_example(example, vocabulary())
    assert total == dashscope_count(rendered(example))
    assert 0 < trained < total


def test_the_answers_and_the_marks_that_end_them_are_trained_on() -> None:
    found = observed(chat("An answer.", "好的。马上为您处理。"))
    assert found.trained[0] == sum(
        dashscope_count(f"{text}<|im_end|>") for text in ("An answer.", "好的。马上为您处理。")
    )


def test_what_has_weight_0_is_not_trained_on() -> None:
    weighed = Example(
        messages=[User("a"), Assistant("not this", weight=0), User("b"), Assistant("this", weight=1)]
    )
    total, trained = count_example(weighed, vocabulary())
    assert trained == dashscope_count("this<|im_end|>")
    assert total == dashscope_count(rendered(weighed))


def test_of_a_preference_the_preferred_answer_is_counted() -> None:
    line = {
        "input": {"messages": [{"role": "user", "content": "Which?"}]},
        "preferred_output": [{"role": "assistant", "content": "The first of the two."}],
        "non_preferred_output": [{"role": "assistant", "content": "No."}],
    }
    preferred = decode_example(msgspec.json.encode(line))
    as_chat = Example(messages=[User("Which?"), Assistant("The first of the two.")])
    assert count_example(preferred, vocabulary()) == count_example(as_chat, vocabulary())


def test_pieces_come_to_the_same_as_the_whole() -> None:
    examples = [chat(f"Answer {at}." * at) for at in range(1, 9)]
    parts = [observed(*examples[:3]), observed(*examples[3:], first_line=4)]
    look = Tokens(vocabulary(), context_length=40)
    assert look.conclude(parts) == look.conclude([observed(*examples)])
    assert joined(parts) == observed(*examples)


def test_counts_pass_between_processes_and_through_the_database() -> None:
    found = observed(chat("one"), chat("two", "three"), first_line=7)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - what was pickled a moment ago
    assert TokenCounts.from_bytes(found.to_bytes()) == found
    assert TokenCounts.from_bytes(TokenCounts().to_bytes()) == TokenCounts()


def test_of_more_examples_than_are_kept_the_first_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXAMPLES_KEPT", 2)
    assert TokenCounts.from_bytes(counts(10, 20, 30).to_bytes()) == counts(10, 20)


def test_examples_beyond_the_context_are_told_with_their_lines() -> None:
    conclusion = Tokens(vocabulary(), context_length=20).conclude([counts(20, 21, 5, *[30] * 12)])
    (finding,) = conclusion.findings
    assert (finding.code, finding.line, finding.count) == ("over_long_examples", 2, 13)
    assert finding.lines == (2, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    assert "13" in finding.message
    assert "13 " in finding.message_zh
    assert conclusion.figures["over_long"] == {"limit": 20, "examples": 13}


def test_a_file_whose_examples_all_fit_has_no_finding() -> None:
    conclusion = Tokens(vocabulary()).conclude([counts(32_768, 5, trained=2)])
    assert conclusion.findings == ()
    assert conclusion.figures | {"per_example": None, "histogram": None} == {
        "exact": True,
        "error": 0.0,
        "total": 32_773,
        "trained": 4,
        "prompt": 32_769,
        "per_example": None,
        "histogram": None,
        "over_long": {"limit": 32_768, "examples": 0},
    }


def test_a_file_without_examples_has_no_tokens() -> None:
    figures = Tokens(vocabulary()).conclude([]).figures
    assert (figures["total"], figures["per_example"], figures["histogram"]) == (0, {}, [])


@pytest.mark.parametrize(
    ("given_counts", "expected"),
    [
        ([], []),
        ([1], [(1, 1, 1)]),
        ([0, 1, 2, 3, 4], [(0, 0, 1), (1, 1, 1), (2, 3, 2), (4, 7, 1)]),
        ([127, 128, 255, 256, 33_000], [(64, 127, 1), (128, 255, 2), (256, 511, 1), (32_768, 65_535, 1)]),
    ],
)
def test_the_histogram_doubles_its_steps_and_leaves_out_empty_ones(
    given_counts: list[int], expected: list[tuple[int, int, int]]
) -> None:
    assert [tuple(step.values()) for step in histogram(given_counts)] == expected


@pytest.mark.parametrize(
    ("given_counts", "expected"),
    [
        ([7], (7, 7, 7, 7, 7.0)),
        ([3, 1, 2], (1, 2, 2, 3, 2.0)),
        ([*range(101)], (0, 50, 95, 100, 50.0)),
        ([1, 1, 1, 1000], (1, 1, 1, 1000, 250.8)),
    ],
)
def test_the_spread_is_of_sorted_counts(given_counts: list[int], expected: tuple[float, ...]) -> None:
    assert tuple(spread(given_counts).values()) == expected
