"""`tuneward data split`: both parts, or neither."""

from pathlib import Path

import pytest

from samples import sample
from tests.cli.data.commands import data, report_on


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "tutor.jsonl").write_bytes(sample("python-tutor"))
    return tmp_path / "tutor.jsonl"


def test_the_parts_lie_beside_the_file_hold_all_of_it_and_have_nothing_in_common(file: Path) -> None:
    done = data("split", file)
    assert done.code == 0
    training, validation = file.with_name("tutor.train.jsonl"), file.with_name("tutor.validation.jsonl")
    both = training.read_bytes().splitlines() + validation.read_bytes().splitlines()
    assert sorted(both) == sorted(file.read_bytes().splitlines())
    assert len(validation.read_bytes().splitlines()) == 6
    report = report_on(training, "--validation", validation)
    assert report["errors"] == []
    assert "validation_leak" not in {warning["code"] for warning in report["warnings"]}
    assert report["summary"]["validation_leak"]["validation_examples_compared"] == 6
    assert f"Wrote {training}; examples: 58." in done.out
    assert "one turn, Chinese" in done.out


def test_the_same_seed_gives_the_same_parts_and_names_can_be_chosen(file: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        data("split", file, "--seed", seed, "--share", "0.25",
             "--training", tmp_path / name, "--validation", tmp_path / f"{name}.v")  # fmt: skip
    a, b, c = ((tmp_path / f"{name}.v").read_bytes() for name in "abc")
    assert a == b != c
    assert a.count(b"\n") == 16


def test_what_is_there_is_overwritten_only_by_force(file: Path) -> None:
    other = file.with_name("tutor.validation.jsonl")
    other.write_bytes(b"mine")
    done = data("split", file)
    assert done.code == 2
    assert "is there already; --force overwrites it" in done.err
    assert other.read_bytes() == b"mine"
    assert not file.with_name("tutor.train.jsonl").exists()
    assert data("split", file, "--force").code == 0
    assert other.read_bytes().count(b"\n") == 6


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--share", "0.7"], 2, "The share is 0.7; it must be above 0 and at most 0.5."),
        (["--training", "same", "--validation", "same"], 2, "is named for both parts"),
    ],
)
def test_a_division_that_is_not_possible_is_refused(
    file: Path, options: list[str], code: int, said: str
) -> None:
    done = data("split", file, *options)
    assert done.code == code
    assert said in done.err
    assert [path.name for path in file.parent.iterdir()] == ["tutor.jsonl"]


def test_a_file_with_faulty_lines_is_not_divided_and_the_first_is_named(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"{}\n")
    done = data("split", file)
    assert done.code == 1
    assert "Line 65 has neither 'messages'" in done.err
    assert [path.name for path in file.parent.iterdir()] == ["tutor.jsonl"]


def test_the_standard_input_cannot_be_read_twice() -> None:
    done = data("split", "-", given=sample("medical"))
    assert done.code == 2
    assert "save it to a file first" in done.err
