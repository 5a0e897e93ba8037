"""Tables become examples by the names of their columns, whatever the delimiter and the encoding."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidFile
from tests.domain.training_data.conversion.converted import asked, outcome

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1).filter(
    lambda text: bool(text.strip())
)


@pytest.mark.parametrize(
    "header",
    ["question,answer", "Prompt,Completion", "input,output", "instruction,output", "问题,答案", "问,答",
     "user,assistant", "id,Question ,ANSWER"],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_columns_are_known_by_name_and_the_delimiter_by_the_header(header: str, delimiter: str) -> None:
    row = "7,a,b" if header.startswith("id") else "a,b"
    results, conversion = outcome(f"{header}\n{row}\n".replace(",", delimiter))
    assert results == [(2, asked("a", "b"))]
    assert conversion.detected.format == "csv"


def test_instruction_and_input_are_joined_as_in_alpaca() -> None:
    text = "instruction,input,output,system\na,x,b,s\na,,b,\n"
    assert outcome(text)[0] == [(2, asked("a\n\nx", "b", "s")), (3, asked("a", "b"))]


def test_columns_can_be_given() -> None:
    text = "who,q text,label\ns,a,b\n"
    wishes = {"question": "q text", "answer": "label", "system": "who"}
    assert outcome(text, columns=wishes)[0] == [(2, asked("a", "b", "s"))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("before", [0, 1023, 1500])
def test_the_encoding_is_found_out_and_said(encoding: str, before: int) -> None:
    text = "question,answer,id\n" + f"a,{'b' * 60},\n" * before + "小明问:天气怎么样?,今天晴。,1\n"
    results, conversion = outcome(text.encode(encoding))
    assert results[-1] == (before + 2, asked("小明问:天气怎么样?", "今天晴。"))
    assert conversion.encoding == encoding.removesuffix("-sig")
    assert conversion.dropped == {"id": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_line_breaks_belong_to_the_text_and_lines_are_counted_as_an_editor_does(end: str) -> None:
    text = 'question,answer\n"a\n\n""x""",b\n\nc,"d\n,e"\nf,\n'.replace("\n", end)
    assert outcome(text)[0] == [(2, asked('a\n\n"x"', "b")), (6, asked("c", "d\n,e")), (8, "blank_text")]


@pytest.mark.parametrize(
    ("row", "became"),
    [
        ("a,b,", asked("a", "b")),
        ("a,b", asked("a", "b")),
        ("a,b,s,,", asked("a", "b", "s")),
        ("a,b,c,d", "ragged_row"),
        ("a", "ragged_row"),
        (",b", "blank_text"),
        ('"a"x,b', "bad_quotes"),
    ],
)
def test_a_ragged_row_is_a_problem_unless_nothing_is_lost(row: str, became: Any) -> None:
    results, _ = outcome(f"question,answer,system\n{row}\nlast,row,\n")
    assert results == [(2, became), (3, asked("last", "row"))]


@pytest.mark.parametrize(
    ("text", "wishes", "named"),
    [
        ("a,b\n1,2\n", {"format": "csv"}, "has 'a', 'b'"),
        ("question,reply_text\n", {"format": "csv"}, "No columns for question and answer"),
        ("question,answer\n", {"columns": {"answer": "reply"}}, "no column 'reply' for the answer"),
        ("question,answer\n", {"columns": {"reply": "answer"}}, "no part 'reply'"),
        (
            'question,"answer"x\n',
            {"format": "csv", "delimiter": ","},
            "Write a double quote within quoted text twice",
        ),
        ("question,answer,answer\n", {}, "More than one column is called 'answer'"),
    ],
)
def test_a_header_without_usable_columns_is_one_clear_error(text: str, wishes: Any, named: str) -> None:
    with pytest.raises(InvalidFile, match=named):
        outcome(text, **wishes)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.integers(1, 9),
)
def test_what_a_spreadsheet_writes_comes_out_the_same(
    pairs: list[tuple[str, str]], delimiter: str, encoding: str, size: int
) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([("question", "answer"), *pairs])
    results, _ = outcome(file.getvalue().encode(encoding), size)
    assert [messages for _, messages in results] == [asked(q, a) for q, a in pairs]
