"""The estimate of tokens is as near to the exact number as it says."""

import json

import pytest

from benchmarks.training_files import jsonl
from domain.training_data.estimate import ERROR, TokenEstimate
from domain.training_data.examples import decode_example
from domain.training_data.tokens import count_example
from tests.domain.training_data.conversations import SAMPLES, conversations
from tests.domain.training_data.qwen import vocabulary


def without_system(lines: list[bytes]) -> list[bytes]:
    messages = (json.loads(line)["messages"][1:] for line in lines)
    return [json.dumps({"messages": rest}, ensure_ascii=False).encode() for rest in messages]


def escaped(lines: list[bytes]) -> list[bytes]:
    return [json.dumps(json.loads(line)).encode() for line in lines]


def estimated(lines: list[bytes]) -> int:
    estimate = TokenEstimate()
    estimate.add(lines)
    return estimate.tokens


SETS = {path.stem: path.read_bytes().splitlines() for path in SAMPLES}
FILES = {
    **SETS,
    **{f"{name} without system prompts": without_system(lines) for name, lines in SETS.items()},
    "made up for the benchmarks": jsonl(200_000).splitlines(),
    "mixed": conversations(400, seed=5),
    "escaped": escaped(SETS["medical.zh"]),
}


@pytest.mark.parametrize("lines", FILES.values(), ids=FILES)
def test_the_exact_number_lies_within_the_error_of_the_estimate(lines: list[bytes]) -> None:
    exact = sum(count_example(decode_example(line), vocabulary())[0] for line in lines)
    assert abs(exact / estimated(lines) - 1) < ERROR


def test_escaped_characters_are_estimated_as_others() -> None:
    lines = SETS["customer_service.zh"]
    assert estimated(escaped(lines)) == pytest.approx(estimated(lines), rel=0.01)


def test_of_a_long_file_some_lines_stand_for_all() -> None:
    line, estimate = SETS["medical.zh"][0], TokenEstimate()
    for _ in range(100):
        estimate.add([line] * 100)
    assert estimate.lines == 10_000
    assert estimate.seen < 3_000
    assert estimate.tokens == pytest.approx(estimated([line]) * 10_000, rel=0.001)


def test_of_nothing_there_are_no_tokens() -> None:
    assert TokenEstimate().tokens == 0
