"""Alpaca, ShareGPT and pairs, as JSON array or JSON Lines, become examples."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.training_data.conversion import Problem, convert
from tests.domain.training_data.conversion.converted import asked, outcome, usable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: bool(text.strip()))
CALL = {"name": "weather", "arguments": {"city": "Ulm"}}
TOOLS = [{"name": "weather", "parameters": {"type": "object"}}]


def one(record: dict[str, Any], **wishes: Any) -> Any:
    ((line, result),) = outcome(json.dumps(record), **wishes)[0]
    assert line == 1
    return result


@pytest.mark.parametrize(
    ("record", "messages"),
    [
        ({"instruction": "a", "output": "b"}, asked("a", "b")),
        ({"instruction": "a", "input": "", "output": "b"}, asked("a", "b")),
        ({"instruction": "a", "input": None, "output": "b", "history": None}, asked("a", "b")),
        ({"instruction": "a", "input": "x", "output": "b", "system": "s"}, asked("a\n\nx", "b", "s")),
        (
            {"instruction": "a", "input": "x", "output": "b", "history": [["q", "r"]], "system": "s"},
            asked("q", "r", "s") + asked("a\n\nx", "b"),
        ),
        ({"question": "a", "answer": "b"}, asked("a", "b")),
        ({"prompt": "a", "completion": "b", "system_prompt": "s"}, asked("a", "b", "s")),
        ({"q": "a", "a": "b"}, asked("a", "b")),
        ({"Input": "a", "Output": "b"}, asked("a", "b")),
        ({"问题": "甲", "答案": "乙", "系统": "师"}, asked("甲", "乙", "师")),
        (
            {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
            asked("a", "b"),
        ),
        (
            {
                "system": "s",
                "conversations": [{"role": "User", "content": "a"}, {"from": "gpt", "value": "b"}],
            },
            asked("a", "b", "s"),
        ),
        (
            {
                "messages": [
                    {"from": "user", "value": "a"},
                    {"from": "assistant", "value": "b", "weight": 0.0},
                ]
            },
            "unusable",  # nothing would be learned from it
        ),
        (
            {
                "messages": [
                    {"role": "system", "content": "s"},
                    {"role": "user", "content": [{"type": "text", "text": "a"}]},
                    {"role": "assistant", "content": "b", "weight": 1},
                ]
            },
            [
                {"role": "system", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "a"}]},
                {"role": "assistant", "content": "b", "weight": 1},
            ],
        ),
    ],
)
def test_a_record_becomes_messages(record: dict[str, Any], messages: list[Any]) -> None:
    assert one(record) == messages


def test_calls_of_tools_get_ids_that_their_answers_bear() -> None:
    turns = [("human", "a"), ("function_call", json.dumps([CALL, CALL])), ("observation", "1"), ("tool", "2")]
    record = {
        "conversations": [{"from": speaker, "value": value} for speaker, value in [*turns, ("gpt", "b")]],
        "tools": json.dumps(TOOLS),
    }
    ((_, example),) = convert([json.dumps(record).encode()])
    assert not isinstance(example, Problem)
    assert example["tools"] == [{"type": "function", "function": TOOLS[0]}]
    _, called, first, second, _ = example["messages"]
    assert [call["id"] for call in called["tool_calls"]] == ["call_1", "call_2"]
    assert json.loads(called["tool_calls"][0]["function"]["arguments"]) == CALL["arguments"]
    assert [first["tool_call_id"], second["tool_call_id"]] == ["call_1", "call_2"]
    assert usable([json.dumps(example).encode()])


def turns_of(*turns: tuple[str, Any]) -> dict[str, Any]:
    return {"conversations": [{"from": speaker, "value": value} for speaker, value in turns]}


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"question": "a", "answer": " "}, "blank_text"),
        ({"question": "a", "answer": ""}, "blank_text"),
        ({"question": "a", "answer": 4}, "not_text"),
        ({"question": "a", "answer": None}, "missing_text"),
        ({"instruction": "", "input": "", "output": "b"}, "blank_text"),
        ({"instruction": "a", "output": "b", "history": [["q"]]}, "bad_history"),
        ({"instruction": "a", "output": "b", "history": "q"}, "bad_history"),
        ({"instruction": "a", "output": "b", "history": [["q", ""]]}, "blank_text"),
        (turns_of(("human", "a")), "no_last_answer"),
        (turns_of(("gpt", "a")), "no_question"),
        (turns_of(("alien", "a")), "unknown_speaker"),
        (turns_of(("human", "a"), ("gpt", "")), "blank_text"),
        (turns_of(("human", "a"), ("gpt", [1])), "not_text"),
        (turns_of(("human", "a"), ("function_call", "weather()")), "bad_call"),
        (turns_of(("human", "a"), ("observation", "1"), ("gpt", "b")), "answer_without_call"),
        (turns_of(("human", "a"), ("gpt", "b")) | {"tools": "[1]"}, "bad_tools"),
        ({"conversations": []}, "no_turns"),
        ({"conversations": ["a"]}, "bad_turn"),
        ({"conversations": [{"from": "human"}]}, "bad_turn"),
        (
            {"messages": [{"role": "user", "content": " "}, {"role": "assistant", "content": "b"}]},
            "blank_text",
        ),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}]},
            "blank_text",
        ),
    ],
)
def test_a_record_that_does_not_fit_is_a_problem_in_words(record: dict[str, Any], code: str) -> None:
    good = {"question": "a", "answer": "b"} if "question" in record else record
    ((line, problem),) = convert([b"\n\n", json.dumps(record).encode(), b"\n"], format=form_of(good))
    assert isinstance(problem, Problem)
    assert (line, problem.line, problem.code) == (3, 3, code)
    assert problem.message.startswith("The record on line 3 ")
    assert problem.message_zh.startswith("第 3 行的记录")
    assert problem.fix
    assert problem.fix_zh


def form_of(record: dict[str, Any]) -> str:
    return "pairs" if "question" in record else "alpaca" if "instruction" in record else "sharegpt"


ARRAY = """[
  {"question": "a", "answer": "[b, {\\"c\\"}]"},
  {"question": 1,
   "answer": "b"},
  {"question": "a" "answer"},
  7, {"question": "a",
  "answer": "b\\\\"}
]
"""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_array_is_read_on_after_a_broken_element(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.training_data.text.LEAST_PORTION", 1)
    results, _ = outcome(ARRAY, size, format="pairs")
    assert results == [
        (2, asked("a", '[b, {"c"}]')),
        (3, "not_text"),
        (5, "not_json"),
        (6, "not_an_object"),
        (6, asked("a", "b\\")),
    ]


def test_lines_are_read_on_after_a_broken_one() -> None:
    good = '{"question": "a", "answer": "b"}'
    results, conversion = outcome(f"{good}\n{{broken\r\n\n[1]\n{good}")
    assert results == [(1, asked("a", "b")), (2, "not_json"), (4, "not_an_object"), (5, asked("a", "b"))]
    assert (conversion.examples, conversion.problems) == (2, 2)


def test_objects_written_out_over_lines_are_read_one_after_the_other() -> None:
    text = json.dumps({"question": "a", "answer": "b"}, indent=2)
    assert outcome(f"{text}\n{text}")[0] == [(1, asked("a", "b")), (5, asked("a", "b"))]


def test_what_finds_no_place_is_counted_by_key() -> None:
    record = {"question": "a", "answer": "b", "id": 7, "k" * 100: 1}
    conversion = outcome("\n".join([json.dumps(record)] * 3))[1]
    assert conversion.dropped == {"id": 3, "k" * 60 + "…": 3}


def test_keys_without_end_are_counted_together() -> None:
    records = [{"question": "a", "answer": "b", **{f"{at}_{n}": 1 for n in range(600)}} for at in range(2)]
    conversion = outcome("\n".join(map(json.dumps, records)))[1]
    assert (len(conversion.dropped), conversion.dropped["…"]) == (1001, 200)


@pytest.mark.parametrize("record", [{"question": "a", "answer": "b"}, turns_of(("user", "a"), ("gpt", "b"))])
def test_a_given_system_prompt_goes_where_none_is_written(record: dict[str, Any]) -> None:
    assert one(record, system="s") == asked("a", "b", "s")
    assert one(record | {"system": "own"}, system="s") == asked("a", "b", "own")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT, st.none() | TEXT), min_size=1, max_size=5),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.booleans(),
)
def test_pairs_come_out_as_they_went_in(pairs: Any, indent: int | None, array: Any, escaped: Any) -> None:
    records = [{"question": q, "answer": a, "system": s} for q, a, s in pairs]
    if array:
        text = json.dumps(records, indent=indent, ensure_ascii=escaped)
    else:
        text = "\n".join(json.dumps(record, ensure_ascii=escaped) for record in records)
    results, _ = outcome(text, format="pairs")
    assert [messages for _, messages in results] == [asked(q, a, s) for q, a, s in pairs]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["human", "gpt", "tool"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["from", "value", "role", "content", "conversations", "messages", "tools", "history"]
            )
            | st.sampled_from(
                ["instruction", "input", "output", "system", "question", "answer", "weight", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(JSON, max_size=3), st.sampled_from(["alpaca", "sharegpt", "pairs"]))
def test_any_json_becomes_examples_that_pass_or_problems(records: list[Any], form: str) -> None:
    results, _ = outcome(json.dumps(records), format=form)
    assert len(results) == len(records)
