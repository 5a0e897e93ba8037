"""A run is done once per code: results survive a kill, and runs that say nothing are done again."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos import report
from chaos.results import Result, Results, tree

RUN = Result(1, "api-after-commit", 1000, "abc", 15.0, asked=8)
DONE = replace(RUN, jobs=8, deliveries=8, recovery=2.5, breaches=(("G2", "duplicated", "twice"),))


def read(folder: Path, code: str = "abc") -> Results:
    return Results.read(folder / "results.jsonl", of_tree=code)


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    read(tmp_path).add(DONE)
    assert read(tmp_path).done(RUN) == DONE


@pytest.mark.parametrize(
    "other", [{"seed": 1001}, {"variant": "api-before-commit"}, {"factor": 1.0}, {"asked": 9}]
)
def test_another_run_is_done(tmp_path: Path, other: dict[str, object]) -> None:
    read(tmp_path).add(DONE)
    assert read(tmp_path).done(replace(RUN, **other)) is None  # type: ignore[arg-type]


def test_other_code_begins_anew(tmp_path: Path) -> None:
    read(tmp_path).add(DONE)
    assert read(tmp_path, "def").done(replace(RUN, tree="def")) is None


def test_a_run_that_said_nothing_is_done_again(tmp_path: Path) -> None:
    read(tmp_path).add(replace(RUN, error="no process reached create.written"))
    assert read(tmp_path).done(RUN) is None


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path: Path) -> None:
    read(tmp_path).add(DONE)
    path = tmp_path / "results.jsonl"
    path.write_bytes(path.read_bytes() + b'{"fault": 2, "vari')
    later = replace(DONE, seed=1001)
    read(tmp_path).add(later)
    assert read(tmp_path).kept == [DONE, later]


def test_any_change_of_the_code_is_another_tree(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    module = tmp_path / "worker" / "drain.py"
    module.write_text("EVERY = 1\n")
    before = tree(tmp_path)
    module.write_text("EVERY = 2\n")
    assert tree(tmp_path) != before


def test_the_table_goes_between_the_page_s_markers(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    assert report.write(report.table([DONE], {}, {1: "kill -9 the api"}), page)
    assert "| 1. kill -9 the api | 1 | 1 | 8 | 0 | 1 | 0 | 0 | 2.5 s, 2.5 s |" in page.read_text()
    assert (page.read_text().startswith("before\n"), page.read_text().endswith("\nafter\n")) == (True, True)
    assert "old" not in page.read_text()


def test_the_verdict_counts_runs_that_say_nothing_and_what_was_skipped() -> None:
    said = report.verdict([DONE, replace(RUN, error="x")], {"disk-full": "no tmpfs"})
    assert said.splitlines() == [
        "1 runs, 8 jobs, 8 deliveries",
        "0 lost, 1 duplicated, 0 silent",
        "1 runs say nothing: their fault could not be done as meant",
        "1 variants skipped: disk-full",
    ]
