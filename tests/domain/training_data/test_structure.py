"""Which training files are examples throughout, which have faults, and which are refused outright."""

import codecs
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidFile
from domain.training_data.structure import FAULTS_KEPT, Structure, StructureCheck

SYSTEM = {"role": "system", "content": "You answer for a bank."}
USER = {"role": "user", "content": "How do I close my account?"}
ASSISTANT = {"role": "assistant", "content": "In a branch."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "close", "arguments": '{"now": true}'}}
TOOL = {"type": "function", "function": {"name": "close", "parameters": {"type": "object"}}}
TOOL_ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
FUNCTION_ANSWER = {"role": "function", "name": "close", "content": "ok"}
PREFERENCE = {
    "input": {"messages": [USER]},
    "preferred_output": [ASSISTANT],
    "non_preferred_output": [ASSISTANT],
}


def chat(*messages: Any, **more: Any) -> bytes:
    return json.dumps({"messages": messages, **more}, ensure_ascii=False).encode()


GOOD = chat(SYSTEM, USER, ASSISTANT)


def check(*chunks: bytes, max_line_bytes: int = 1024 * 1024) -> Structure:
    structure = StructureCheck(max_line_bytes)
    for chunk in chunks:
        structure.feed(chunk)
    found = structure.finish()
    if found.refusal is not None:
        raise found.refusal
    return found


def refused(*chunks: bytes, max_line_bytes: int = 1024 * 1024) -> str:
    with pytest.raises(InvalidFile) as raised:
        check(*chunks, max_line_bytes=max_line_bytes)
    assert (raised.value.status, raised.value.param) == (400, "file")
    return raised.value.message


@pytest.mark.parametrize(
    "line",
    [
        chat(USER, ASSISTANT),
        chat({"role": "developer", "content": "Be short."}, USER, ASSISTANT),
        chat(USER, {**ASSISTANT, "weight": 0}, USER, {**ASSISTANT, "weight": 1}),
        chat(USER, {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}),
        chat({"role": "user", "content": [{"type": "text", "text": "Hello"}], "name": "ada"}, ASSISTANT),
        chat(USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, tools=[TOOL]),
        chat(USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, parallel_tool_calls=False),
        chat(USER, {"role": "assistant", "tool_calls": [CALL]}, TOOL_ANSWER, ASSISTANT),
        chat(USER, {"role": "assistant", "function_call": CALL["function"]}, FUNCTION_ANSWER, ASSISTANT),
        chat(USER, ASSISTANT, functions=[TOOL["function"]]),
        chat(USER, ASSISTANT, note="unknown keys are kept", number=10),
        chat(USER, ASSISTANT).replace(b'"messages"', b'"number": 1' + b"0" * 5000 + b', "messages"'),
        '{"messages":[{"role":"user","content":"关闭账户"},{"role":"assistant","content":"\\u4f60"}]}'.encode(),
    ],
)
def test_a_chat_of_any_shape_openai_allows_is_an_example(line: bytes) -> None:
    structure = check(line)
    assert (structure.examples, structure.faults, structure.kind) == (1, (), "chat")
    assert structure.usable
    assert structure.summary == ""


def test_each_of_two_equal_keys_is_checked() -> None:
    line = chat(USER, ASSISTANT)
    assert check(line[:-1] + b"," + line[1:]).usable
    assert check(line[:-1] + b', "messages": []}').fault_count == 1
    assert check(b'{"messages": [], ' + line[1:]).fault_count == 1


def test_a_preference_is_an_example_of_its_own_kind() -> None:
    line = json.dumps({**PREFERENCE, "input": {"messages": [SYSTEM, USER], "tools": [TOOL]}}).encode()
    assert check(line).kind == "preference"
    assert check(line).usable


