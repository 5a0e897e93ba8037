"""What comes of a conversion while it goes on."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import DecodeError

from domain.errors import InvalidRequest
from domain.training_data.building import ExampleDict, to_line
from domain.training_data.conversion.detection import Detected
from domain.training_data.conversion.fields import Dropped
from domain.training_data.conversion.limits import Limits
from domain.training_data.examples import decode_example, kind_of
from domain.training_data.explain import explain
from domain.training_data.problems import Misfit, Problem
from domain.training_data.text import TextReader

Results: TypeAlias = Iterator[tuple[int, ExampleDict | Misfit]]
"""What a format makes of each record, with the line on which it begins."""


class Conversion:
    """A conversion under way: iterate over it once, for (line, example or problem).

    `detected` is set from the beginning; `encoding`, `dropped` (how often each key or column that found no
    place was left out), `examples` and `problems` are complete when the iteration is.

    Raises (while iterating):
        InvalidFile: The file cannot be read any further; see `convert`.
    """

    def __init__(
        self, text: TextReader, results: Results, dropped: Dropped, of: Detected, limits: Limits
    ) -> None:
        self.detected = of
        self.examples = 0
        self.problems = 0
        self._text = text
        self._results = results
        self._dropped = dropped
        self._limits = limits

    @property
    def encoding(self) -> str:
        """Return `utf-8` or `gb18030`, as far as it is known by now."""
        return self._text.encoding

    @property
    def dropped(self) -> Mapping[str, int]:
        """Return how often each key was left out by now; beyond a thousand keys, together under `…`."""
        return self._dropped.counts

    def __iter__(self) -> Iterator[tuple[int, ExampleDict | Problem]]:
        """Yield what became of each record, with the line on which it begins."""
        for line, result in self._results:
            if isinstance(result, Misfit):
                self.problems += 1
                yield line, result.on(line)
            elif (misfit := self._unwritable(result)) is not None:
                self.problems += 1
                yield line, misfit.on(line)
            else:
                self.examples += 1
                yield line, result

    def lines(self) -> Iterator[tuple[int, bytes | Problem]]:
        """Yield the same, examples as lines of JSON to be written."""
        for line, result in self:
            yield line, result if isinstance(result, Problem) else to_line(result)

    def _unwritable(self, example: ExampleDict) -> Misfit | None:
        try:
            line = to_line(example)
            size = len(line) - 1
        except InvalidRequest as error:
            return Misfit("unwritable_text", seen=error.message)
        if size > self._limits.record_bytes:
            return Misfit("too_long", seen=f"{size:,}")
        return _unusable(line)


def _unusable(line: bytes) -> Misfit | None:
    """Return what the check of a training file would say of the line."""
    try:
        if kind_of(decode_example(line)) is not None:
            return None
    except (DecodeError, RecursionError):
        pass  # `explain` has the words
    english, chinese = explain(line)[0].told
    return Misfit("unusable", field=english, seen=chinese)
