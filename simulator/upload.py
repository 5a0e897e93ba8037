"""Uploads: a multipart body taken apart as it arrives, its file going straight to disk in constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from simulator.errors import Refusal

LONGEST_FIELD = 64 * 1024
LONGEST_LINE = 8 * 1024 * 1024
LINES_READ = 1000


class LineScan:
    """Counts the examples of a training file while it passes, and reads the first thousand."""

    def __init__(self) -> None:
        self.examples = 0
        self.fault: str | None = None
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; what is faulty already is not read on."""
        if self.fault is not None:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._read(line)
        if len(self._rest) > LONGEST_LINE:
            self._rest, self.fault = b"", f"Line {self.examples + 1} is longer than 8 MiB."

    def end(self) -> None:
        """Take what has no newline behind it."""
        self._read(self._rest)
        self.fault = self.fault or (None if self.examples else "The file has no examples.")

    def _read(self, line: bytes) -> None:
        if not line.strip():
            return
        self.examples += 1
        if self.examples <= LINES_READ and self.fault is None and not _is_example(line):
            self.fault = f"Example {self.examples} is neither a chat nor a preference."


def _is_example(line: bytes) -> bool:
    try:
        example = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(example, dict):
        return False
    return isinstance(example.get("messages"), list) or "preferred_output" in example


@dataclass(slots=True)
class Upload:
    """What arrived: the file is at `path`, the other fields as text."""

    path: Path
    filename: str | None = None
    bytes: int = 0
    complete: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    scan: LineScan = field(default_factory=LineScan)


class Sink:
    """Takes the multipart parser's calls; parts may come in any order."""

    def __init__(self, upload: Upload, file: BinaryIO) -> None:
        self._upload, self._file = upload, file
        self._header, self._value = b"", b""
        self._disposition = b""
        self._name: str | None = None
        self._text = b""

    def on_part_begin(self) -> None:
        """Start a part."""
        self._name, self._text, self._disposition = None, b"", b""

    def on_header_field(self, chunk: bytes, start: int, end: int) -> None:
        """Collect a header's name."""
        self._header += chunk[start:end]

    def on_header_value(self, chunk: bytes, start: int, end: int) -> None:
        """Collect a header's value."""
        self._value += chunk[start:end]

    def on_header_end(self) -> None:
        """Keep the one header that matters."""
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def on_headers_finished(self) -> None:
        """Learn the part's name, and the file's."""
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "file":
            if self._upload.filename is not None:
                raise Refusal(400, "There are two parts named file.", code="invalid_value", param="file")
            self._upload.filename = options.get(b"filename", b"upload").decode("utf-8", "replace")

    def on_part_data(self, chunk: bytes, start: int, end: int) -> None:
        """Write the file, collect any other field."""
        piece = chunk[start:end]
        if self._name == "file":
            self._upload.bytes += self._file.write(piece)
            self._upload.scan.feed(piece)
        elif len(self._text) + len(piece) > LONGEST_FIELD:
            raise Refusal(400, f"The part {self._name} is too long.", code="invalid_value", param=self._name)
        else:
            self._text += piece

    def on_part_end(self) -> None:
        """Keep a field, or finish the file."""
        if self._name == "file":
            self._upload.scan.end()
        elif self._name:
            self._upload.fields[self._name] = self._text.decode("utf-8", "replace")

    def on_end(self) -> None:
        """See the last boundary."""
        self._upload.complete = True

    def callbacks(self) -> Any:
        """The methods above, as the parser wants them."""
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}


async def receive(request: Request, path: Path) -> Upload:
    """Take the whole body, the file to `path`; nothing is left there if it cannot be taken.

    Raises:
        Refusal: The body is not multipart, has no file, or an empty one.
    """
    with _kept_if_whole(path):
        return await _take(request, Upload(path))


@contextmanager
def _kept_if_whole(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _take(request: Request, upload: Upload) -> Upload:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Refusal(400, "The body must be multipart/form-data.", code="invalid_content_type")
    with upload.path.open("wb") as file:
        try:
            parser = MultipartParser(options[b"boundary"], Sink(upload, file).callbacks())
            async for chunk in request.stream():
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise Refusal(400, f"The multipart body is broken: {error}", code="invalid_multipart") from error
    _check(upload)
    return upload


def _check(upload: Upload) -> None:
    if not upload.complete:
        raise Refusal(400, "The multipart body ends too early.", code="invalid_multipart")
    if upload.filename is None:
        raise Refusal(400, "'file' is a required property", code="missing_required_parameter", param="file")
    if upload.bytes == 0:
        raise Refusal(400, "The file is empty.", code="empty_file", param="file")
