"""How far a command has come with a large file, for somebody who waits at a terminal."""

import sys
import time
from types import TracebackType
from typing import Final, Self

from cli.data.language import Language, Words
from cli.data.source import Source

_AFTER: Final = 2.0
"""Seconds in which nothing is shown: most files are done by then."""
_MEGABYTE: Final = 1_000_000
_LOOKED: Final = Words("Looked at {done} of {all} MB …", "已检查 {done} / {all} MB ……")
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """One line on the standard error that is written over, and gone at the end; nothing elsewhere."""

    def __init__(self, source: Source, language: Language) -> None:
        self._source = source
        self._language = language
        self._from = time.monotonic() + _AFTER
        self._shows = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def show(self) -> None:
        """Say how much was read by now."""
        if self._shows and time.monotonic() > self._from:
            done, whole = (
                f"{size / _MEGABYTE:,.0f}" for size in (self._source.size, self._source.whole_size)
            )
            print(
                _CLEAR + _LOOKED.say(self._language, done=done, all=whole),
                end="",
                file=sys.stderr,
                flush=True,
            )

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._shows and time.monotonic() > self._from:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
