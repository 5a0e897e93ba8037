"""In which language the commands speak, and how Chinese is set."""

import pytest

from cli.data.language import Language, Words, in_script, spoken
from cli.data.showing import shortened, width, wrapped


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, "zh"),
    ],
)
def test_the_environment_says_which_language(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert spoken(None) == language
    assert spoken(Language.EN) == "en"


@pytest.mark.parametrize(
    ("written", "set_in_type"),
    [
        ("缺少字段,请补充。", "缺少字段\uff0c请补充。"),
        ("共 216,960 个 token (约)", "共 216,960 个 token \uff08约\uff09"),
        ("3 条(50%);检查", "3 条\uff0850%\uff09\uff1b检查"),
        ("调高 dropout(0.05 → 0.1)、减少轮数", "调高 dropout\uff080.05 → 0.1\uff09、减少轮数"),
        ('写成 {"role": "user"}。', '写成 {"role": "user"}。'),
    ],
)
def test_chinese_gets_its_own_punctuation_and_code_in_it_keeps_the_keyboards(
    written: str, set_in_type: str
) -> None:
    assert in_script(written, Language.ZH) == set_in_type
    assert in_script(written, Language.EN) == written


def test_what_is_filled_in_stays_as_it_is() -> None:
    words = Words("{name}: there", "{name}:存在")
    assert words.say(Language.ZH, name="a:b,c") == "a:b,c\uff1a存在"


def test_a_chinese_line_is_as_wide_as_the_page_and_begins_with_no_comma(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = "每行写一个完整的对象\uff0c使用双引号\uff0c末尾不要多余的逗号。" * 8
    lines = wrapped(text, first="  → ").split("\n")
    assert all(50 <= width(line) <= 60 for line in lines[:-1])
    assert not any(line.strip()[0] in "\uff0c。" for line in lines)
    assert "".join(line.strip() for line in lines).removeprefix("→ ") == text


def test_a_text_is_shortened_by_what_is_seen() -> None:
    assert shortened("你是一家银行的\n客服。", 9) == "你是一家…"
    assert shortened("short", 9) == "short"
