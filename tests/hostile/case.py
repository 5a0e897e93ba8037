"""A case of the corpus: bytes in, what has to come out."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

KEEP_ALIVE = "keep-alive"
CLOSED = 0
"""Instead of a status: the connection is closed without a word."""
_NAME = re.compile(rb"@([A-Z_]+)@")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One hostile client.

    Attributes:
        name: Unique in the corpus.
        pieces: What it sends, one piece after another; `@KEY@` and the like stand for what the world has.
        status: What each answer may be, in turn; `CLOSED` is no answer at all.
        code: The code of the first error, where it is certain.
        pause: Seconds between pieces.
        endless: Whether the last piece is sent again and again, until the answer or the end.
    """

    name: str
    pieces: tuple[bytes, ...]
    status: tuple[frozenset[int], ...]
    code: str | None = None
    pause: float = 0.0
    endless: bool = False
    head_request: bool = False
    """Its answer has a length and no body."""

    @property
    def slow(self) -> bool:
        """Whether it waits for a time-out."""
        return self.name.startswith("slow:")

    def rendered(self, world: "World") -> Iterator[bytes]:
        for piece in self.pieces:
            yield rendered(piece, world)


@dataclass(kw_only=True)
class World:
    """What is real on the api under fire: by the names that cases use, `KEY` for `@KEY@`."""

    host: str
    port: int
    names: dict[str, bytes]
    operations: list[str] = field(default_factory=list)
    """All that the api documents: `GET /v1/files/{file_id}` and so on."""
    secret: bytes
    """Stands in everything the other project has; no answer may ever carry it."""
    files: set[str] = field(default_factory=set)
    """Files that this world's projects rightly have: each upload that was answered with 200 adds one."""


def rendered(piece: bytes, world: World) -> bytes:
    """Fill the names in, then the lengths: `@LENGTH@` is that of what follows the blank line."""

    def fill(found: re.Match[bytes]) -> bytes:
        return world.names.get(found[1].decode(), found[0])

    filled = _NAME.sub(fill, piece)
    if b"@LENGTH@" in filled:
        head, blank, body = filled.partition(b"\r\n\r\n")
        filled = head.replace(b"@LENGTH@", str(len(body)).encode()) + blank + body
    return filled


def case(
    name: str,
    pieces: bytes | tuple[bytes, ...],
    status: int | Collection[int],
    code: str | None = None,
    *,
    then: Collection[int] = (),
    pause: float = 0.0,
    endless: bool = False,
) -> Case:
    """Write a case down; `then` are the statuses of further answers on the same connection."""
    first = frozenset({status} if isinstance(status, int) else status)
    return Case(
        name=name,
        pieces=(pieces,) if isinstance(pieces, bytes) else pieces,
        status=(first, *(frozenset({each}) for each in then)),
        code=code,
        pause=pause,
        endless=endless,
        head_request=pieces.startswith(b"HEAD") if isinstance(pieces, bytes) else False,
    )


def request(
    line: str | bytes,
    *headers: str | bytes,
    body: bytes | None = None,
    key: str | None = "KEY",
    connection: str = "close",
) -> bytes:
    """A request that is right but for what it is given."""
    wire = [
        _bytes(line) + b" HTTP/1.1",
        b"Host: localhost",
        *([f"Authorization: Bearer @{key}@".encode()] if key else []),
        *([b"Connection: close"] if connection == "close" else []),
        *(_bytes(header) for header in headers),
        *([b"Content-Length: @LENGTH@"] if body is not None else []),
    ]
    return b"\r\n".join(wire) + b"\r\n\r\n" + (body or b"")


def json_post(path: str, body: bytes, *headers: str | bytes) -> bytes:
    """A POST of JSON, whatever the bytes are."""
    return request(f"POST {path}", "Content-Type: application/json", *headers, body=body)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
