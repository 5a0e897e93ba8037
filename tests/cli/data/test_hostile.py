"""Files that are no training files, or do not stay what they are: one clear error each, and nothing left."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.data.output import Output
from cli.data.refusals import Refused
from cli.data.source import Source, opened
from cli.data.split import divided
from samples import sample
from tests.cli.data.commands import data, example

GOOD = example("When do you open?", "At eight, on Saturdays at nine, and never on Sundays.")
WIDE = b"\n".join(b",".join(b"%d" % number for number in range(10_000)) for _ in range(2))
HOSTILE = {
    "empty_file": b"",
    "not_text": b"PK\x03\x04" + bytes(range(256)),
    "not_utf8": GOOD.replace(b"open", b"caf\xe9"),
    "no_json": WIDE,
    "line_too_long": b'{"messages": "' + b"a" * 5_000_000,
    "nul_byte": GOOD.replace(b"open", b"\0pen"),
}


@pytest.mark.parametrize("code", HOSTILE)
def test_a_file_that_is_none_for_training_is_told_in_the_report(code: str, tmp_path: Path) -> None:
    (tmp_path / "hostile").write_bytes(HOSTILE[code])
    done = data("check", tmp_path / "hostile", "--redacted", tmp_path / "out.jsonl")
    assert done.code == 1
    assert f"  {code} (1)\n" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["hostile"]


def test_utf16_is_named_as_what_it_is() -> None:
    assert "The file is UTF-16 text" in data("check", "-", given=GOOD.decode().encode("utf-16")).out


def test_a_line_without_end_is_given_up_in_flat_memory() -> None:
    done = data("check", "/dev/zero", "--max-line-bytes", "100000")
    assert done.code == 1
    assert "Line 1 is longer than the 100000 bytes" in done.out


@pytest.mark.parametrize("command", ["check", "convert", "split", "plan", "build"])
def test_a_directory_is_refused(command: str, tmp_path: Path) -> None:
    done = data(command, tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "is a directory" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").touch(mode=0)
    done = data("check", tmp_path / "mine.jsonl")
    assert done.code == 2
    assert "permission denied" in done.err


@pytest.mark.parametrize("command", ["check", "split", "plan"])
def test_a_csv_of_10_000_columns_is_refused(command: str, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_bytes(WIDE)
    assert data(command, tmp_path / "wide.csv").code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["wide.csv"]


def test_a_csv_of_10_000_columns_is_not_converted_either(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_bytes(WIDE)
    done = data("convert", tmp_path / "wide.csv", "--delimiter", ",", "--to", tmp_path / "out.jsonl")
    assert done.code == 1
    assert "10,000 columns, more than the 1,000" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["wide.csv"]


def test_a_pipe_into_which_nobody_writes_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (
        opened(str(tmp_path / "pipe"), patience_ms=10) as source,
        pytest.raises(Refused, match="Nothing came"),
    ):
        next(source.chunks())


@pytest.fixture
def while_piped(tmp_path: Path) -> Iterator[Callable[[Callable[[], object]], Path]]:
    """A pipe that does something once the other end reads from it, and only then gives what it holds."""
    threads: list[threading.Thread] = []

    def start(happens: Callable[[], object]) -> Path:
        os.mkfifo(tmp_path / "pipe")

        def write() -> None:
            with (tmp_path / "pipe").open("wb") as pipe:  # waits for the reader
                happens()
                pipe.write(GOOD)

        threads.append(threading.Thread(target=write))
        threads[0].start()
        return tmp_path / "pipe"

    yield start
    threads[0].join()


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(GOOD)


def replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "appended to": append,
    "cut off": lambda path: os.truncate(path, 100),
    "replaced": replace,
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_checked_is_one_error_and_no_copy_of_it_is_left(
    change: str, tmp_path: Path, while_piped: Callable[[Callable[[], object]], Path]
) -> None:
    training = tmp_path / "train.jsonl"
    training.write_bytes(sample("medical"))
    pipe = while_piped(lambda: CHANGES[change](training))
    done = data("check", training, "--validation", pipe, "--redacted", tmp_path / "out.jsonl", "--json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("'train.jsonl' changed while it was read")
    assert {path.name for path in tmp_path.iterdir()} <= {"train.jsonl", "pipe"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_between_the_two_passes_of_a_split_leaves_neither_part(
    change: str, tmp_path: Path
) -> None:
    training = tmp_path / "train.jsonl"
    training.write_bytes(sample("medical"))

    class Disturbed(Source):
        def rewind(self) -> None:
            CHANGES[change](training)
            super().rewind()

    targets = (tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    with training.open("rb") as stream, pytest.raises(Refused, match="changed while it was read"):
        divided(Disturbed(str(training), stream), targets, share=0.1, seed=42, max_line_bytes=1 << 20)
    assert {path.name for path in tmp_path.iterdir()} <= {"train.jsonl"}


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(28, "No space left on device"), None])
def test_a_file_that_was_not_written_to_its_end_is_not_there(
    end: BaseException | type[BaseException] | None, tmp_path: Path
) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"as it was")

    def write() -> None:
        with Output(target) as output:
            output.write(GOOD)
            if end is not None:
                raise end

    if end is None:
        write()
    else:
        with pytest.raises((KeyboardInterrupt, OSError)):
            write()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.jsonl", b"as it was")]
