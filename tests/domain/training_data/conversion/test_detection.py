"""The format of a file is told from its beginning, with the reason."""

import pytest

from domain.errors import InvalidFile, InvalidRequest
from domain.training_data.conversion import FORMATS, convert, detect


@pytest.mark.parametrize(
    ("head", "form", "because"),
    [
        ('[{"instruction": "a", "input": "b", "output": "', "alpaca", "'instruction', 'output'"),
        ('{"input": "a", "output": "b"}', "pairs", "'input', 'output'"),
        (
            '{"question": "\\"instruction\\": \\"output\\":", "answer": "b", "turns": 2}',
            "pairs",
            "'question'",
        ),
        ('[\n {"id": 1, "conversations": [{"from": "human", "value": "a', "sharegpt", "'conversations'"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "sharegpt", "'messages'"),
        ("\ufeffid;Question;Answer\n1;a;b", "csv", "semicolon"),
        ("问题\t答案\n甲\t乙", "csv", "tab"),
        ("\n\nSystem: s\nUser: a\n", "dialogues", "'System: s'"),
        ("问:甲\n答:乙\n", "dialogues", "'问:甲'"),
    ],
)
def test_a_format_is_known_by_its_beginning(head: str, form: str, because: str) -> None:
    found = detect(head.encode())
    assert found.format == form
    assert because in found.reason
    assert found.reason_zh


def test_a_beginning_may_end_within_a_character() -> None:
    assert [detect("问题,答案\n甲,乙".encode()[:end]).format for end in (13, 14, 15, 16)] == ["csv"] * 4


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"", "is empty"),
        (b" \n\t", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
        (b"Dear reader,\nthis is a letter.", "begins with 'Dear reader,'"),
        (b'{"text": "a", "label": 1}', "with 'text', 'label'"),
        (b"[1, 2]", "no keys at all"),
        (b'{"input": {"messages": []}, "preferred_output": []}', "training data already"),
        (b"PK\x03\x04" + b"\0" * 99, "Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "old Excel"),
        ("question,answer\na,b".encode("utf-16"), "UTF-16"),
        ("question,answer\na,b".encode("utf-16-le"), "NUL byte"),
        ("question,answer\ncafé au lait, né à Évry,b\n".encode("latin-1"), "neither UTF-8 nor GB18030"),
        (b"question,answer\n\xff\xff,b\n", "neither UTF-8 nor GB18030"),
        (
            "问题,答案\n今天天气怎么样,".encode() + b"\xff\nb,c\n",
            "line 2 has the byte 0xff where UTF-8 cannot have it",
        ),
    ],
)
def test_an_unknown_file_is_one_clear_error(head: bytes, named: str) -> None:
    with pytest.raises(InvalidFile, match=named):
        detect(head)
    with pytest.raises(InvalidFile, match=named):
        convert([head])


@pytest.mark.parametrize("form", [None, *FORMATS])
@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_refused_whatever_its_format(form: str | None, content: bytes) -> None:
    with pytest.raises(InvalidFile, match=r"is empty|holds no text"):
        convert([content], format=form)


@pytest.mark.parametrize(
    "wishes", [{"format": "xml"}, {"system": " "}, {"delimiter": ""}, {"delimiter": '"'}, {"delimiter": ",,"}]
)
def test_impossible_wishes_are_refused_before_reading(wishes: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        convert([], **wishes)  # type: ignore[arg-type]


def test_every_format_is_described_in_both_languages() -> None:
    assert all(english.isascii() and not chinese.isascii() for english, chinese in FORMATS.values())
