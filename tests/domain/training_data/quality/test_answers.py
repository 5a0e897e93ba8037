"""Which answers are worth a word."""

# ruff: noqa: E501, RUF001 - a text is one string, Chinese as it is written

from collections.abc import Callable

import pytest

from domain.training_data.examples import Example
from domain.training_data.quality import answer_rules as rules
from domain.training_data.quality.answers import AnswerQuality
from tests.domain.training_data.quality.made import asked, chat, found, looked

GOOD = (
    "You can return the shoes within thirty days. Open the order, choose Return, and print the label we send."
)
GOOD_ZH = "您可以在三十天内退货。请打开订单页面,点击申请退货,然后打印我们发送的标签。"
LONG = "The label is printed on paper and glued to the parcel, then it is taken to a post office nearby"
FINE = [asked("How do I return shoes?", GOOD), asked("怎么退货?", GOOD_ZH)] * 6


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (rules.is_short, "Yes.", True), (rules.is_short, "可以的。", True), (rules.is_short, "退货请联系我们的仓库", False),
        (rules.is_short, GOOD, False),
        *((rules.is_vague, text, True) for text in (
            "I don't know.", "I don’t know", "Sorry, I'm not sure.", "It depends.", "it depends on the situation", "Maybe!",
            "不知道", "抱歉,我不知道。", "视情况而定。", "看情况吧", "请咨询客服。", "您好，请联系人工客服", "因人而异", "这个不太清楚呢",
        )),
        *((rules.is_vague, text, False) for text in (
            "It depends on the size: up to 2 kg the postage is 5 euros.", "视情况而定:两公斤以内运费五元,超过另算。", "Not sure? Press F1.", GOOD,
            "请联系客服,电话是 400-123,工作时间九点到六点。",
        )),
        (rules.repeats_itself, "We are here to help you. " * 4, True),
        (rules.repeats_itself, "我们随时为您提供帮助和支持。" * 3, True),
        (rules.repeats_itself, GOOD + LONG, False), (rules.repeats_itself, "Yes. No. Yes. No. Yes. No. " + GOOD, False),
        (rules.ends_in_the_middle, f"{GOOD} {GOOD} {LONG}", True),
        (rules.ends_in_the_middle, GOOD_ZH * 3 + "然后请将包裹送到附近的邮局并保留好寄件的收据以便我们在仓库收到您寄回的商品之后可以尽快核对", True),
        (rules.ends_in_the_middle, "First open the order,", True), (rules.ends_in_the_middle, "首先、", True),
        (rules.ends_in_the_middle, "```python\nprint(1)\n", True), (rules.ends_in_the_middle, "```python\nprint(1)\n```", False),
        (rules.ends_in_the_middle, f"{GOOD} {GOOD}", False), (rules.ends_in_the_middle, "positive", False),
        (rules.ends_in_the_middle, f"{GOOD} {GOOD}\n- a list of things that goes on for a while and ends", False),
        (rules.ends_in_the_middle, f"{GOOD} {GOOD}\nBest regards, Anna", False),
        *((rules.has_placeholder, text, True) for text in (
            "TODO: write this", "Lorem ipsum dolor", "Dear {{name}}, hello", "Call xxx-xxxx", "[Your Name] writes", "Ask <your-company>",
            "电话:待补充", "XX公司欢迎您",
        )),
        *((rules.has_placeholder, text, False) for text in (
            "Write a to-do list.", "¿Es todo?", "```\n# TODO later\n{{ x }}\n```", "A dict {1: {2: 3}}", "maxxxxed out", GOOD, GOOD_ZH,
        )),
        (rules.is_json, ' {"a": [1]} ', True), (rules.is_json, "[1, 2]", True), (rules.is_json, "{not json}", False),
        (rules.is_json, "[1] is a footnote", False),
    ],
)  # fmt: skip
def test_rules(rule: Callable[[str], bool], text: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert rule(text) is expected


def codes(*examples: Example) -> list[str]:
    return list(found(looked(AnswerQuality(), [*FINE, *examples], pieces=2)))


@pytest.mark.parametrize(
    ("example", "code"),
    [
        (asked("Can I pay later?", "Yes."), "short_answer"),
        (asked("How much is the postage to France?", "Sorry, I am not sure about that."), "vague_answer"),
        (asked("How?", " ".join(f"{GOOD} Part {i}." for i in range(40))), "padded_answer"),
        (asked("How?", f"{GOOD} {GOOD} {LONG}"), "cut_answer"),
        (asked("How do I do it?", "how do I do it? "), "answer_is_question"),
        (asked("Who?", f"Please ask {{{{name}}}} for it. {GOOD}"), "placeholder"),
    ],
)
def test_answers_that_teach_little_are_told_with_their_line(example: Example, code: str) -> None:
    findings = found(looked(AnswerQuality(), [*FINE, example], pieces=3))
    assert code in findings
    assert findings[code].line == len(FINE) + 1


def test_good_answers_are_left_in_peace() -> None:
    assert not codes()


def test_labels_are_meant_to_be_short() -> None:
    reviews = [asked(f"Review {i}: it was fine", "positive" if i % 3 else "negative") for i in range(30)]
    conclusion = looked(AnswerQuality(), reviews, pieces=4)
    assert not conclusion.findings
    assert conclusion.figures["labels"]


def test_a_short_answer_late_in_a_conversation_is_none_to_speak_of() -> None:
    user, thanks = ({"role": "user", "content": text} for text in ("How do I return shoes?", "Thank you!"))
    first, last = ({"role": "assistant", "content": text} for text in (GOOD, "You're welcome!"))
    assert not codes(chat(user, first, thanks, last))


@pytest.mark.parametrize(
    ("json", "prose", "code", "lines"),
    [
        (10, 2, "prose_among_json", (11, 12)),
        (5, 10, "json_among_prose", (1, 2, 3, 4, 5)),
        (1, 30, None, ()),
        (12, 0, None, ()),
    ],
)
def test_two_formats_are_told_by_the_rarer(
    json: int, prose: int, code: str | None, lines: tuple[int, ...]
) -> None:
    examples = [asked("Order?", '{"order": "A17"}')] * json + [asked("Order?", GOOD)] * prose
    findings = found(looked(AnswerQuality(), examples))
    assert list(findings) == ([code] if code else [])
    assert code is None or findings[code].lines == lines


@pytest.mark.parametrize(
    ("question", "without", "with_advice"),
    [
        ("What dosage of ibuprofen is safe?", "Take up to 1,200 mg a day.", "Up to 1,200 mg a day; ask your doctor or pharmacist first."),
        ("高血压应该吃什么药?", "可以服用降压药,每天早上一次,每次一片。", "降压药需要在医生指导下服用,请及时就医。"),
        ("Can I sue my landlord?", "Yes, file a claim at the court.", "You can file a claim; a lawyer tells you your chances."),
        ("公司违法辞退怎么办?", "可以要求公司支付两倍的经济补偿。", "可以申请仲裁,建议咨询律师或当地劳动监察部门。"),
    ],
)  # fmt: skip
def test_medical_and_legal_answers_need_a_word_of_caution(
    question: str, without: str, with_advice: str
) -> None:
    assert "missing_warning" not in codes(*[asked(question, with_advice)] * 4)
    assert "missing_warning" not in codes(asked(question, without))
    findings = found(looked(AnswerQuality(), [asked(question, without)] * 3 + [asked(question, with_advice)]))
    assert "3 of 4 (75 %)" in findings["missing_warning"].message


@pytest.mark.parametrize(
    "question",
    [
        "Which shoes are reliable?",
        "I have an issue: my card is lost",
        "Which chess moves are legal?",
        "怎么申请退货?",
    ],
)
def test_other_questions_need_none(question: str) -> None:
    assert not rules.asks_for_care(question)


def test_lengths_are_told_in_characters() -> None:
    examples = [asked("How long?", "x" * length) for length in range(1, 102)]
    figures = looked(AnswerQuality(), examples, pieces=3).figures
    assert figures["characters"] == {"p5": 6, "p50": 51, "p95": 96, "max": 101}


def test_a_style_without_full_stops_is_no_sign_of_cutting() -> None:
    assert "cut_answer" not in codes(*[asked("How?", f"{GOOD} {LONG} {LONG}")] * 20)
