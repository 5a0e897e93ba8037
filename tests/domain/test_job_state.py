import re
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest

from db.models import Job
from domain.deadlines import DEADLINES
from domain.job_state import (
    ADVANCING,
    BEFORE_SUBMISSION,
    EDGES,
    TERMINAL,
    JobState,
    ShownStatus,
    may_move,
    nearest_state,
    shown_status,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "state_machine.md"
S = JobState
# The architecture's table, written out once more by hand: a change of the machine is a change here as well.
ALLOWED = {
    (S.RECEIVED, S.HELD), (S.RECEIVED, S.UPLOADING), (S.RECEIVED, S.FAILED), (S.RECEIVED, S.CANCELLED),
    (S.HELD, S.UPLOADING), (S.HELD, S.FAILED), (S.HELD, S.CANCELLED),
    (S.UPLOADING, S.HELD), (S.UPLOADING, S.SUBMITTING), (S.UPLOADING, S.FAILED), (S.UPLOADING, S.CANCELLED),
    (S.SUBMITTING, S.HELD), (S.SUBMITTING, S.TRACKING), (S.SUBMITTING, S.FAILED), (S.SUBMITTING, S.CANCELLED),
    (S.TRACKING, S.COLLECTING), (S.TRACKING, S.FAILED),
    (S.COLLECTING, S.SUCCEEDED), (S.COLLECTING, S.FAILED), (S.COLLECTING, S.CANCELLED),
}  # fmt: skip
RANK = {
    ShownStatus.QUEUED: 0,
    ShownStatus.RUNNING: 1,
    ShownStatus.SUCCEEDED: 2,
    ShownStatus.FAILED: 2,
    ShownStatus.CANCELLED: 2,
}


@pytest.mark.parametrize(("source", "target"), list(product(JobState, JobState)))
def test_every_pair_of_states_is_an_edge_or_is_not(source: JobState, target: JobState) -> None:
    assert may_move(source, target) is ((source, target) in ALLOWED)


def test_the_end_has_no_way_out_and_everything_else_has_one_to_failure() -> None:
    assert {S.SUCCEEDED, S.FAILED, S.CANCELLED} == TERMINAL
    assert all(may_move(state, S.FAILED) for state in JobState if state not in TERMINAL)


def test_each_living_state_belongs_to_one_drain_and_has_a_deadline() -> None:
    living = set(JobState) - TERMINAL
    assert living - ADVANCING == {S.TRACKING}
    assert set(DEADLINES) == living


def test_a_job_that_reached_the_platform_never_goes_back_before_its_submission() -> None:
    behind = set(JobState) - BEFORE_SUBMISSION
    assert all(EDGES[state] <= behind for state in behind - {S.SUBMITTING})
    # Only a pause leads back, while no create call is open: a CHECK holds that.
    assert EDGES[S.SUBMITTING] - behind == {S.HELD}


def paths(walked: tuple[JobState, ...]) -> Iterator[tuple[JobState, ...]]:
    """Walk every path to an end, over each edge at most once: the one loop, HELD and UPLOADING, is walked."""
    if walked[-1] in TERMINAL:
        yield walked
    taken = set(pairwise(walked))
    for target in sorted(EDGES[walked[-1]]):
        if (walked[-1], target) not in taken:
            yield from paths((*walked, target))


def test_what_is_shown_never_moves_backwards_on_any_path() -> None:
    every = list(paths((S.RECEIVED,)))
    assert {step for path in every for step in pairwise(path)} == ALLOWED
    for path in every:
        # The platform says "running" at any look from TRACKING on, or never.
        tracked = path.index(S.TRACKING) if S.TRACKING in path else len(path)
        for started in (*range(tracked, len(path)), len(path)):
            shown = [shown_status(state, platform_running=n >= started) for n, state in enumerate(path)]
            # While the job is tracked both may be shown, in this order.
            ranks = [RANK[status] for status in shown]
            assert ranks == sorted(ranks), (path, shown)
            assert shown[0] is ShownStatus.QUEUED
            assert RANK[shown[-1]] == 2


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_an_end_is_shown_as_itself(state: JobState, *, running: bool) -> None:
    assert shown_status(state, platform_running=running).value == state.value


def picture() -> set[tuple[str, str]]:
    text = DOCUMENT.read_text()
    diagram = text.split("```mermaid")[1].split("```")[0]
    return set(re.findall(r"^\s*([a-z]+|\[\*\]) --> ([a-z]+|\[\*\])(?: :.*)?$", diagram, re.MULTILINE))


def table() -> dict[str, tuple[str, set[str]]]:
    """Return for each state of the document's table what is shown and where it leads."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {state: (shown, set(re.findall(r"→ `(\w+)`", leaves))) for state, shown, leaves in rows}


def test_the_documents_picture_shows_the_edges() -> None:
    inner = {(a, b) for a, b in picture() if "[*]" not in (a, b)}
    assert inner == {(a.value, b.value) for a, b in ALLOWED}
    assert {b for a, b in picture() if a == "[*]"} == {"received"}
    assert {a for a, b in picture() if b == "[*]"} == {state.value for state in TERMINAL}


def test_the_documents_table_shows_the_edges_and_what_a_client_sees() -> None:
    rows = table()
    assert set(rows) == {state.value for state in JobState}
    for state in JobState:
        shown, leads_to = rows[state.value]
        assert leads_to == {target.value for target in EDGES[state]}, state
        possible = {shown_status(state, platform_running=running).value for running in (False, True)}
        if state in BEFORE_SUBMISSION or state is S.SUBMITTING:
            possible = {"queued"}
        assert set(re.findall(r"`(queued|running|succeeded|failed|cancelled)`", shown)) == possible, state


def test_the_tables_constraint_names_the_same_states() -> None:
    checks = {
        str(check.name): str(check.sqltext)
        for check in Job.__table__.constraints
        if hasattr(check, "sqltext")
    }
    known = next(text for name, text in checks.items() if name.endswith("state_known"))
    assert set(re.findall(r"'(\w+)'", known)) == {state.value for state in JobState}
    ended = next(text for name, text in checks.items() if name.endswith("ended_has_finish"))
    assert set(re.findall(r"'(\w+)'", ended)) == {state.value for state in TERMINAL}


@pytest.mark.parametrize("state", JobState)
def test_a_known_state_is_itself(state: JobState) -> None:
    assert nearest_state(state.value, finished=False, has_model=True, has_error=True) is state


@pytest.mark.parametrize(
    ("finished", "has_model", "has_error", "nearest"),
    [
        (False, False, False, S.TRACKING),
        (True, True, False, S.SUCCEEDED),
        (True, False, True, S.FAILED),
        (True, False, False, S.CANCELLED),
    ],
)
def test_a_state_of_a_newer_version_is_shown_as_the_nearest(
    *, finished: bool, has_model: bool, has_error: bool, nearest: JobState
) -> None:
    assert nearest_state("new", finished=finished, has_model=has_model, has_error=has_error) is nearest
