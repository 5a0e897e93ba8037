"""Which examples count as the same, nearly the same, or contradicting."""

import random
from itertools import pairwise

import pytest

from domain.training_data.examples import Example
from domain.training_data.quality import duplicates
from domain.training_data.quality.duplicates import Duplicates
from domain.training_data.quality.grouping import alike
from domain.training_data.quality.signatures import signatures, similarity
from tests.domain.training_data.quality.made import asked, chat, found, looked

WORDS = """
    parcel order payment refund warranty delivery address invoice account button page number week price
    colour size shop courier label bank card photo screen battery cable
""".split()  # noqa: SIM905 - words are read as words
HAN = "订单快递退款发票地址账户按钮页面号码价格颜色尺寸商店标签银行照片屏幕电池数据线保修物流支付优惠会员积分"


def sentence(rng: random.Random, words: str | list[str], count: int) -> str:
    glue = "" if isinstance(words, str) else " "
    return glue.join(rng.choices(words, k=count))


def distinct(count: int, *, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    return [asked(sentence(rng, WORDS, 8), sentence(rng, WORDS, 40)) for _ in range(count)]


def shingles(text: str) -> set[bytes]:
    whole = text.encode()
    return {whole[begin : begin + 8] for begin in range(len(whole) - 7)}


def test_repeated_conversations_are_found_whatever_the_case_blanks_and_width() -> None:
    examples = [
        asked("How do I pay?", "By card."),
        *distinct(3),
        asked(" how do I  pay? ", "by card."),
        asked("怎么付款？", "请用银行卡。"),  # noqa: RUF001 - the width is the test
        asked("怎么付款?", "请用银行卡。"),
    ]
    conclusion = looked(Duplicates(), examples, pieces=3)
    finding = found(conclusion)["exact_duplicates"]
    assert (finding.line, finding.lines, finding.count) == (1, (1, 5, 6, 7), 4)
    assert "lines 1, 5; 6, 7)" in finding.message
    assert conclusion.figures["exact_duplicates"] == {"groups": 2, "examples": 4, "lines": [[1, 5], [6, 7]]}
    assert conclusion.figures["near_duplicates"]["groups"] == 0


def test_a_question_with_two_answers_is_a_contradiction_and_no_duplicate() -> None:
    examples = [
        asked("Are you open on Sunday?", "Yes, from ten."),
        asked("Are you open on Sunday?", "No, never on Sundays."),
    ]
    assert list(found(looked(Duplicates(), examples))) == ["contradicting_answers"]


@pytest.mark.parametrize(
    "other",
    [
        asked("Hello", "What?", system="Be rude."),
        chat(
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hello again."},
        ),
    ],
)
def test_the_same_question_elsewhere_may_be_answered_otherwise(other: Example) -> None:
    assert not looked(Duplicates(), [asked("Hello", "Hello, how can I help?"), other]).findings


def test_who_asks_nothing_is_not_contradicted() -> None:
    assert not looked(Duplicates(), [asked("", "A poem on rain."), asked("", "The news of today.")]).findings


@pytest.mark.parametrize(("words", "count"), [(WORDS, 60), (HAN, 120)], ids=["english", "chinese"])
@pytest.mark.parametrize("changed", [1, 2, 20, 40])
def test_near_duplicates_are_found_from_the_threshold_on(
    words: str | list[str], count: int, changed: int
) -> None:
    rng = random.Random(changed)
    answer = sentence(rng, words, count)
    parts = list(answer) if isinstance(words, str) else answer.split()
    for place in rng.sample(range(len(parts)), changed):
        parts[place] = rng.choice("甲乙丙丁") if isinstance(words, str) else f"other{place}"
    changed_answer = ("" if isinstance(words, str) else " ").join(parts)
    one, other = shingles(f"same question\n{answer}"), shingles(f"same question\n{changed_answer}")
    likeness = len(one & other) / len(one | other)
    assert abs(likeness - 0.8) > 0.07, "too close to call"
    examples = [asked("Same question", answer), *distinct(5), asked("Same question", changed_answer)]
    near = looked(Duplicates(), examples).figures["near_duplicates"]["lines"]
    assert near == ([[1, 7]] if likeness > 0.8 else [])


def test_the_system_prompt_does_not_make_examples_alike() -> None:
    system = "You answer questions on the orders of a shop, politely, and refuse everything else. " * 20
    examples = [asked(f"{a} {b}?", f"{b} and {a} it is.", system=system) for a, b in pairwise(WORDS)]
    assert not looked(Duplicates(), examples).findings


def test_a_group_is_told_once_however_many_it_has() -> None:
    rng = random.Random(1)
    base = sentence(rng, WORDS, 80)
    examples = [*distinct(40), *(asked("Same", f"{base} {i}") for i in range(30))]
    conclusion = looked(Duplicates(), examples, pieces=7)
    finding = found(conclusion)["near_duplicates"]
    assert (finding.count, len(finding.lines), conclusion.figures["near_duplicates"]["groups"]) == (30, 10, 1)


def test_what_lies_beyond_the_compared_lines_is_still_compared_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duplicates, "LINES_COMPARED", 4)
    examples = [*distinct(6), *distinct(1)]
    figures = looked(Duplicates(), examples, pieces=2).figures
    assert (figures["examples"], figures["examples_compared"], figures["complete"]) == (7, 4, False)
    assert figures["exact_duplicates"]["lines"] == [[1, 7]]


def test_comparing_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.training_data.quality.grouping.MOST_COMPARISONS", 3)
    base = sentence(random.Random(3), WORDS, 60)
    conclusion = looked(Duplicates(), [asked("Same", f"{base} {i}") for i in range(30)])
    assert not conclusion.figures["complete"]


def test_signatures_follow_from_text_and_seed_alone() -> None:
    texts = ["one text", "另一段文字", "", "x" * 100_000]
    assert signatures(texts, 16) == b"".join(signatures([text], 16) for text in texts)
    assert signatures(texts, 16, seed=1) != signatures(texts, 16, seed=2)
    assert len(signatures(texts, 16)) == len(texts) * 32


def test_the_estimate_is_close_to_the_truth() -> None:
    rng = random.Random(5)
    errors = []
    for words in [WORDS, HAN] * 20:
        one = [sentence(rng, words, 3) for _ in range(30)]
        other = [part if rng.random() < 0.8 else sentence(rng, words, 3) for part in one]
        texts = [" ".join(one), " ".join(other)]
        numbers = memoryview(signatures(texts, 128)).cast("H")
        sets = [shingles(text) for text in texts]
        errors.append(
            similarity(numbers[:128], numbers[128:]) - len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        )
    assert abs(sum(errors) / len(errors)) < 0.03
    assert max(map(abs, errors)) < 0.16


def test_groups_are_the_same_whoever_comes_first() -> None:
    rng = random.Random(7)
    base = sentence(rng, WORDS, 60)
    texts = [f"{base} {i % 3} {i}" for i in range(12)] + [sentence(rng, WORDS, 60) for _ in range(12)]
    sizes = []
    for _ in range(5):
        rng.shuffle(texts)
        groups = alike(signatures(texts, 128), 128, bands=16, threshold=0.8).members()
        sizes.append([len(group) for group in groups])
    assert sizes == [[12]] * 5
