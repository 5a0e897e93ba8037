"""Bytes in any portions to whole lines."""

from typing import Final

from domain.errors import InvalidFile
from domain.training_data.faults import Flaw

BOM: Final = b"\xef\xbb\xbf"
_HEAD_BYTES: Final = 8
_BINARY: Final = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"ARROW1": "an Arrow file",
    b"%PDF-": "a PDF",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def refusal(message: str) -> InvalidFile:
    """Return the error for a file that is refused as a whole."""
    return InvalidFile(message, param="file")


def no_text(line: bytes) -> Flaw | None:
    """Return why a line is no text; None if it is UTF-8 without a NUL byte."""
    if b"\0" in line:
        return Flaw(code="nul_byte")
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return Flaw(code="not_utf8", field=str(error.start + 1), seen=f"0x{line[error.start]:02x}")
    return None


class Lines:
    """Cuts bytes into whole lines, holding at most one unfinished line of `max_line_bytes`.

    Attributes:
        count: How many lines were handed out so far.
        size: How many bytes were taken.
        binary: What kind of file this is, if its first bytes say that it is no text; None else.
        overlong: The numbers of the lines that are too long, counted from 1. Each is known as soon as it is
            too long, its bytes are dropped, and it is handed out as an empty line.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self.count = 0
        self.size = 0
        self.binary: str | None = None
        self.overlong: list[int] = []
        self._max = max_line_bytes
        self._head: bytes | None = b""
        self._tail = bytearray()
        self._dropping = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their LF (a CR before it stays)."""
        self.size += len(chunk)
        if self._head is not None:
            chunk = self._head + chunk
            if len(chunk) < _HEAD_BYTES:
                self._head = chunk
                return []
            chunk = self._begin(chunk)
        return self._cut(chunk)

    def finish(self) -> list[bytes]:
        """Return what is left: the last line, if it has no LF behind it."""
        lines = [] if self._head is None else self._cut(self._begin(self._head))
        return lines + self._cut(b"\n") if self._tail or self._dropping else lines

    def _begin(self, head: bytes) -> bytes:
        self._head = None
        self.binary = next((kind for magic, kind in _BINARY.items() if head.startswith(magic)), None)
        return head.removeprefix(BOM)

    def _cut(self, chunk: bytes) -> list[bytes]:
        end = chunk.rfind(b"\n")
        if end < 0:
            self._hold(chunk)
            return []
        whole = memoryview(chunk)[:end]
        if self._dropping:  # up to the first LF it belongs to the line that is too long
            whole = whole[chunk.index(b"\n") :]
        block = b"".join((self._tail, whole))
        self._tail.clear()
        self._dropping = False
        lines = block.split(b"\n")
        if len(block) > self._max:
            self._drop_overlong(lines)
        self.count += len(lines)
        self._hold(chunk[end + 1 :])
        return lines

    def _drop_overlong(self, lines: list[bytes]) -> None:
        for offset, line in enumerate(lines):
            if len(line) > self._max:
                self.overlong.append(self.count + 1 + offset)
                lines[offset] = b""

    def _hold(self, rest: bytes) -> None:
        if self._dropping:
            return
        if len(self._tail) + len(rest) > self._max:
            self.overlong.append(self.count + 1)
            self._tail.clear()
            self._dropping = True
        else:
            self._tail += rest
