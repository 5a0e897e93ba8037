"""An upload read as it arrives: the file chunk by chunk, the form's fields beside it, in any order.

Starlette's own form parser spools a file to disk before the route sees it; this one hands each chunk to
the route and holds no more than one.
"""

import re
import unicodedata
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MAX_BOUNDARY_LENGTH, MultipartParser, parse_options_header
from starlette.requests import Request

from domain.errors import InvalidFile, InvalidRequest

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

CHUNK_BYTES: Final = 256 * 1024
WANTED: Final = ("purpose", "expires_after[anchor]", "expires_after[seconds]")
"""The fields of a file's form, as OpenAI has them."""
UNNAMED: Final = "upload"
LONGEST_FILENAME: Final = 255
LONGEST_EXTENSION: Final = 16
_LONGEST_PARAM: Final = 64
_LONGEST_NUMBER: Final = 18

# RFC 5987. RFC 7578 has no place for it in a form, yet clients send it, with `filename` as a lesser copy.
_EXTENDED_FILENAME: Final = re.compile(
    r"filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^\s;\"']+)", re.IGNORECASE
)
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"')
_DRIVE: Final = re.compile(r"^[A-Za-z]:")
# Control, format (bidi overrides among them), surrogate and private characters; line and paragraph ends.
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """How much of each thing an upload may have, in bytes where not said otherwise."""

    max_file_bytes: int
    max_field_bytes: int = 64 * 1024
    max_header_bytes: int = 16 * 1024
    """Of all headers of one part."""
    max_parts: int = 100
    """A number."""

    @property
    def max_body_bytes(self) -> int:
        """The longest body that keeps the other limits: what is longer breaks one of them."""
        return self.max_file_bytes + self.max_parts * (self.max_field_bytes + self.max_header_bytes)


