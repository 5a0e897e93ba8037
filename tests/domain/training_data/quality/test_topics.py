"""When one topic prevails, and that balanced sets are left in peace."""

import random

import pytest

from domain.training_data.examples import Example
from domain.training_data.quality import topics
from domain.training_data.quality.topics import Topics
from tests.domain.training_data.quality.made import asked, found, looked
from tests.domain.training_data.quality.topic_texts import OTHERS, OTHERS_ZH, REFUNDS, REFUNDS_ZH, SHOP

languages = pytest.mark.parametrize(
    ("refunds", "others"), [(REFUNDS, OTHERS), (REFUNDS_ZH, OTHERS_ZH)], ids=["english", "chinese"]
)


def shuffled(rows: list[str], seed: int) -> list[Example]:
    rows = [*rows]
    random.Random(seed).shuffle(rows)
    return [asked(*row.split("|")) for row in rows]


@languages
@pytest.mark.parametrize("seed", range(5))
def test_balanced_subjects_are_left_in_peace(refunds: list[str], others: list[list[str]], seed: int) -> None:
    everything = [row for rows in others for row in rows] + refunds[:8]
    assert not looked(Topics(), shuffled(everything, seed)).findings


@languages
@pytest.mark.parametrize("seed", range(5))
def test_the_guides_good_example_is_left_in_peace(
    refunds: list[str], others: list[list[str]], seed: int
) -> None:
    smaller = zip(random.Random(seed).sample(others, 4), (8, 8, 6, 4), strict=True)
    rows = refunds[:12] + [row for rows, count in smaller for row in rows[:count]]
    assert not looked(Topics(), shuffled(rows, seed)).findings


@languages
def test_four_fifths_of_one_subject_prevail(refunds: list[str], others: list[list[str]]) -> None:
    rest = [rows[0] for rows in others] + [others[0][1]]
    for seed in range(5):
        conclusion = looked(Topics(), shuffled(refunds + rest, seed))
        finding = found(conclusion)["one_topic_prevails"]
        first = conclusion.figures["topics"][0]
        assert 0.6 < first["share"] < 0.9
        assert finding.count == round(first["share"] * 30)
        assert first["terms"].split(", ")[0] in {"refund", "return", "退款", "退货"}


@pytest.mark.parametrize("times", [1, 6])
def test_many_topics_of_one_shop_are_left_in_peace(times: int) -> None:
    conclusion = looked(Topics(), shuffled(SHOP * times, 1))
    assert not conclusion.findings
    assert len(conclusion.figures["topics"]) > 3


def test_a_greeting_in_all_answers_is_no_topic() -> None:
    rows = [
        row.replace("|", "|Dear customer, thank you for contacting Acme. ") for rows in OTHERS for row in rows
    ]
    assert not looked(Topics(), shuffled(rows, 1)).findings


def test_a_topic_is_not_named_after_a_greeting() -> None:
    rows = [row.replace("|", "|Dear customer, thank you for contacting Acme. ") for row in REFUNDS]
    finding = found(looked(Topics(), shuffled(rows, 1)))["one_topic_prevails"]
    assert "(refund, " in finding.message
    assert "customer" not in finding.message


def test_few_examples_have_no_topics() -> None:
    assert looked(Topics(), shuffled(REFUNDS[:19], 1)).figures["topics"] == []


def test_pieces_in_any_cut_give_the_same_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "SAMPLE", 25)
    examples = shuffled([*REFUNDS, *REFUNDS_ZH, *OTHERS[0]], 3)
    whole = looked(Topics(), examples)
    assert whole.figures["sampled"] == 25
    assert looked(Topics(), examples, pieces=6) == whole


@pytest.mark.parametrize(
    ("beginning", "told"), [("Please tell me about ", True), ("请帮我介绍一下", True), ("", False)]
)
def test_questions_that_all_begin_alike_are_told(beginning: str, told: bool) -> None:  # noqa: FBT001 - a table's column
    rows = [beginning + row for rows in OTHERS for row in rows]
    finding = found(looked(Topics(), shuffled(rows, 1))).get("same_opening")
    assert (finding is not None) == told
    if finding is not None:
        assert finding.count == 40