FAULTY = [
    (b"{'messages': []}", "not_json", None),
    (b'{"messages": [{"role": "user", "content": NaN}]}', "not_json", None),
    (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', "not_json", None),
    (b'{"messages": [{"role": "user"', "not_json", None),
    (b"[" * 100_000 + b"]" * 100_000, "too_deep", None),
    (b'{"messages": [{"role": "user", "content": ' + b"[" * 100_000, "too_deep", None),
    (b'{"a": ' * 100_000, "too_deep", None),
    (b"[1, 2]", "not_an_object", None),
    (b'"text"', "not_an_object", None),
    (b"1" * 5000, "not_an_object", None),
    (b'{"messages": [{"role": "user", "content": 1' + b"0" * 5000 + b"}]}", "wrong_shape", 0),
    (b'{"messages": [{"role": "user", "content": 1e999}]}', "wrong_shape", 0),
    (b"{}", "unknown_format", None),
    (b'{"prompt": "a", "completion": "b"}', "unknown_format", None),
    (b'{"messages": {}}', "wrong_type", None),
    (b'{"messages": []}', "no_messages", None),
    (chat("hello", ASSISTANT), "not_an_object", 0),
    (chat({"content": "x"}, ASSISTANT), "missing_field", 0),
    (chat({"role": 1, "content": "x"}, ASSISTANT), "wrong_type", 0),
    (chat(USER, {"role": "bot", "content": "x"}), "unknown_role", 1),
    (chat({"role": "user"}, ASSISTANT), "missing_field", 0),
    (chat({"role": "user", "content": None}, ASSISTANT), "wrong_type", 0),
    (chat({"role": "user", "content": 5}, ASSISTANT), "wrong_type", 0),
    (chat({"role": "user", "content": ["x"]}, ASSISTANT), "wrong_type", 0),
    (chat({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, ASSISTANT), "wrong_type", 0),
    (chat(USER, {**ASSISTANT, "weight": 2}), "bad_weight", 1),
    (chat(USER, {**ASSISTANT, "weight": True}), "bad_weight", 1),
    (chat(USER, {**ASSISTANT, "weight": 0.5}), "bad_weight", 1),
    (chat(USER, {"role": "assistant", "content": ""}), "empty_answer", 1),
    (chat(USER, {"role": "assistant"}), "empty_answer", 1),
    (chat(USER, {"role": "assistant", "tool_calls": [{**CALL, "id": 1}]}), "wrong_type", 1),
    (chat(USER, {"role": "assistant", "tool_calls": [{**CALL, "type": "x"}]}), "wrong_type", 1),
    (chat(USER, {"role": "assistant", "tool_calls": [7]}), "wrong_type", 1),
    (chat(USER, {"role": "assistant", "function_call": {"name": "close"}}), "missing_field", 1),
    (chat(USER, {"role": "assistant", "function_call": {"name": "x", "arguments": {}}}), "wrong_type", 1),
    (chat(USER, {"role": "tool", "content": "ok"}, ASSISTANT), "missing_field", 1),
    (chat(USER, {"role": "function", "content": "ok"}, ASSISTANT), "missing_field", 1),
    (chat(USER, ASSISTANT, tools=[{"type": "function"}]), "missing_field", None),
    (chat(USER, ASSISTANT, tools=[5]), "wrong_type", None),
    (chat(USER, ASSISTANT, tools={}), "wrong_type", None),
    (chat(USER, ASSISTANT, functions=[{"name": 5}]), "wrong_type", None),
    (chat(USER, ASSISTANT, parallel_tool_calls="yes"), "wrong_type", None),
    (chat(SYSTEM, ASSISTANT), "no_user_message", None),
    (chat(SYSTEM, USER), "no_assistant_message", None),
    (chat(USER, ASSISTANT, USER), "last_not_assistant", 2),
    (json.dumps({**PREFERENCE, "input": "text"}).encode(), "wrong_type", None),
    (json.dumps({**PREFERENCE, "input": {"messages": [SYSTEM]}}).encode(), "no_user_message", None),
    (json.dumps({**PREFERENCE, "preferred_output": []}).encode(), "no_messages", None),
    (json.dumps({**PREFERENCE, "preferred_output": [USER]}).encode(), "no_assistant_message", None),
    (json.dumps({**PREFERENCE, "non_preferred_output": [{"role": "x"}]}).encode(), "unknown_role", 0),
    (
        json.dumps({**PREFERENCE, "preferred_output": [{**ASSISTANT, "weight": 0}]}).encode(),
        "nothing_trained",
        None,
    ),
    (chat({}, ASSISTANT), "missing_field", 0),
    (b'{"instruction": "a", "input": "", "output": "b"}', "unknown_format", None),
    (b'{"input": "a", "output": "b"}', "unknown_format", None),
    (chat(USER, {"role": "assistant", "tool_calls": {}}), "wrong_type", 1),
    (
        chat({"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}).replace(
            b'{"from": "gpt", "value": "y"}', b'{"role": "assistant", "content": "y"}'
        ),
        "missing_field",
        0,
    ),
    (chat(SYSTEM), "no_conversation", None),
    (chat({"role": "user", "content": ""}, ASSISTANT), "empty_content", 0),
    (chat({"role": "system", "content": " \n"}, USER, ASSISTANT), "empty_content", 0),
    (chat({"role": "user", "content": [{"type": "text", "text": "\t"}]}, ASSISTANT), "empty_content", 0),
    (chat(USER, {"role": "assistant", "content": "  "}), "empty_answer", 1),
    (chat(USER, {**ASSISTANT, "weight": 0}), "nothing_trained", None),
    (chat(USER, {"role": "assistant", "function_call": {"name": "x", "arguments": "{"}}), "bad_arguments", 1),
    (
        chat(USER, {**ASSISTANT, "tool_calls": [{**CALL, "function": {"name": "x", "arguments": "x=1"}}]}),
        "bad_arguments",
        1,
    ),
    (
        json.dumps({"input": {"messages": [USER]}, "preferred_output": [ASSISTANT]}).encode(),
        "missing_field",
        None,
    ),
    (chat({"role": "bot", "content": "x" * 100_000}), "unknown_role", 0),
    (chat({"role": "user", "content": "x" * 100_000}), "no_assistant_message", None),
]


@pytest.mark.parametrize(("line", "code", "index"), FAULTY, ids=lambda value: repr(value)[:60])
def test_a_fault_is_named_with_its_line_and_message(line: bytes, code: str, index: int | None) -> None:
    structure = check(GOOD + b"\n\n" + line + b"\n" + GOOD)
    (fault,) = structure.faults
    assert (fault.line, fault.code, fault.message_index) == (3, code, index)
    assert fault.message.startswith("Line 3")
    assert fault.message_zh.startswith("第 3 行")
    assert (structure.examples, structure.lines, structure.fault_count) == (2, 4, 1)
    assert structure.summary == f"1 line of 4 cannot be used. {fault.message}"
    assert not structure.usable


def test_messages_are_for_people() -> None:
    lines = [
        chat(USER, {"role": "bot\x00\x1b", "content": "x"}),
        b'{"instruction": "a", "output": "b"}',
        json.dumps({**PREFERENCE, "preferred_output": [{"role": "assistant"}]}).encode(),
        chat({"role": "user", "content": 5}, ASSISTANT),
        json.dumps(PREFERENCE).encode(),
    ]
    assert [fault.message for fault in check(b"\n".join([GOOD, *lines])).faults] == [
        (
            "Line 2: message 2 has the role 'bot\\x00\\x1b'; "
            "use system, developer, user, assistant, tool or function."
        ),
        (
            "Line 3 has neither 'messages' nor 'input', 'preferred_output' and 'non_preferred_output'; "
            "instruction and output pairs must be written as messages."
        ),
        "Line 4: message 1 of 'preferred_output' is an assistant message that says nothing.",
        "Line 5: message 1 has a number as 'content'.",
        "Line 6 is a preference example, but the file began with another kind; one file holds one kind.",
    ]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n", b"\r\n \t\r\n"])
@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("beginning", [b"", codecs.BOM_UTF8, b"\n"])
def test_line_ends_blank_lines_and_a_bom_do_not_matter(
    newline: bytes, ending: bytes, beginning: bytes
) -> None:
    structure = check(beginning + newline.join([GOOD] * 3) + ending)
    assert (structure.examples, structure.faults) == (3, ())


def test_lines_are_counted_as_an_editor_does() -> None:
    structure = check(b"\n\r\n" + GOOD + b"\n  \n[]\n")
    assert (structure.lines, structure.faults[0].line) == (5, 5)


SAMPLE = codecs.BOM_UTF8 + b"\r\n".join([GOOD, b"", chat({"role": "用户", "content": "x"}), b"{", GOOD])


def test_the_file_may_be_cut_anywhere() -> None:
    whole = check(SAMPLE)
    assert whole.fault_count == 2
    for cut in range(len(SAMPLE)):
        assert check(SAMPLE[:cut], SAMPLE[cut:]) == whole
    assert check(*[SAMPLE[at : at + 1] for at in range(len(SAMPLE))]) == whole


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest of a zip", "a zip archive"),
        (b"PAR1\x15\x04\x15\x10\x15", "a Parquet file"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00", "a gzip archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (GOOD.decode().encode("utf-16"), "UTF-16"),
        (GOOD + b"\n" + GOOD + b'\n{"a": "\xff"}', "Line 3 is not UTF-8: byte 8 of it is 0xff"),
        (GOOD + b'\n{"ignored": "\xe4\xbd"}\n', "Line 2 is not UTF-8"),
        ("文" .encode() * 9 + b"\n\n" + "ü".encode("latin-1"), "Line 3 is not UTF-8: byte 1"),
        (GOOD + b"\n\n\0", "Line 3 holds a NUL byte"),
        (GOOD + b"\n\na\0\n" + GOOD, "Line 3 holds a NUL byte"),
        (b"\n \r\n\t", "Not one line of the file is JSON"),
        (b"a", "Not one line of the file is JSON"),
        (codecs.BOM_UTF8, "Not one line of the file is JSON"),
        (b"name,age\nada,36\n", "Not one line of the file is JSON"),
        (b"{\n  'a': 5\n}", "Not one line of the file is JSON"),
        (b"x\n" * 10_000, "Not one of the first 10,000 lines"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_what_is_no_training_file_is_refused_however_it_is_cut(content: bytes, words: str) -> None:
    assert words in refused(content)
    assert words in refused(*[content[at : at + 3] for at in range(0, len(content), 3)])


def test_a_line_may_have_the_limit_and_not_a_byte_more() -> None:
    limit = len(GOOD)
    assert check(GOOD + b"\n" + GOOD, max_line_bytes=limit).examples == 2
    for content in (GOOD + b"\n" + GOOD + b" \n" + GOOD, GOOD + b"\n" + GOOD + b" "):
        assert (
            refused(content, max_line_bytes=limit)
            == f"Line 2 is longer than the {limit} bytes that a line may have."
        )
        halves = [content[at : at + 7] for at in range(0, len(content), 7)]
        assert "Line 2 is longer" in refused(*halves, max_line_bytes=limit)


def test_a_refusal_is_known_at_once_and_kept_until_the_end() -> None:
    structure = StructureCheck(100)
    structure.feed(b"x" * 101)
    assert structure.refusal is not None
    structure.feed(GOOD)
    assert structure.finish().refusal is structure.refusal


def test_memory_is_flat_for_one_endless_line() -> None:
    structure = StructureCheck(1024 * 1024)
    chunk = b"x" * 64 * 1024
    tracemalloc.start()
    try:
        for _ in range(1000):
            structure.feed(chunk)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_faults_beyond_those_that_are_told_are_counted() -> None:
    more = FAULTS_KEPT + 5
    many = check(GOOD + b"\n", b"{}\n" * more, GOOD)
    assert (len(many.faults), many.fault_count, many.faulty_count) == (FAULTS_KEPT, more, more)
    assert (many.examples, many.lines, len(many.faulty_lines)) == (2, more + 2, more)
    assert many.summary.startswith(f"{more} lines of {many.lines} cannot be used. Line 2 has")
    assert many.summary_zh.startswith(f"共 {many.lines} 行,其中 {more} 行无法使用。第 2 行")


def test_a_summary_stays_short_whatever_is_in_the_file() -> None:
    assert len(check(chat({"role": "x" * 50_000, "content": ""}) * 1 + b"\n").summary) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["system", "user", "assistant", "tool", "function", "text", "", "x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from([
            "messages", "role", "content", "weight", "tools", "tool_calls", "function", "type", "text",
            "name", "arguments", "id", "tool_call_id", "input", "preferred_output",
            "non_preferred_output", "other",
        ]),
        inner, max_size=5,
    ),
    max_leaves=8,
)  # fmt: skip
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool"])},
    optional={"content": st.text(max_size=3) | JSON, "weight": st.integers(-1, 2), "tool_calls": JSON},
)
LINE = JSON | st.fixed_dictionaries({"messages": st.lists(MESSAGE, max_size=4)}, optional={"tools": JSON})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # nested strategies; a busy machine
@given(LINE)
def test_any_json_is_an_example_or_has_explained_faults(line: Any) -> None:
    structure = check(json.dumps(line).encode())
    assert structure.examples + structure.faulty_count == 1
    assert all(fault.code != "mixed_formats" for fault in structure.faults)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([GOOD, b"\n", b"{}", b"\r\n", b'{"messages": ['])))
def test_no_bytes_make_it_crash(chunks: list[bytes]) -> None:
    structure = StructureCheck(200)
    for chunk in chunks:
        structure.feed(chunk)
    found = structure.finish()
    assert found.lines >= found.examples + found.faulty_count
    assert found.faulty_count == len(found.faulty_lines)
    assert found.usable != bool(found.faults)
