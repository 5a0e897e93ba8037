"""The demo's training file is one that the service itself would recommend."""

import json
from collections import Counter

import pytest

from cli.demo import _TRAINING_FILE as TRAINING_FILE


@pytest.fixture(scope="module")
def examples() -> list[dict]:
    return [json.loads(line) for line in TRAINING_FILE.read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_of_them_in_both_languages(examples: list[dict]) -> None:
    chinese = sum(any("一" <= letter <= "鿿" for letter in asked(example)) for example in examples)
    assert len(examples) >= 24
    assert 0.3 < chinese / len(examples) < 0.7


def test_none_is_asked_twice(examples: list[dict]) -> None:
    assert Counter(map(asked, examples)).most_common(1)[0][1] == 1


def test_each_has_a_role_a_question_and_a_full_answer(examples: list[dict]) -> None:
    for example in examples:
        system, user, assistant = example["messages"]
        assert [message["role"] for message in example["messages"]] == ["system", "user", "assistant"]
        assert len(system["content"]) > 40
        assert len(user["content"]) < len(assistant["content"]) < 600


def asked(example: dict) -> str:
    return example["messages"][1]["content"]
