"""A line without what was found, the rest of it as it was."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.training_data.personal_data.json_strings import string_values
from domain.training_data.personal_data.redaction import redact_line
from domain.training_data.personal_data.search import find
from domain.training_data.structure import StructureCheck
from tests.domain.training_data.personal_data import made_up

ID = made_up.resident_id()
CARD = made_up.bank_card()
TUNEWARD_KEY = "tw_" + made_up.token(43)


def line(*contents: str, **others: Any) -> bytes:
    messages = [
        {"role": "assistant" if place % 2 else "user", "content": content}
        for place, content in enumerate(contents)
    ]
    return json.dumps({"messages": messages, **others}, ensure_ascii=False).encode()


def is_usable(raw: bytes) -> bool:
    check = StructureCheck(1_000_000)
    check.feed(raw)
    return check.finish().usable


def test_a_conversation_stays_coherent() -> None:
    redacted = redact_line(
        line("我的电话是13912345678, 还有13812345679。", "好的, 139 1234 5678 和13812345679, 已记下。")
    )
    assert redacted.line == line(
        "我的电话是[PHONE_1], 还有[PHONE_2]。", "好的, [PHONE_1] 和[PHONE_2], 已记下。"
    )
    assert [(hit.message_index, hit.masked, hit.replacement) for hit in redacted.hits] == [
        (0, "139****5678", "[PHONE_1]"),
        (0, "138****5679", "[PHONE_2]"),
        (1, "139****5678", "[PHONE_1]"),
        (1, "138****5679", "[PHONE_2]"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        line("您好", "有什么可以帮您?"),
        rb'{ "messages" : [{"role":"user","content":"caf\u00e9 \u4f60\u597d \/ 1"}], "n": 1.50e+3 }',
        line("a@example.com", "订单13912345678"),
        b"",
        b"  \t",
    ],
)
def test_a_line_without_a_hit_is_the_very_same(raw: bytes) -> None:
    redacted = redact_line(raw)
    assert redacted.line is raw
    assert redacted.hits == ()


def test_what_is_beside_a_hit_stays_byte_for_byte() -> None:
    raw = (
        b'{ "z" : 12345678901234567890123, "f":1.50e+3, "t":"caf\\u00e9\\/",  "messages":[ '
        b'{"content":"\\u7535\\u8bdd 13912345678 \\"\\n"},{"content":"k","role":"assistant","x":0}],"a":[]}'
    )
    assert redact_line(raw).line == raw.replace(b"\\u7535\\u8bdd 13912345678", "电话 [PHONE_1]".encode())


@pytest.mark.parametrize(
    "written",
    [
        r"\u0031\u0033\u0039\u0031\u0032\u0033\u0034\u0035\u0036\u0037\u0038",
        r"139\u200b1234\u200b5678",
        r"\uff11\uff13\uff1912345678",
        r"139\u00a01234\u30005678",
        r"zhang\u0040qq.com",
        r"\ud83d\ude0013912345678",
    ],
)
def test_no_escape_hides_a_value(written: str) -> None:
    raw = f'{{"messages":[{{"role":"user","content":"{written}"}}]}}'.encode()
    assert len(redact_line(raw).hits) == 1


@pytest.mark.parametrize(
    ("raw", "index"),
    [
        (line("hi", "13912345678"), 1),
        (b'{"mess\\u0061ges":[{"role":"user","content":"hi","a":[1,2]},{"content":"13912345678"}]}', 1),
        (b'{"messages":[{"content":[{"type":"text","text":"a"},{"type":"text","text":"13912345678"}]}]}', 0),
        (b'{"messages":[{"content":"a"},{"tool_calls":[{"function":{"arguments":"13912345678"}}]}]}', 1),
        (b'{"input":{"messages":[{"content":"a"},{"content":"b"},{"content":"13912345678"}]}}', 2),
        (b'{"preferred_output":[{"role":"assistant","content":"13912345678"}]}', None),
        (b'{"tools":[{"function":{"description":"ask 13912345678"}}],"messages":[]}', None),
        (b'{"messages":[{"content":"a"}],"metadata":{"messages":["13912345678"]}}', None),
    ],
)
def test_a_hit_knows_its_message(raw: bytes, index: int | None) -> None:
    assert [hit.message_index for hit in redact_line(raw).hits] == [index]


def test_keys_and_other_numbers_stay_and_a_number_that_is_found_becomes_a_string() -> None:
    raw = b'{"13912345678":"x","n":13912345678,"age":36,"messages":[{"content":"13812345679"}]}'
    redacted = redact_line(raw)
    assert redacted.line == (
        b'{"13912345678":"x","n":"[PHONE_2]","age":36,"messages":[{"content":"[PHONE_1]"}]}'
    )
    assert [hit.masked for hit in redacted.hits] == ["138****5679", "139****5678"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"phone": 13912345678, "n": [1]}, {"phone": "[PHONE_1]", "n": [1]}),
        ({"text": "电话13912345678"}, {"text": "电话[PHONE_1]"}),
        ({"to": "zhang@noplace.com", "why": 'a "b"'}, {"to": "[EMAIL_1]", "why": 'a "b"'}),
        ({"inner": json.dumps({"text": "请拨打13912345678"})}, {"inner": '{"text": "请拨打[PHONE_1]"}'}),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_arguments_of_a_call_stay_json(
    arguments: dict[str, Any], expected: dict[str, Any], *, escaped: bool
) -> None:
    redacted = json.loads(redact_line(line("q", json.dumps(arguments, ensure_ascii=escaped))).line)
    after = json.loads(redacted["messages"][1]["content"])
    if "inner" in after:
        after["inner"], expected = json.loads(after["inner"]), {"inner": json.loads(expected["inner"])}
    assert after == expected


def test_a_whole_example_is_searched_and_stays_usable() -> None:
    call = {"name": "send", "arguments": json.dumps({"card": CARD, "id": ID})}
    raw = json.dumps(
        {
            "messages": [
                {"role": "system", "content": "Write to zhang@noplace.com."},
                {"role": "user", "content": [{"type": "text", "text": f"key {TUNEWARD_KEY}"}]},
                {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": call}]},
                {"role": "tool", "tool_call_id": "c", "content": "sent to 13912345678"},
                {"role": "assistant", "content": "done", "function_call": call, "weight": 1},
            ],
            "tools": [
                {"type": "function", "function": {"name": "send", "description": "asks li@noplace.com"}}
            ],
        }
    ).encode()
    redacted = redact_line(raw)
    assert " ".join(hit.replacement for hit in redacted.hits) == (
        "[EMAIL_1] [SECRET_1] [BANK_CARD_1] [ID_NUMBER_1] [PHONE_1] [BANK_CARD_1] [ID_NUMBER_1] [EMAIL_2]"
    )
    assert is_usable(raw)
    assert is_usable(redacted.line)


WHOLE = (
    "13912345678",
    "139-1234-5678",
    "zhang@noplace.com",
    "+1 202 456 1414",
    "010-62345678",
    ID,
    CARD,
    TUNEWARD_KEY,
)
BROKEN = (
    *'@.- ({}[]:,"19ae\n\u200b\u7535\uff11\u00e4\U0001f600',
    "://bob:",
    "t0r7Lq9",
    "+86",
    "\\n",
    "cn",
    "[PHONE_1]",
    "订单",
)
PIECES = st.sampled_from((*WHOLE, *BROKEN, "\\u0031"))


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map("".join), st.booleans())
def test_nothing_is_left_to_find(content: str, escaped: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "x"}]
    raw = json.dumps({"messages": messages}, ensure_ascii=escaped).encode()
    redacted = redact_line(raw)
    assert all(find(value.text) == [] for value in string_values(redacted.line))
    assert redact_line(redacted.line).line is redacted.line
    assert is_usable(redacted.line) or not content.strip()
    assert bool(redacted.hits) == (redacted.line != raw)


def test_half_a_pair_of_surrogates_survives() -> None:
    raw = b'{"messages":[{"role":"user","content":"\\ud800 13912345678"}]}'
    assert redact_line(raw).line == raw.replace(b"13912345678", b"[PHONE_1]")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 50_000, '["' + "13912345678 " * 20_000 + '"]'])
def test_a_string_that_looks_like_json_costs_little(content: str) -> None:
    started = time.process_time()
    assert is_usable(redact_line(line(f"{content} 13912345678", "ok")).line)
    assert time.process_time() - started < 1
