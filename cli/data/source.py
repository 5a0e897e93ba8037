"""The file that a command reads: opened with a clear refusal, read in portions, held to stay as it was."""

import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from cli.data.language import Words
from cli.data.refusals import Refused

CHUNK_BYTES: Final = 1024 * 1024
STANDARD_INPUT: Final = "-"
_PATIENCE_MS: Final = 10_000
_MISSING: Final = Words("There is no file '{name}'.", "文件 '{name}' 不存在。")
_FOLDER: Final = Words(
    "'{name}' is a directory; name a file in it.", "'{name}' 是一个目录;请指定其中的文件。"
)
_FORBIDDEN: Final = Words("'{name}' cannot be read: permission denied.", "无法读取 '{name}':没有读取权限。")
_UNREADABLE: Final = Words("'{name}' cannot be read: {why}.", "无法读取 '{name}':{why}。")
_SILENT: Final = Words(
    "Nothing came out of the pipe '{name}' within {seconds} seconds; start what writes into it first.",
    "{seconds} 秒内没有从管道 '{name}' 读到任何数据;请先启动写入方。",
)
_CHANGED: Final = Words(
    "'{name}' changed while it was read, so nothing can be said of it. Run the command again when nobody "
    "writes to it.",
    "'{name}' 在读取过程中被修改,结果不可信。请在没有程序写入该文件时重新运行。",
)
_NO_SECOND_PASS: Final = Words(
    "'{name}' can be read only once, and this has to read it twice; save it to a file first.",
    "'{name}' 只能读取一次,而此命令需要读取两次;请先保存为文件。",
)


class Source:
    """A file, a pipe or the standard input, in portions of 1 MiB."""

    def __init__(self, path: str, stream: BufferedReader, *, patience_ms: int = _PATIENCE_MS) -> None:
        self.size = 0
        self._path = path
        self._stream = stream
        self._patience_ms = patience_ms
        self._before = None if path == STANDARD_INPUT else os.fstat(stream.fileno())
        self._whole = True

    @property
    def name(self) -> str:
        """What it is called, without its folder; can be printed whatever it is."""
        name = "stdin" if self._path == STANDARD_INPUT else Path(self._path).name
        return name.encode(errors="replace").decode()

    @property
    def whole_size(self) -> int:
        """How many bytes it has, as far as that is known; else those that were read."""
        return self._before.st_size if self._before is not None and self._is_file else self.size

    def is_at(self, path: Path) -> bool:
        """Tell whether this is the file at that path."""
        return self._before is not None and os.path.samestat(self._before, path.stat())

    def chunks(self) -> Iterator[bytes]:
        """Yield its bytes from the beginning.

        Raises:
            Refused: it is a pipe into which nobody writes, or cannot be read.
        """
        self._await_first()
        self.size = 0
        try:
            while chunk := self._read():
                self.size += len(chunk)
                yield chunk
        except OSError as error:
            raise Refused(_UNREADABLE, name=self.name, why=error.strerror) from error

    def _read(self) -> bytes:
        """Read up to 1 MiB, less at the end only: a pipe gives little at a time.

        Bit by bit, for a Ctrl-C that comes within one long read would wait for more to come.
        """
        parts: list[bytes] = []
        missing = CHUNK_BYTES
        while missing and (part := self._stream.read1(missing)):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def rewind(self) -> None:
        """Go back to the beginning, for a second pass.

        Raises:
            Refused: it is a pipe.
        """
        self.demand_file()
        self._stream.seek(0)

    def demand_file(self) -> None:
        """Make sure that it can be read twice.

        Raises:
            Refused: it is a pipe.
        """
        if not self._is_file:
            raise Refused(_NO_SECOND_PASS, name=self.name)

    def leave(self) -> None:
        """Read no further: what was seen is enough to refuse it."""
        self._whole = False

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Make sure that what is read within the block is what is there at its end.

        Raises:
            Refused: it was written to, cut off or replaced meanwhile, whatever else came of that.
        """
        try:
            yield
        except Exception:
            self._demand_same()
            raise
        self._demand_same()
        if self._whole and self._before and self._is_file and self.size != self._before.st_size:
            raise Refused(_CHANGED, name=self.name)

    @property
    def _is_file(self) -> bool:
        return self._before is not None and stat.S_ISREG(self._before.st_mode)

    def _demand_same(self) -> None:
        if self._before is None or not self._is_file:
            return
        now = _identity(os.fstat(self._stream.fileno()))
        if not _identity(self._before) == now == _identity_at(self._path):
            raise Refused(_CHANGED, name=self.name)

    def _await_first(self) -> None:
        if self._before is None or not stat.S_ISFIFO(self._before.st_mode):
            return
        descriptor = self._stream.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(self._patience_ms):
            raise Refused(_SILENT, name=self.name, seconds=self._patience_ms // 1000)
        os.set_blocking(descriptor, True)


@contextmanager
def opened(path: str, *, patience_ms: int = _PATIENCE_MS) -> Iterator[Source]:
    """Open a file to be read; `-` is the standard input.

    Raises:
        Refused: there is none, or it cannot be read.
    """
    if path == STANDARD_INPUT:
        yield Source(path, cast("BufferedReader", sys.stdin.buffer))
        return
    with _stream(path) as stream:
        yield Source(path, stream, patience_ms=patience_ms)


def _stream(path: str) -> BufferedReader:
    name = (Path(path).name or path).encode(errors="replace").decode()
    try:
        # Without waiting: a pipe whose writer never comes would hold the command for ever.
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except IsADirectoryError as error:
        raise Refused(_FOLDER, name=name) from error
    except FileNotFoundError as error:
        raise Refused(_MISSING, name=path.encode(errors="replace").decode()) from error
    except PermissionError as error:
        raise Refused(_FORBIDDEN, name=name) from error
    except (OSError, ValueError) as error:
        raise Refused(_UNREADABLE, name=name, why=getattr(error, "strerror", error)) from error
    return stream


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _identity_at(path: str) -> tuple[int, int, int, int] | None:
    try:
        return _identity(Path(path).stat())
    except OSError:
        return None
