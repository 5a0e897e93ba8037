"""Results files: the numbers of a job's steps as CSV, kept and served in base64 as OpenAI does it."""

import base64
import binascii
import codecs
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.platform import PlatformCheckpoint, PlatformEvent

COLUMNS: Final = ("train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
HEADER: Final = ",".join(("step", *COLUMNS))
_OTHER_NAMES: Final = {"train_accuracy": "train_mean_token_accuracy"}
_BIGGEST: Final = 2**63
_GROUP: Final = 4
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACE: Final = re.compile(rb"\s+")

Steps = dict[int, Mapping[str, Any]]
"""The numbers of each step, in the platform's names."""


def number(value: Any) -> float | None:
    """Read a finite number, also from a string; whole ones that a `bigint` holds stay whole."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(found):
        return None
    return value if isinstance(value, int) and abs(value) < _BIGGEST else found


def step_of(numbers: Mapping[str, Any]) -> int | None:
    """Return the step that these numbers belong to, if they say."""
    found = number(numbers.get("step"))
    return int(found) if found is not None and 0 <= found < _BIGGEST and found == int(found) else None


def steps_of(events: Iterable[PlatformEvent], checkpoints: Iterable[PlatformCheckpoint] = ()) -> Steps:
    """Return the numbers that events and checkpoints bring; of a step that both speak of, the event's."""
    saved: Steps = {checkpoint.step_number: checkpoint.metrics for checkpoint in checkpoints}
    told = ((step_of(event.data), event.data) for event in events if event.kind == "metrics")
    return saved | {step: numbers for step, numbers in told if step is not None}


def csv_of(steps: Mapping[int, Mapping[str, Any]]) -> bytes | None:
    """Write the numbers of each step as CSV; None if there are none. A cell is a number or empty."""
    rows = [(str(step), *_cells(numbers)) for step, numbers in sorted(steps.items())]
    lines = [",".join(row) for row in rows if any(row[1:])]
    return "\n".join([HEADER, *lines, ""]).encode() if lines else None


def _cells(numbers: Mapping[str, Any]) -> list[str]:
    found = (number(numbers.get(column, numbers.get(_OTHER_NAMES.get(column, column)))) for column in COLUMNS)
    return ["" if cell is None else repr(cell) for cell in found]


def normalised(content: bytes) -> bytes:
    """Return a results file as it is kept: its text in base64, however the platform sent it.

    Base64 and plain text are taken with and without byte order mark and line breaks. What is neither is
    returned as it came.
    """
    plain = content.removeprefix(codecs.BOM_UTF8)
    found = _decoded(_SPACE.sub(b"", plain))
    csv = plain if found is None else found.removeprefix(codecs.BOM_UTF8)
    return base64.b64encode(csv) if _is_text(csv) else content


def _decoded(encoded: bytes) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True) or None
    except binascii.Error:
        return None


def _is_text(content: bytes, *, cut_short: bool = False) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=not cut_short)
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(text) is None


class PlainReader:
    """Reads a results file as it is kept, chunk by chunk, and gives its text; other bytes as they came."""

    def __init__(self) -> None:
        self._encoded: bool | None = None
        self._rest = b""

    def read(self, chunk: bytes) -> bytes:
        """Return what the next bytes of the file say. The first chunk decides what the file is."""
        if self._encoded is None:
            begun = _decoded(chunk[: len(chunk) // _GROUP * _GROUP])
            self._encoded = begun is not None and _is_text(begun, cut_short=True)
        if not self._encoded:
            return chunk
        whole = self._rest + chunk
        end = len(whole) // _GROUP * _GROUP
        self._rest = whole[end:]
        try:
            return binascii.a2b_base64(whole[:end])
        except binascii.Error:  # it only began like base64: from here on it comes as it is
            self._encoded, self._rest = False, b""
            return whole
