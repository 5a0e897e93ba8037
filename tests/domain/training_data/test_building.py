"""Builders give examples that train, or say which text is missing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidRequest
from domain.training_data.building import multi_turn, single_turn, to_line
from domain.training_data.structure import StructureCheck

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: bool(text.strip()))
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(PAIRS, st.none() | TEXT, st.booleans()), min_size=1, max_size=5))
def test_whatever_is_built_passes_the_structure_check_and_reads_back_the_same(conversations: Any) -> None:
    check = StructureCheck(1 << 20)
    for turns, system, only_last in conversations:
        line = to_line(multi_turn(turns, system=system, only_last=only_last))
        check.feed(line)
        assert line.count(b"\n") == 1
        said = [entry["content"] for entry in json.loads(line)["messages"]]
        assert said == [*([system] if system else []), *(text for turn in turns for text in turn)]
    structure = check.finish()
    assert (structure.examples, structure.fault_count) == (len(conversations), 0)


def test_training_on_the_last_answer_only_gives_earlier_answers_no_weight() -> None:
    example = multi_turn([("a", "b"), ("c", "d"), ("e", "f")], only_last=True)
    assert [entry.get("weight") for entry in example["messages"]] == [None, 0, None, 0, None, None]


def test_a_line_keeps_characters_as_they_are() -> None:
    assert (
        to_line(single_turn("问", "答😀", system="师"))
        == (
            '{"messages":[{"role":"system","content":"师"},{"role":"user","content":"问"},'
            '{"role":"assistant","content":"答😀"}]}\n'
        ).encode()
    )


@pytest.mark.parametrize(
    ("turns", "system", "named"),
    [
        ([], None, "at least one question"),
        ([("", "b")], None, "question of turn 1 is blank"),
        ([("a", "b"), ("c", " \n\u3000")], None, "answer of turn 2 is blank"),
        ([("a", "b")], " ", "system prompt is blank"),
        ([("a", None)], None, "answer of turn 1 is not text"),
    ],
)
def test_a_missing_text_is_named(turns: Any, system: str | None, named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        multi_turn(turns, system=system)


@pytest.mark.parametrize("value", ["\ud800", 10**5000, object()], ids=type)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        to_line({"messages": [value]})
