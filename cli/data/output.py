"""The files that a command writes: whole or not at all."""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, Self

from cli.data.language import Words
from cli.data.refusals import Refused
from cli.data.source import Source

_THERE: Final = Words(
    "'{name}' is there already; --force overwrites it.", "'{name}' 已存在;使用 --force 可以覆盖。"
)
_ITSELF: Final = Words(
    "'{name}' is the very file that is read; choose another name.",
    "'{name}' 就是正在读取的文件;请换一个名称。",
)
_NO_PLACE: Final = Words("'{name}' cannot be written: {why}.", "无法写入 '{name}':{why}。")
_TWICE: Final = Words(
    "'{name}' is named for both parts; give them different names.",
    "两个输出都是 '{name}';请使用不同的名称。",
)


def demand_free(targets: Sequence[Path], *, sources: Sequence[Source], force: bool = True) -> None:
    """Make sure before the work begins that it can be written where it is to be.

    Raises:
        Refused: a target is a source itself, is named twice, or is there and must not be overwritten.
    """
    for target in targets:
        if target.exists() and any(source.is_at(target) for source in sources):
            raise Refused(_ITSELF, name=target)
        if targets.count(target) > 1:
            raise Refused(_TWICE, name=target)
        if target.exists() and not force:
            raise Refused(_THERE, name=target)


class Output:
    """A file that is written beside its place, and moved there when it is kept; None is the standard output.

    A block that ends without `keep` leaves no file behind, and an older one as it was. What goes to the
    standard output goes at once, unless `at_once` says that it is to be kept or not as well.
    """

    def __init__(self, target: Path | None, *, at_once: bool = True) -> None:
        self._target = target
        self._at_once = at_once
        self._part: Path | None = None
        self._stream: IO[bytes] = sys.stdout.buffer

    def __enter__(self) -> Self:
        if self._target is not None:
            name = f".{self._target.name[:60]}."
            try:
                handle, part = tempfile.mkstemp(dir=self._target.parent, prefix=name, suffix=".part")
            except OSError as error:
                raise Refused(_NO_PLACE, name=self._target, why=error.strerror) from error
            self._part = Path(part)
            self._stream = os.fdopen(handle, "wb")
        elif not self._at_once:
            self._stream = tempfile.TemporaryFile()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not sys.stdout.buffer:
            self._stream.close()
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def write(self, content: bytes) -> None:
        """Write more."""
        self._stream.write(content)

    def keep(self) -> None:
        """Put the file in its place, on disk."""
        self._stream.flush()
        if self._part is not None and self._target is not None:
            os.fchmod(self._stream.fileno(), 0o666 & ~_umask())
            os.fsync(self._stream.fileno())
            self._part.replace(self._target)
        elif self._stream is not sys.stdout.buffer:
            self._stream.seek(0)
            shutil.copyfileobj(self._stream, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
