"""Which validation examples are known from training, and how fingerprints are stored."""

import pytest

from domain.training_data.quality import leak as leaks
from domain.training_data.quality.leak import FingerprintLook, Fingerprints, combined, leak
from tests.domain.training_data.quality.made import asked, numbered
from tests.domain.training_data.quality.test_duplicates import distinct

LOOK = FingerprintLook()
TRAINING = distinct(50, seed=1)
FRESH = distinct(10, seed=2)


def prints(examples: list, *, pieces: int = 1) -> Fingerprints:  # type: ignore[type-arg]
    lines = numbered(examples)
    size = -(-len(lines) // pieces)
    return combined([LOOK.observe(lines[begin : begin + size]) for begin in range(0, len(lines), size)])


def changed(index: int) -> object:
    messages = TRAINING[index].messages
    question, answer = (message.content for message in messages)  # type: ignore[union-attr]
    return asked(str(question), f"{answer} indeed", system="You are somebody else.")


def test_leaks_name_the_line_and_its_counterpart() -> None:
    validation = [*FRESH[:3], TRAINING[20], changed(7), *FRESH[3:]]
    conclusion = leak(prints(TRAINING, pieces=3), prints(validation))
    (finding,) = conclusion.findings
    assert (finding.lines, finding.count, finding.line) == ((4, 5), 2, 4)
    assert "2 of 12 validation examples (17 %)" in finding.message
    assert "4 = 21; 5 = 8" in finding.message_zh
    figures = conclusion.figures
    assert (figures["exact"], figures["near"], figures["pairs"]) == (1, 1, [[4, 21], [5, 8]])
    assert figures["complete"]


def test_files_without_a_common_example_leak_nothing() -> None:
    assert not leak(prints(TRAINING), prints(FRESH)).findings


def test_the_first_of_several_counterparts_is_named() -> None:
    assert leak(prints([*TRAINING, *TRAINING]), prints(TRAINING[5:6])).figures["pairs"] == [[1, 6]]


def test_more_examples_than_are_kept_still_meet_in_both_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "EXAMPLES_KEPT", 10)
    figures = leak(prints(TRAINING, pieces=4), prints(TRAINING)).figures
    assert (figures["training_examples"], figures["training_examples_compared"]) == (50, 10)
    assert (figures["exact"], figures["complete"]) == (10, False)


def test_fingerprints_come_back_from_their_bytes_and_are_small() -> None:
    whole = prints(TRAINING)
    assert Fingerprints.from_bytes(whole.to_bytes()) == whole
    assert len(whole.to_bytes()) <= 160 * len(TRAINING)
    assert Fingerprints.from_bytes(Fingerprints().to_bytes()) == Fingerprints()


def bad() -> list[bytes]:
    good = prints(TRAINING).to_bytes()
    return [
        b"",
        good[:10],
        good[:-1],
        good + b"\0",
        b"TFP0" + good[4:],
        b"TFP1" + b"\xff" * 12,
        good[:4] + bytes(8) + good[12:],
    ]


@pytest.mark.parametrize("stored", bad())
def test_other_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="make them anew"):
        Fingerprints.from_bytes(stored)
