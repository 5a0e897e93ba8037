"""Bytes in any portions to whole lines, and the refusal of what is no text at all."""

from typing import Final

from domain.errors import InvalidFile

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


class Lines:
    """Cuts bytes into lines, holding at most one unfinished line of `max_line_bytes`.

    `count` is the number of lines handed out so far; `size` the number of bytes taken.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._head: bytes | None = b""
        self._tail = bytearray()
        self.count = 0
        self.size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their LF (a CR before it stays).

        Raises:
            InvalidFile: The file is binary, not UTF-8, holds a NUL, or a line is too long.
        """
        self.size += len(chunk)
        if self._head is not None:
            chunk = self._head + chunk
            if len(chunk) < _HEAD_BYTES:
                self._head = chunk
                return []
            chunk = self._begin(chunk)
        return self._cut(chunk)

    def finish(self) -> list[bytes]:
        """Return the last line if it has no LF behind it.

        Raises:
            InvalidFile: As `feed`, or the file is empty.
        """
        if self.size == 0:
            raise refusal("The file is empty.")
        lines = [] if self._head is None else self._cut(self._begin(self._head))
        return lines + self._cut(b"\n") if self._tail else lines

    def _begin(self, head: bytes) -> bytes:
        self._head = None
        for magic, kind in _BINARY.items():
            if head.startswith(magic):
                raise refusal(f"The file is {kind}; send JSON Lines as UTF-8 text.")
        return head.removeprefix(BOM)

    def _cut(self, chunk: bytes) -> list[bytes]:
        end = chunk.rfind(b"\n")
        if end < 0:
            self._hold(chunk)
            return []
        block = b"".join((self._tail, memoryview(chunk)[:end]))
        self._tail.clear()
        self._demand_text(block)
        lines = block.split(b"\n")
        if len(block) > self._max:
            self._demand_short(lines)
        self.count += len(lines)
        self._hold(chunk[end + 1 :])
        return lines

    def _hold(self, rest: bytes) -> None:
        if len(self._tail) + len(rest) > self._max:
            raise self._too_long(self.count + 1)
        if b"\0" in rest:
            raise self._nul(self.count + 1)
        self._tail += rest

    def _demand_text(self, block: bytes) -> None:
        if b"\0" in block:
            raise self._nul(self.count + 1 + block.count(b"\n", 0, block.index(b"\0")))
        if block.isascii():
            return
        try:
            block.decode()
        except UnicodeDecodeError as error:
            line = self.count + 1 + block.count(b"\n", 0, error.start)
            column = error.start - block.rfind(b"\n", 0, error.start)
            raise refusal(
                f"Line {line} is not UTF-8: byte {column} of it is 0x{block[error.start]:02x}."
            ) from error

    def _demand_short(self, lines: list[bytes]) -> None:
        for offset, line in enumerate(lines):
            if len(line) > self._max:
                raise self._too_long(self.count + 1 + offset)

    def _too_long(self, line: int) -> InvalidFile:
        return refusal(f"Line {line} is longer than the {self._max} bytes that a line may have.")

    def _nul(self, line: int) -> InvalidFile:
        return refusal(f"Line {line} holds a NUL byte; the file is not text.")
