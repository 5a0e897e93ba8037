"""One pass over a training file: structure and all looks, by processes of their own where it is large."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from cli.data.language import Language, Words
from cli.data.output import Output
from cli.data.progress import Progress
from cli.data.refusals import Refused
from cli.data.source import Source
from domain.training_data.examination import Examined, Observed, Pieces, conclude, observe
from domain.training_data.quality.leak import FingerprintLook, Fingerprints, combined
from domain.training_data.structure import Structure, StructureCheck
from domain.training_data.tokens import CONTEXT_LENGTH, TokenCounts, Tokens, joined
from examining import looking
from examining.gathering import Gathering
from examining.pool import ExaminationBroke, Pool, observe_all
from examining.wanted import Copy, Wanted

MAX_LINE_BYTES: Final = 4 * 1024**2
_ENDLESS: Final = 16
"""A line that goes on for so many times of what a line may have has no end that is worth waiting for."""
_BROKE: Final = Words(
    "The file could not be looked at: a process died ({why}). Try again, with fewer --processes if memory "
    "is short.",
    "检查中断:一个进程意外结束({why})。请重试;如果内存不足,请减少 --processes。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a file is to be looked at; `processes` None takes one for each processor.

    `language` is that in which progress is shown.
    """

    max_line_bytes: int = MAX_LINE_BYTES
    personal_data: bool = True
    copy: Copy | None = None
    context_length: int = CONTEXT_LENGTH
    processes: int | None = None
    language: Language = Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What there is to know about a file; all but the structure is empty where nothing in it can be used."""

    name: str
    size: int
    structure: Structure
    examined: Examined | None = None
    counts: TokenCounts
    fingerprints: Fingerprints
    copied: "Copied"

    @property
    def usable(self) -> bool:
        """Tell whether anything in it can be used."""
        return self.examined is not None


@dataclass(slots=True, kw_only=True)
class Copied:
    """Lines that are not in the copy, and lines that are changed in it; counted while it is written."""

    dropped: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What there is to know about a validation file."""

    name: str
    size: int
    structure: Structure
    fingerprints: Fingerprints


def both_checked(
    sources: Sequence[Source], terms: Terms, copy: Output | None = None
) -> tuple[Checked, Validation | None]:
    """Read a training file, and a validation file if there is a second one.

    Raises:
        Refused: one cannot be read, or is not what it was before both were read.
    """
    with ExitStack() as stack:
        for source in sources:
            stack.enter_context(source.held_still())
        found = checked(sources[0], terms, copy)
        other = None if len(sources) == 1 else validation(sources[1], terms)
    return found, other


def checked(source: Source, terms: Terms, copy: Output | None = None) -> Checked:
    """Read a file once and return what there is to know about it; its copy, if one is wanted, goes to `copy`.

    Raises:
        Refused: it cannot be read, or a process that looked at it died.
    """
    check = StructureCheck(terms.max_line_bytes)
    copied = Copied()
    with Progress(source, terms.language) as progress:
        observed = _observed(_watched(source, check, terms, progress), check, terms, copied, copy)
        structure = check.finish()
        usable = observed and structure.examples and check.goes_on
        examined = _concluded(observed, terms) if usable else None
    return Checked(
        name=source.name,
        size=source.size,
        structure=structure,
        examined=examined,
        counts=joined([piece.seen["tokens"] for piece in observed]),
        fingerprints=combined(
            [piece.seen["fingerprints"] for piece in observed if "fingerprints" in piece.seen]
        ),
        copied=copied,
    )


def validation(source: Source, terms: Terms) -> Validation:
    """Read a validation file: only its structure, and what tells its examples apart.

    Raises:
        Refused: it cannot be read.
    """
    check, pieces, look = StructureCheck(terms.max_line_bytes), Pieces(), FingerprintLook()
    fed = (pieces.feed(chunk) for chunk in _watched(source, check, terms))
    rest = (pieces.finish() for _ in range(1))
    seen = [
        observe([look], piece, kind=check.kind).seen[look.name]
        for piece in chain(fed, rest)
        if piece is not None
    ]
    structure = check.finish()
    return Validation(name=source.name, size=source.size, structure=structure, fingerprints=combined(seen))


def _watched(
    source: Source, check: StructureCheck, terms: Terms, progress: Progress | None = None
) -> Iterator[bytes]:
    """Yield the bytes of a file whose structure is checked as they pass, until it turns out to be none."""
    since_line_end = 0
    for chunk in source.chunks():
        check.feed(chunk)
        if check.goes_on:
            yield chunk
        if progress is not None:
            progress.show()
        since_line_end = 0 if b"\n" in chunk else since_line_end + len(chunk)
        if since_line_end > _ENDLESS * terms.max_line_bytes:
            source.leave()
            return


def _observed(
    chunks: Iterator[bytes], check: StructureCheck, terms: Terms, copied: Copied, copy: Output | None
) -> list[Observed]:
    begun = list(islice(chunks, 2))
    looked = _here if len(begun) < 2 else _by_processes  # noqa: PLR2004 - one portion is a small file

    def wanted() -> Wanted:
        return Wanted(kind=check.kind, personal_data=terms.personal_data, copy=terms.copy)

    def keep(piece: Observed) -> Observed:
        if copy is not None and piece.copy:
            copy.write(piece.copy)
        copied.dropped += piece.dropped
        copied.changed += piece.changed
        return Observed(piece.seen)

    return looked(chain(begun, chunks), wanted, keep, terms)


Keep = Callable[[Observed], Observed]


def _here(chunks: Iterator[bytes], wanted: Callable[[], Wanted], keep: Keep, _terms: Terms) -> list[Observed]:
    """Look at a small file in this process: to start others would take longer."""
    pieces = Pieces()
    found = [piece for chunk in chunks if (piece := pieces.feed(chunk)) is not None]
    last = pieces.finish()
    found += [] if last is None else [last]
    return [keep(looking.observe(piece, wanted())) for piece in found]


def _by_processes(
    chunks: Iterator[bytes], wanted: Callable[[], Wanted], keep: Keep, terms: Terms
) -> list[Observed]:
    async def run() -> list[Observed]:
        pool = Pool(terms.processes)
        gathering = Gathering(pool)
        try:
            async for piece in observe_all(pool, _fed(chunks), wanted):
                await gathering.add(keep(piece))
            return gathering.pieces
        finally:
            pool.close()

    try:
        return asyncio.run(run())
    except ExaminationBroke as error:
        raise Refused(_BROKE, why=error) from error


async def _fed(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)  # lets the pool take what is ready


def _concluded(observed: list[Observed], terms: Terms) -> Examined:
    tokens = Tokens(looking.vocabulary(), context_length=terms.context_length)
    looks = [tokens if look.name == Tokens.name else look for look in looking.looks()]
    return conclude(looks, observed)
