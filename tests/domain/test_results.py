"""Results files: whatever the platform gives becomes base64 of its text; our own have numbers only."""

import base64
import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.platform import PlatformCheckpoint, PlatformEvent
from domain.results import HEADER, PlainReader, csv_of, normalised, steps_of

CSV = HEADER.encode() + b"\n1,0.5,0.9,,\n2,0.25,0.95,0.5,0.9\n"
BOM = b"\xef\xbb\xbf"
ENCODED = base64.b64encode(CSV)


def plain(kept: bytes, size: int = 7) -> bytes:
    reader = PlainReader()
    return b"".join(reader.read(kept[start : start + size]) for start in range(0, len(kept), size))


@pytest.mark.parametrize(
    "given_by_the_platform",
    [
        CSV,
        BOM + CSV,
        ENCODED,
        ENCODED + b"\n",
        BOM + ENCODED,
        base64.encodebytes(CSV),
        base64.encodebytes(CSV).replace(b"\n", b"\r\n"),
        base64.b64encode(BOM + CSV),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_base64_and_plain_text_are_kept_alike(given_by_the_platform: bytes) -> None:
    assert normalised(given_by_the_platform) == ENCODED
    assert plain(normalised(given_by_the_platform)) == CSV
    assert normalised(normalised(given_by_the_platform)) == ENCODED


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00",
        b"\xff\xfe" + CSV.decode().encode("utf-16-le"),
        b"a\x00b",
        b"\x1f\x8b\x08\x00",
        base64.b64encode(b"\x1f\x8b\x08\x00\xff" * 20),
    ],
)
def test_what_is_neither_is_kept_and_served_as_it_came(content: bytes) -> None:
    assert normalised(content) == content
    assert plain(content, size=10_000) == content


def test_what_only_begins_like_base64_breaks_no_download() -> None:
    content = base64.b64encode(b"step,") + b"AAA\xff\x00"
    assert plain(content, size=8) == b"step," + b"AAA\xff\x00"


def test_nothing_stays_nothing() -> None:
    assert (normalised(b""), plain(b"")) == (b"", b"")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200), st.integers(4, 300))
def test_any_text_survives_being_kept_and_read_in_any_chunks(text: str, size: int) -> None:
    content = b"step," + text.encode()
    kept = normalised(content)
    assert plain(kept, size) == content


HOSTILE: list[Any] = [
    "=cmd|' /C calc'!A0", "@SUM(1)", "1,2", "1\n2", '"', None, True, [], {}, float("nan"), float("inf"),
    "-inf", 10**400, "", "0x10",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_a_cell_is_a_number_or_empty(value: Any) -> None:
    written = csv_of({1: {"train_loss": value, "valid_loss": 0.5}})
    assert written == f"{HEADER}\n1,,,0.5,\n".encode()
    assert csv_of({1: {"train_loss": value}}) is None


def test_steps_are_in_order_and_names_are_ours() -> None:
    steps: dict[int, dict[str, Any]] = {
        10: {"train_loss": 1, "train_mean_token_accuracy": 0.5, "learning_rate": 5e-05},
        2: {"train_loss": "1.5", "train_accuracy": 1e-7, "valid_mean_token_accuracy": 0},
        3: {"learning_rate": 1.0},
    }
    rows = list(csv.reader(io.StringIO((csv_of(steps) or b"").decode())))
    assert rows == [HEADER.split(","), ["2", "1.5", "1e-07", "", "0"], ["10", "1", "0.5", "", ""]]


def test_a_job_without_numbers_has_no_results() -> None:
    assert csv_of({}) is None


def event(data: dict[str, Any], kind: str = "metrics") -> PlatformEvent:
    return PlatformEvent("e", None, "info", "", kind, data)


def test_steps_come_from_events_first_and_checkpoints_second() -> None:
    events = [
        event({"step": 1, "train_loss": 0.5}),
        event({"step": "2", "train_loss": 0.4}),
        event({"step": 3.0, "train_loss": 0.3}),
        event({"step": 4, "train_loss": 9}, kind="message"),
        *[event({"step": bad}) for bad in (None, True, -1, 1.5, 2**63, "x", [], float("nan"))],
        event({"train_loss": 0.1}),
    ]
    checkpoints = [PlatformCheckpoint("c", None, "m", step, {"train_loss": 7.0}) for step in (3, 5)]
    assert {step: numbers["train_loss"] for step, numbers in steps_of(events, checkpoints).items()} == {
        1: 0.5, 2: 0.4, 3: 0.3, 5: 7.0,
    }  # fmt: skip