class Upload:
    """A multipart/form-data body with one file, read once by `async for chunk in upload`.

    While it is read, `fields` grows by the wanted fields as they pass, `size` counts the file's bytes, and
    before the first chunk `filename` (safe to store and to show, never a path) and `content_type` (what
    the client says) are set. Parts that nobody wants are read over. An empty file yields no chunk.

    Reading raises:
        InvalidRequest: The body is no form, is broken or ends early, a field is too long or sent twice,
            or the file or a required field is missing; `param` names it.
        InvalidFile: The file is larger than `limits.max_file_bytes`, or there are two.
        starlette.requests.ClientDisconnect: The client went away.
    """

    def __init__(
        self,
        request: Request,
        *,
        limits: UploadLimits,
        file: str = "file",
        wanted: Collection[str] = WANTED,
        required: Collection[str] = ("purpose",),
    ) -> None:
        self.filename = UNNAMED
        self.content_type = ""
        self.size = 0
        self.fields: dict[str, str] = {}
        self._request, self._limits = request, limits
        self._file, self._wanted, self._required = file, frozenset(wanted), tuple(required)
        self._file_seen = self._ended = False
        self._pending = bytearray()
        self._parts = 0
        self._begin_part()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes, 256 KiB or more at a time but for the last."""
        parser = MultipartParser(
            self._boundary(), self._callbacks(), max_header_size=self._limits.max_header_bytes
        )
        async for chunk in self._body():
            try:
                parser.write(chunk)
            except FormParserError as error:
                raise _broken(f"The multipart body is broken: {error}.") from error
            if len(self._pending) >= CHUNK_BYTES:
                yield self._take()
        self._demand_whole()
        if self._pending:
            yield self._take()

    async def _body(self) -> AsyncIterator[bytes]:
        announced = self._request.headers.get("content-length", "0")
        received = int(announced[:_LONGEST_NUMBER]) if announced.isdecimal() else 0
        self._demand_short(received)
        received = 0
        async for chunk in self._request.stream():
            received += len(chunk)
            self._demand_short(received)
            yield chunk

    def _boundary(self) -> bytes:
        kind, options = parse_options_header(self._request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_LENGTH:
            raise InvalidRequest(
                f"Send '{self._file}' in multipart/form-data, with its boundary in the Content-Type header.",
                code="invalid_content_type",
            )
        return boundary

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._header_name, self._header_value, self._header_bytes = b"", b"", 0
        self._headers: dict[bytes, bytes] = {}
        self._name: str | None = None
        self._text = bytearray()

    def _add_header_name(self, chunk: bytes, start: int, end: int) -> None:
        self._count_header_bytes(end - start)
        self._header_name += chunk[start:end]

    def _add_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._count_header_bytes(end - start)
        self._header_value += chunk[start:end]

    def _count_header_bytes(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > self._limits.max_header_bytes:
            raise _broken(f"The headers of a part are longer than {self._limits.max_header_bytes} bytes.")

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name, self._header_value = b"", b""

    def _end_headers(self) -> None:
        self._parts += 1
        if self._parts > self._limits.max_parts:
            raise _broken(f"The form has more than {self._limits.max_parts} parts.")
        disposition = self._headers.get(b"content-disposition", b"")
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise _broken("A part of the form has no Content-Disposition with a name.")
        self._name = options[b"name"].decode("utf-8", "replace")
        if self._name == self._file:
            self._begin_file(disposition, options.get(b"filename", b""))
        elif self._name in self.fields:
            raise InvalidRequest(f"'{self._name}' was sent twice.", param=self._name)

    def _begin_file(self, disposition: bytes, plain: bytes) -> None:
        if self._file_seen:
            raise InvalidFile(f"Send one '{self._file}'; there are two in this form.", param=self._file)
        self._file_seen = True
        self.filename = safe_filename(_extended_filename(disposition) or plain.decode("utf-8", "replace"))
        self.content_type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _add(self, chunk: bytes, start: int, end: int) -> None:
        if self._name == self._file:
            self.size += end - start
            if self.size > self._limits.max_file_bytes:
                raise self._too_large()
            self._pending += memoryview(chunk)[start:end]
            return
        self._text += memoryview(chunk)[start:end]
        if len(self._text) > self._limits.max_field_bytes:
            raise InvalidRequest(
                f"A form field may have {self._limits.max_field_bytes} bytes; this one is longer.",
                param=(self._name or "")[:_LONGEST_PARAM],
            )

    def _end_part(self) -> None:
        if self._name not in self._wanted or self._name is None:
            return
        try:
            self.fields[self._name] = self._text.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"'{self._name}' is not UTF-8.", param=self._name) from error

    def _end(self) -> None:
        self._ended = True

    def _take(self) -> bytes:
        chunk = bytes(self._pending)
        self._pending.clear()
        return chunk

    def _demand_short(self, body_bytes: int) -> None:
        if body_bytes > self._limits.max_body_bytes:
            raise self._too_large()

    def _demand_whole(self) -> None:
        if not self._ended:
            raise _broken("The multipart body ends before the form does; send the file again.")
        absent = [] if self._file_seen else [self._file]
        absent += [name for name in self._required if name not in self.fields]
        if absent:
            raise InvalidRequest(
                f"'{absent[0]}' is required and was not sent.",
                code="missing_required_parameter",
                param=absent[0],
            )

    def _too_large(self) -> InvalidFile:
        limit = self._limits.max_file_bytes
        return InvalidFile(
            f"'{self._file}' is larger than the {limit} bytes that it may have.", param=self._file
        )


def safe_filename(text: str) -> str:
    """Return a name that is no path, can be shown, and has 1 to 255 bytes of UTF-8 without surrogates.

    Folders, drive letters, control and bidi characters go; a long name loses the end of its stem, not
    its extension; what leaves nothing is called `upload`.
    """
    shown = "".join(letter for letter in text if unicodedata.category(letter) not in _UNSHOWABLE)
    name = _DRIVE.sub("", re.split(r"[/\\]", shown)[-1].strip()).strip()
    if not name.strip(". "):
        return UNNAMED
    stem, dot, extension = name.rpartition(".")
    ending = (dot + extension).encode() if stem else b""
    if len(ending) > LONGEST_EXTENSION:
        ending = b""
    whole = name.encode()
    if len(whole) <= LONGEST_FILENAME:
        return name
    return whole[: LONGEST_FILENAME - len(ending)].decode("utf-8", "ignore") + ending.decode()


def _extended_filename(disposition: bytes) -> str | None:
    found = _EXTENDED_FILENAME.search(_QUOTED.sub('""', disposition.decode("latin-1")))
    return None if found is None else unquote_to_bytes(found[2]).decode(found[1], "replace")


def _broken(message: str) -> InvalidRequest:
    return InvalidRequest(message, code="invalid_multipart")
