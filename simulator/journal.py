"""A file of JSON lines: what is written is there after a kill, and is played back at the next start."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class Journal:
    """Appends one line per change, unbuffered, so that an answer is sent only after its change is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._drop_torn_line()
        self._lines = path.open("ab", buffering=0)

    def _drop_torn_line(self) -> None:
        """A kill in the middle of a write leaves half a line; the next one must not be glued to it."""
        if self._path.exists():
            with self._path.open("rb+") as lines:
                torn = lines.read().rfind(b"\n") + 1
                lines.truncate(torn)

    def write(self, change: str, **values: Any) -> None:
        """Keep one change; dataclasses may be values."""
        self._lines.write(orjson.dumps({"change": change, **values}, option=orjson.OPT_APPEND_NEWLINE))

    def play(self) -> Iterator[dict[str, Any]]:
        """Yield each change ever written, oldest first."""
        with self._path.open("rb") as lines:
            for line in lines:
                yield orjson.loads(line)

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()
