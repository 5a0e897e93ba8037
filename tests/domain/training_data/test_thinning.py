"""Pieces thinned come to the same as whole ones, and stay small."""

import random
from array import array
from heapq import nsmallest

import pytest

from domain.training_data.examination import Observed
from domain.training_data.quality import leak
from domain.training_data.quality.leak import Fingerprints
from domain.training_data.quality.topics import SAMPLE, Sample, Topics
from domain.training_data.thinning import Smallest, Thinning, thin_fingerprints

QUESTIONS = ("How do I pay?", "Where is my parcel?", "Can I return it?")


def piece_of(first: int, count: int, rng: random.Random) -> Sample:
    rows = [(rng.randbytes(8), first + at, rng.choice(QUESTIONS), "An answer.") for at in range(count)]
    return Sample(count, tuple(nsmallest(SAMPLE, rows)))


@pytest.mark.parametrize("distinct", [5, 50, 5_000])
def test_the_smallest_of_all_are_never_dropped(distinct: int) -> None:
    rng = random.Random(distinct)
    values = [rng.randrange(distinct).to_bytes(8, "big") for _ in range(2_000)]
    smallest = Smallest(100)
    kept = [value for value in values if smallest.may_have(value)]
    assert nsmallest(100, kept) == nsmallest(100, values)


def test_topics_of_thinned_pieces_are_those_of_whole_ones_in_a_fraction_of_the_rows() -> None:
    rng = random.Random(1)
    whole = [piece_of(1 + 2_000 * at, 2_000, rng) for at in range(30)]
    thinning = Thinning()
    thinned = [thinning.thinned(Observed({"topics": piece, "size": 2_000})) for piece in whole]
    samples = [piece.seen["topics"] for piece in thinned]
    assert Topics().conclude(samples) == Topics().conclude(whole)
    assert (
        sum(len(piece.sampled) for piece in samples) < 6 * SAMPLE < sum(len(piece.sampled) for piece in whole)
    )
    assert all(piece.seen["size"] == 2_000 for piece in thinned)


def test_fingerprints_of_thinned_pieces_are_those_of_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak, "EXAMPLES_KEPT", 50)
    rng, smallest = random.Random(2), Smallest(50)
    whole = [
        Fingerprints(100, array("I", range(at, at + 100)), rng.randbytes(800), rng.randbytes(12_800))
        for at in range(1, 2_001, 100)
    ]
    thinned = [thin_fingerprints(piece, smallest) for piece in whole]
    assert leak.combined(thinned) == leak.combined(whole)
    assert sum(len(piece.lines) for piece in thinned) < 400


def test_a_look_that_was_not_asked_for_is_not_missed() -> None:
    assert Thinning().thinned(Observed({"size": 3})) == Observed({"size": 3})
