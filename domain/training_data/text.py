"""Bytes in any portions to text in portions, for files that people export from elsewhere.

UTF-8 with or without BOM, or GB18030 (as Excel writes it in China), found out by the first bytes that are
not ASCII. Line ends become LF. Anything else is refused.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from domain.training_data.lines import BOM, refusal

LEAST_PORTION: Final = 64 * 1024
"""Portions of text come from so many bytes at least, but for the last."""
_LARGEST_PORTION: Final = 1024 * 1024
_AS_UTF8: Final = "save it as UTF-8 (in Excel: 'CSV UTF-8') and try again"
_FOREIGN: Final = {
    b"PK\x03\x04": f"an Excel workbook or another zip archive; {_AS_UTF8}",
    b"\xd0\xcf\x11\xe0": f"an old Excel or Word document; {_AS_UTF8}",
    b"\xff\xfe": f"UTF-16 text; {_AS_UTF8}",
    b"\xfe\xff": f"UTF-16 text; {_AS_UTF8}",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"%PDF-": "a PDF; only text can be converted",
    b"PAR1": "a Parquet file; write it as JSON Lines first",
}
# Text in other 8-bit encodings is valid GB18030 as well, only of rare characters. Real Chinese text
# consists of those that GB2312 has.
_COMMON_SHARE: Final = 0.6
_REPLACEMENT: Final = "\ufffd"
_EVIDENCE: Final = 4096
"""The encoding is decided on so many bytes from the first that is not ASCII, if the file has them."""
_not_ascii: Final = re.compile(rb"[^\x00-\x7f]")


class TextReader:
    """Turns bytes into text; iterate over it once.

    `encoding` is `utf-8` or `gb18030`; it is certain once the text is read to its end, for a file may begin
    with any amount of ASCII.

    Raises (while iterating):
        InvalidFile: The file is empty, no text, or in an encoding that is not known.
    """

    def __init__(self, stream: Iterable[bytes]) -> None:
        self.encoding = "utf-8"
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._undecided = b""
        self._line = 1

    def __iter__(self) -> Iterator[str]:
        """Yield the text in portions, without BOM."""
        begun = False
        for portion in _portions(self._stream):
            text = self._decode(portion if begun else _begin(portion), last=False)
            begun = True
            if text:
                yield text
        if not begun:
            raise refusal("The file is empty.")
        if text := self._decode(b"", last=True):
            yield text

    def _decode(self, portion: bytes, *, last: bool) -> str:
        portion, self._undecided = self._undecided + portion, b""
        if self._decoder is None:
            portion = self._decide(portion, last=last)
        text = portion.decode("ascii") if self._decoder is None else self._with_decoder(portion, last=last)
        text = str(self._newlines.decode(text, final=last))
        self._demand_no_nul(text)
        self._line += text.count("\n")
        return text

    def _decide(self, portion: bytes, *, last: bool) -> bytes:
        """Find out the encoding if there is enough to see; return as much as can be decoded now."""
        foreign = _not_ascii.search(portion)
        if foreign is None:
            return portion
        if len(portion) - foreign.start() < _EVIDENCE and not last:
            self._undecided = portion
            return b""
        self.encoding = encoding_of(portion, self._line)
        self._decoder = _decoder(self.encoding)
        return portion

    def _with_decoder(self, portion: bytes, *, last: bool) -> str:
        try:
            return "" if self._decoder is None else self._decoder.decode(portion, last)
        except UnicodeDecodeError as error:
            seen: bytes = error.object
            line = self._line + seen.count(b"\n", 0, error.start)
            raise refusal(
                f"Line {line} is not {self.encoding.upper()} as the text before it is: "
                f"0x{seen[error.start]:02x} is not possible there. Save the file as UTF-8 and try again."
            ) from error

    def _demand_no_nul(self, text: str) -> None:
        if "\0" in text:
            line = self._line + text.count("\n", 0, text.index("\0"))
            raise refusal(f"Line {line} holds a NUL byte; the file is not text, or is UTF-16: {_AS_UTF8}.")


def encoding_of(portion: bytes, line: int = 1) -> str:
    """Return `utf-8` or `gb18030`, whichever these bytes are; they may end within a character.

    Args:
        portion: The beginning of what is not ASCII.
        line: The line on which the portion begins, for the error.

    Raises:
        InvalidFile: They are neither.
    """
    try:
        _decoder("utf-8").decode(portion)
    except UnicodeDecodeError as error:
        if not _is_damaged_utf8(portion) and _is_gb18030(portion):
            return "gb18030"
        line += portion.count(b"\n", 0, error.start)
        seen = f"line {line} has the byte 0x{portion[error.start]:02x} where UTF-8 cannot have it"
        raise refusal(f"The file is neither UTF-8 nor GB18030 text: {seen}; {_AS_UTF8}.") from error
    return "utf-8"


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)()


def _is_damaged_utf8(portion: bytes) -> bool:
    """Tell whether most of what is not ASCII is UTF-8 all the same; of GB18030 text hardly any is."""
    text = portion.decode(errors="replace")
    broken = text.count(_REPLACEMENT)
    return sum(map(str.isascii, text)) + 2 * broken < len(text)


def _is_gb18030(portion: bytes) -> bool:
    try:
        text = _decoder("gb18030").decode(portion)
    except UnicodeDecodeError:
        return False
    foreign = "".join(char for char in text if not char.isascii())
    return len(foreign.encode("gb2312", errors="ignore")) / 2 >= _COMMON_SHARE * max(len(foreign), 1)


def _begin(portion: bytes) -> bytes:
    for magic, kind in _FOREIGN.items():
        if portion.startswith(magic):
            raise refusal(f"The file is {kind}.")
    return portion.removeprefix(BOM)


def _portions(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in portions that are worth the work on each, and are not too much at once."""
    held = bytearray()
    for chunk in stream:
        for begin in range(0, len(chunk), _LARGEST_PORTION):
            held += memoryview(chunk)[begin : begin + _LARGEST_PORTION]
            if len(held) >= LEAST_PORTION:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)
