"""Which languages are told, and when a mixture is worth a word."""

# ruff: noqa: E501 - many texts to a line

import pytest

from domain.training_data.quality.languages import Languages
from domain.training_data.quality.scripts import han_variant, script_of
from tests.domain.training_data.quality.made import asked, found, looked

ENGLISH = "You can return the shoes within thirty days, and we pay the postage."
CHINESE = "您可以在三十天内退货,我们承担运费,这个时间从签收开始计算,请注意时间。"
TRADITIONAL = "您可以在三十天內退貨,我們承擔運費,這個時間從簽收開始計算,請注意時間。"
JAPANESE = "ご注文の商品は三十日以内であれば返品することができます。"
EN, ZH = asked("How do I return the shoes?", ENGLISH), asked("怎么退货?", CHINESE)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (ENGLISH, "latin"), (CHINESE, "zh"), (TRADITIONAL, "zh"), (JAPANESE, "ja"), ("환불은 얼마나 걸리나요?", "ko"),
        ("Сколько длится возврат?", "cyrillic"), ("كم يستغرق استرداد المبلغ؟", "arabic"), ("คืนเงินใช้เวลานานเท่าไร", "other"),
        ("¿Cuánto tarda el reembolso?", "latin"), ("请安装 Python 3.11 和 numpy 再运行程序", "zh"),
        ("The word 你好 means hello in Chinese, and it is a greeting", "latin"), ("", "none"), ("42 + 1 = 43", "none"), ("😀", "none"),
    ],
)  # fmt: skip
def test_scripts(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        (CHINESE, "simplified"),
        (TRADITIONAL, "traditional"),
        ("你好", None),
        (f"{CHINESE}張經理", "simplified"),
    ],
)
def test_chinese_is_written_in_two_ways(text: str, variant: str | None) -> None:
    assert han_variant(text) == variant


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("怎么退货?", ENGLISH),
        ("How do I return the shoes?", CHINESE),
        ("返品できますか?", CHINESE),
    ],
)
def test_answers_in_another_language_are_told(question: str, answer: str) -> None:
    finding = found(looked(Languages(), [EN, EN, ZH, asked(question, answer)]))["answer_in_other_language"]
    assert (finding.line, finding.message_index, finding.count) == (4, 1, 1)
    assert "1 of 4 (25 %)" in finding.message


@pytest.mark.parametrize(
    ("question", "answer", "system"),
    [
        ("把这句话翻译成英文:可以退货吗?", ENGLISH, None),
        ("Translate to Chinese: you can return it", CHINESE, None),
        ("怎么退货?", ENGLISH, "Always answer in English."),
        ("法国的首都是哪里?", "Paris", None),
        ("写一个打印函数", "```python\nprint('hello')\n```", None),
        ("提取订单信息", '{"order": "A17", "state": "returned to sender"}', None),
        ("1 + 1 = ?", CHINESE, None),
    ],
)
def test_reasons_for_another_language(question: str, answer: str, system: str | None) -> None:
    assert not looked(Languages(), [EN, EN, ZH, asked(question, answer, system=system)]).findings


def test_a_set_whose_answers_are_all_in_another_language_is_meant_so() -> None:
    assert not looked(Languages(), [asked("怎么退货?", ENGLISH)] * 10).findings


@pytest.mark.parametrize(("rare", "told"), [(1, True), (4, True), (5, False), (30, False)])
def test_a_language_that_hardly_occurs_is_told(rare: int, told: bool) -> None:  # noqa: FBT001 - a table's column
    finding = found(looked(Languages(), [EN] * 95 + [ZH] * rare, pieces=4)).get("rare_language")
    assert (finding is not None) == told
    if finding is not None:
        assert finding.lines == tuple(range(96, 96 + rare))


def test_traditional_among_simplified_chinese_is_told() -> None:
    findings = found(looked(Languages(), [ZH, ZH, asked("怎麼退貨?", TRADITIONAL), ZH]))
    assert list(findings) == ["mixed_chinese"]
    assert findings["mixed_chinese"].lines == (3,)
    assert "繁体" in findings["mixed_chinese"].message_zh


def test_shares_are_of_questions_and_of_answers() -> None:
    figures = looked(Languages(), [EN, EN, EN, asked("怎么退货?", ENGLISH)]).figures
    assert (figures["questions"], figures["answers"]) == ({"latin": 0.75, "zh": 0.25}, {"latin": 1.0})


def test_code_is_in_no_language() -> None:
    code = (
        "```python\n" + "for number in range(10):\n    print(number)\n" * 5 + "```\n用 `print` 打印每个数字。"
    )
    conclusion = looked(
        Languages(),
        [asked(f"怎么打印第{number}组数字?", CHINESE) for number in range(30)] + [asked("怎么循环?", code)],
    )
    assert conclusion.figures["answers"] == {"zh": 1.0}
    assert conclusion.findings == ()
