"""What a whole file is said to hold."""

import json
import pickle

from domain.training_data.examples import decode_example
from domain.training_data.personal_data.look import HITS_KEPT, PersonalData
from tests.domain.training_data.personal_data import made_up

LOOK = PersonalData()


def line(content: str) -> bytes:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": content}]
    return json.dumps({"messages": messages}).encode()


FILE = [
    (1, line("nothing here")),
    (2, line("13912345678 or li@noplace.com")),
    (4, line("13912345678, 13812345679")),
    (5, line("sk-" + made_up.token(40))),
]


def test_a_file_comes_to_one_finding_for_each_kind() -> None:
    conclusion = LOOK.conclude([LOOK.observe_lines(FILE[:2]), LOOK.observe_lines(FILE[2:])])
    assert [(one.code, one.count, one.line, one.message_index, one.lines) for one in conclusion.findings] == [
        ("personal_data.phone_number", 3, 2, 1, (2, 4)),
        ("personal_data.email_address", 1, 2, 1, (2,)),
        ("personal_data.secret", 1, 5, 1, (5,)),
    ]
    assert conclusion.figures["hits"] == 5
    assert conclusion.figures["by_kind"] == {"phone_number": 3, "email_address": 1, "secret": 1}
    assert conclusion.figures["redactions_left_out"] == 0
    assert conclusion.figures["redactions"][0] == {
        "line": 2,
        "message_index": 1,
        "kind": "phone_number",
        "seen": "139****5678",
        "replacement": "[PHONE_1]",
    }
    assert json.loads(json.dumps(conclusion.figures)) == conclusion.figures


def test_both_languages_say_what_and_what_to_do() -> None:
    secret = LOOK.conclude([LOOK.observe_lines(FILE)]).findings[-1]
    assert secret.message.startswith("The file holds 1 secret (API key);")
    assert secret.message_zh.startswith("文件中有 1 个密钥或密码 (API 密钥);")
    for advice in (secret.fix, secret.fix_zh):
        assert "[SECRET_1]" in advice
        assert "redact" in advice


def test_examples_and_their_lines_come_to_the_same() -> None:
    examples = [(number, decode_example(raw)) for number, raw in FILE]
    assert LOOK.conclude([LOOK.observe(examples)]) == LOOK.conclude([LOOK.observe_lines(FILE)])


def test_no_value_is_in_what_is_passed_between_processes() -> None:
    passed = pickle.dumps(LOOK.observe_lines(FILE))
    assert not any(value in passed for value in (b"13912345678", b"13812345679", b"li@noplace.com", b"sk-7"))
    assert LOOK.conclude([pickle.loads(passed)]) == LOOK.conclude([LOOK.observe_lines(FILE)])  # noqa: S301 - our own


def test_a_file_full_of_hits_is_counted_whole_but_named_in_part() -> None:
    many = [(number, line(f"139{number:08d}")) for number in range(10, 710)]
    pieces = [LOOK.observe_lines(many), LOOK.observe_lines([(number + 700, raw) for number, raw in many])]
    pieces.append(LOOK.observe_lines([(5000, line("li@noplace.com"))]))
    conclusion = LOOK.conclude(pieces)
    assert conclusion.figures["hits"] == 1401
    assert len(conclusion.figures["redactions"]) == HITS_KEPT
    assert conclusion.figures["redactions_left_out"] == 401
    assert conclusion.findings[0].lines == tuple(range(10, 20))
    assert conclusion.findings[1].line == 5000


def test_concluding_twice_counts_once() -> None:
    pieces = [LOOK.observe_lines(FILE)]
    assert LOOK.conclude(pieces) == LOOK.conclude(pieces)


def test_a_clean_file_comes_to_nothing() -> None:
    conclusion = LOOK.conclude([LOOK.observe_lines(FILE[:1])])
    assert conclusion.findings == ()
    assert conclusion.figures == {"hits": 0, "by_kind": {}, "redactions": [], "redactions_left_out": 0}
