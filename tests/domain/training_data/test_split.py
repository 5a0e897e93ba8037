"""A split keeps its share, its strata and repeated questions together, and is the same everywhere."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidFile, InvalidRequest
from domain.training_data.building import multi_turn, single_turn, to_line
from domain.training_data.seats import seats
from domain.training_data.split import VALIDATION, SplitSummary, plan_split, split


def lines_of(*counts: tuple[str, int], system: str | None = None) -> list[bytes]:
    return [
        to_line(single_turn(f"{name} {at}", "b", system=system))
        for name, many in counts
        for at in range(many)
    ]


def asked(line: bytes) -> str:
    return next(said["content"] for said in json.loads(line)["messages"] if said["role"] == "user")


def codes(summary: SplitSummary) -> list[str]:
    return [note.code for note in summary.notes]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, "s", "t", "u"])), min_size=2, max_size=80),
    st.floats(0.01, 0.5),
    st.integers(),
)
def test_every_line_is_on_one_side_and_no_question_on_both(examples: Any, share: float, seed: int) -> None:
    lines = [to_line(single_turn(f"q {ask}", "b", system=system)) for ask, system in examples]
    if len({ask for ask, _ in examples}) == 1:
        with pytest.raises(InvalidFile, match="ask the same question"):
            split(lines, share=share, seed=seed)
        return
    training, validation, summary = split(lines, share=share, seed=seed)
    assert Counter(training) + Counter(validation) == Counter(lines)
    assert training
    assert validation
    assert not {asked(line) for line in training} & {asked(line) for line in validation}
    assert (summary.training, summary.validation) == (len(training), len(validation))
    assert sum(row.training for row in summary.strata) == len(training)
    assert sum(row.validation for row in summary.strata) == len(validation)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.floats(0.01, 0.5))
def test_without_repetitions_the_share_is_exact_and_strata_of_two_are_on_both_sides(
    sizes: list[int], share: float
) -> None:
    lines = [line for at, size in enumerate(sizes) for line in lines_of((f"{at}", size), system=f"s{at}")]
    if len(lines) < 2:
        return
    _, validation, summary = split(lines, share=share)
    assert len(validation) == max(1, int(len(lines) * share + 0.5))
    several = [row for row in summary.strata if row.stratum is not None]
    assert all(row.training for row in several)
    if len(validation) >= len(several):
        assert all(row.validation for row in several)


@settings(deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20), st.floats(0.01, 0.5))
def test_seats_are_near_the_share_of_each_stratum_where_it_is_large(sizes: list[int], share: float) -> None:
    total = max(1, int(sum(sizes) * share + 0.5))
    if total >= sum(sizes):
        return
    given_seats = seats(sizes, share, total)
    assert sum(given_seats) == total
    if all(size * share >= 1 and size > 1 for size in sizes):
        assert all(abs(seat - size * share) < 1 for seat, size in zip(given_seats, sizes, strict=True))


@pytest.mark.parametrize(
    ("sizes", "share", "total", "expected"),
    [
        ([94, 3, 3], 0.1, 10, [8, 1, 1]),
        ([10, 10, 10], 0.1, 2, [1, 1, 0]),
        ([2, 1], 0.5, 2, [1, 1]),
        ([50, 30, 20], 0.1, 10, [5, 3, 2]),
        ([5, 5, 1], 0.25, 3, [2, 1, 0]),
    ],
)
def test_seats_go_by_share_but_one_at_least(
    sizes: list[int], share: float, total: int, expected: Any
) -> None:
    assert seats(sizes, share, total) == expected


def test_the_division_is_the_same_everywhere_and_another_with_another_seed() -> None:
    lines = lines_of(("a", 50))
    first = [asked(line) for line in split(lines, seed=42)[1]]
    assert first == ["a 6", "a 11", "a 14", "a 37", "a 49"]
    assert [asked(line) for line in split(lines, seed=43)[1]] != first


def test_a_question_in_other_spellings_is_on_one_side() -> None:
    spellings = ("How do I return item {}?", "how do i  return item {}", "HOW do I return, item {}!")
    lines = [line for at in range(40) for form in spellings for line in lines_of((form.format(at), 1))]
    sides = [
        {"".join(filter(str.isalnum, asked(line).casefold())) for line in side}
        for side in split(lines, share=0.2)[:2]
    ]
    assert all(sides)
    assert sides[0].isdisjoint(sides[1])


def test_lines_keep_their_order_and_their_bytes() -> None:
    answer = b'{"role":"assistant","content":"b"}'
    asks = b' {"messages": [{"role":"user","content":"\\u0061 %d"}, %b],"id":1}\r\n'
    odd = [asks % (at, answer) for at in range(20)]
    stream = [b"\xef\xbb\xbf", *odd[:9], b"\n \n", *odd[9:], odd[0].replace(b" 0", b" 99")[:-2]]
    plan = plan_split([b"".join(stream)])
    whole = b"".join(stream).removeprefix(b"\xef\xbb\xbf") + b"\n"
    divided = list(plan.divide(stream))
    assert b"".join(line for _, line in divided) == whole.replace(b"\n \n", b"")
    assert sum(side == VALIDATION for side, _ in divided) == plan.summary.validation == 2


@pytest.mark.parametrize(
    ("questions", "repeated"),
    [
        (["Opening hours?", " opening  HOURS\uff1f"], 1),  # a full-width question mark
        (["a", "b"], 0),
    ],
)
def test_questions_that_differ_in_case_width_or_spaces_only_are_the_same(
    questions: Sequence[str], repeated: int
) -> None:
    lines = [to_line(single_turn(question, "b")) for question in questions] + lines_of(("q", 8))
    summary = split(lines, share=0.5)[2]
    assert (summary.repeated_groups, summary.groups) == (repeated, 10 - repeated)
    assert codes(summary) == ["repeated_questions"] * repeated


def test_strata_are_told_apart_by_prompt_kind_turns_and_script() -> None:
    preference = {
        "input": {"messages": [{"role": "user", "content": "p"}]},
        "preferred_output": [{"role": "assistant", "content": "b"}],
        "non_preferred_output": [{"role": "assistant", "content": "c"}],
    }
    other = {**preference, "input": {"messages": [{"role": "user", "content": "r"}]}}
    lines = [
        *lines_of(("a", 2)),
        *lines_of(("b", 2), system="You are a librarian. " * 5 + "x"),
        *lines_of(("c", 2), system="You are a librarian. " * 5 + "y"),
        *lines_of(("多少钱一本", 2)),
        *(to_line(multi_turn([(f"{at}", "b"), ("x", "y")])) for at in range(2)),
        to_line(preference),
        to_line(other),
    ]
    summary = split(lines, share=0.5)[2]
    assert [(row.training, row.validation) for row in summary.strata] == [(1, 1)] * 6
    strata = [row.stratum for row in summary.strata if row.stratum]
    assert Counter((stratum.kind, stratum.turns, stratum.script) for stratum in strata) == {
        ("chat", "single", "other"): 3,
        ("chat", "single", "han"): 1,
        ("chat", "multi", "other"): 1,
        ("preference", "single", "other"): 1,
    }
    assert Counter(stratum.system for stratum in strata)["You are a librarian. You are a librarian"] == 2
    assert len(split(lines, share=0.5, by=["kind"])[2].strata) == 2


def test_kinds_with_one_question_are_divided_together() -> None:
    lines = [line for at in range(20) for line in lines_of((f"{at}", 1), system=f"s{at}")]
    summary = split(lines)[2]
    assert (summary.validation, codes(summary)) == (2, ["small_strata"])
    assert [(row.stratum, row.training) for row in summary.strata] == [(None, 18)]


def test_repetitions_too_many_to_keep_the_share_are_noted() -> None:
    lines = [to_line(single_turn(f"q {at % 2}", "b")) for at in range(100)]
    _, validation, summary = split(lines)
    assert len(validation) == 50
    assert "share_not_met" in codes(summary)


def test_kinds_that_are_only_trained_on_are_noted() -> None:
    lines = [line for at in range(4) for line in lines_of((f"{at}", 2), system=f"s{at}")]
    assert codes(split(lines, share=0.1)[2]) == ["strata_not_validated"]


@pytest.mark.parametrize("share", [0, -0.1, 0.51, 1, float("nan"), float("inf")])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(InvalidRequest, match=r"above 0 and at most 0\.5"):
        split(lines_of(("a", 4)), share=share)


def test_an_unknown_attribute_to_divide_by_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Cannot divide by colour; use system, kind, turns, script"):
        split(lines_of(("a", 4)), by=["colour"])


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([], "is empty"),
        ([b"\n"], "has 0 examples"),
        (lines_of(("a", 1)), "has 1 example;"),
        ([*lines_of(("a", 3)), b"\n", b'{"messages": []}'], "Line 5 has no messages"),
        ([*lines_of(("a", 3)), b"{"], "Line 4 is not JSON"),
        ([b"[" * 200_000], "Line 1 is"),
    ],
)
def test_a_file_that_cannot_be_divided_is_refused(lines: list[bytes], named: str) -> None:
    with pytest.raises(InvalidFile, match=named):
        split(lines)


LINES = lines_of(("a", 10))


@pytest.mark.parametrize(
    "second",
    [
        LINES[:-1],
        [*LINES, *LINES[:1]],
        [b"\n", *LINES],
        [*LINES[1:], LINES[0]],
        [*LINES[:-1], LINES[-1].replace(b"b", b"c")],
        [*LINES[:3], b"\n", *LINES[3:-1]],
    ],
)
def test_a_file_that_changed_between_the_passes_is_noticed(second: list[bytes]) -> None:
    plan = plan_split(LINES)
    with pytest.raises(InvalidFile, match="changed while it was read"):
        list(plan.divide(second))


@pytest.mark.parametrize("second", [[], [b""], [b"\xff\xfe\0\0" * 100], [b"a\0" * 100]])
def test_a_file_that_is_gone_or_another_in_the_second_pass_is_noticed(second: list[bytes]) -> None:
    with pytest.raises(InvalidFile, match="changed while it was read"):
        list(plan_split(LINES).divide(second))
