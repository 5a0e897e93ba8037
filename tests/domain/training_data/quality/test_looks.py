"""What all looks have in common: they take any example, and pieces give what the whole gives."""

import json
import pickle
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert

from domain.training_data.examples import ROLES, Example
from domain.training_data.findings import Look
from domain.training_data.quality import LOOKS
from domain.training_data.quality.leak import FingerprintLook
from tests.domain.training_data.quality.made import asked, chat, looked, numbered

ALL: tuple[Look[Any], ...] = (*LOOKS, FingerprintLook())
each_look = pytest.mark.parametrize("look", ALL, ids=lambda look: look.name)
USER = {"role": "user", "content": "Well?"}
LONE = "\ud800 half a pair \udfff"
CALL = {"id": "call_1", "type": "function", "function": {"name": LONE, "arguments": LONE}}
# The decoder refuses half a surrogate pair; the looks do not rely on it.
ODD = [
    chat({"role": "user", "content": ""}, {"role": "assistant", "content": None, "tool_calls": [CALL]}),
    chat({**USER, "content": []}, {"role": "assistant", "content": "", "function_call": CALL["function"]}),
    chat({**USER, "content": [{"type": "text", "text": LONE}] * 2}, {"role": "assistant", "content": LONE}),
    asked(LONE, f"{LONE} {LONE}" * 200, system=LONE),
    chat({"role": "assistant", "content": LONE}),
    convert(
        {
            "input": {"messages": [{"role": "user", "content": LONE}]},
            "preferred_output": [{"role": "assistant", "content": LONE}],
            "non_preferred_output": [{"role": "assistant", "content": "no"}],
        },
        Example,
    ),
    Example(),
]  # fmt: skip

text = st.text(max_size=30) | st.sampled_from([LONE, "", "{", "```", "您好", "TODO", "<think>"])
message = st.fixed_dictionaries(
    {"role": st.sampled_from(ROLES), "content": text, "tool_call_id": text, "name": text}
)
examples = st.lists(
    st.builds(lambda messages: chat(*messages), st.lists(message, min_size=1, max_size=4)), max_size=8
)


@each_look
@pytest.mark.parametrize("times", [1, 30])
def test_takes_any_example_and_says_only_what_can_be_stored(look: Look[Any], times: int) -> None:
    conclusion = looked(look, ODD * times)
    json.dumps(conclusion.figures, ensure_ascii=False).encode()
    for finding in conclusion.findings:
        f"{finding.message}{finding.message_zh}".encode()


@each_look
@given(examples=examples, pieces=st.integers(2, 5))
@settings(max_examples=12, deadline=None)
def test_pieces_give_what_the_whole_gives(look: Look[Any], examples: list[Example], pieces: int) -> None:
    assert looked(look, examples, pieces=pieces) == looked(look, examples)


@each_look
def test_what_is_seen_of_a_piece_is_small_and_can_be_sent(look: Look[Any]) -> None:
    many = numbered([asked(f"Question {i} about {i * 7}?", f"Answer {i} " * 30) for i in range(3_000)])
    sent = pickle.dumps(look.observe(many))
    assert len(sent) <= 300 * len(many)
    assert pickle.loads(sent) == look.observe(many)  # noqa: S301 - what was just written


@each_look
def test_nothing_was_seen_of_an_empty_file(look: Look[Any]) -> None:
    assert {finding.code for finding in looked(look, []).findings} <= {"too_few"}


@pytest.mark.parametrize(
    "filler",
    [
        "a",
        " ",
        "you are ",
        "{{",
        "``` ",
        "<",
        "- ",
        "好",
        "非常",
        "\uff0c",
        "\n",
        "[your ",
        "xxx",
        "a. ",
        "helpful, ",
    ],
)
def test_a_megabyte_of_the_same_takes_no_time(filler: str) -> None:
    long = filler * (1_000_000 // len(filler))
    started = time.process_time()
    for look in ALL:
        looked(look, [asked(long, long, system=long)])
    assert time.process_time() - started < 2


def test_words_are_there_in_both_languages_and_filled_in() -> None:
    one = asked("Ask", "Not sure.", system="You are a helpful assistant.")
    findings = [finding for look in LOOKS for finding in looked(look, [one, one, *ODD]).findings]
    assert len(findings) > 5
    for finding in findings:
        for words in (finding.message, finding.message_zh, finding.fix, finding.fix_zh):
            assert words
            assert not re.search(r"\{[a-z_]+\}", words)
        assert re.search("[\u4e00-\u9fff]", finding.message_zh)
        assert re.search("[\u4e00-\u9fff]", finding.fix_zh)


def test_names_are_unique() -> None:
    assert len({look.name for look in ALL}) == len(ALL)
