"""Divides a training file into a part to train on and a part to validate with, in two passes.

The first pass notes 17 bytes a line and decides; the second hands out the lines as they stand, in order.
The same file, share and seed give the same division on any machine. Examples whose user says the same
(but for case, width and spaces) stay together, so that nothing is validated that was trained on.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from domain.errors import InvalidFile, InvalidRequest
from domain.training_data.faults import Flaw
from domain.training_data.findings import Finding
from domain.training_data.lines import Lines, refusal
from domain.training_data.seats import choose
from domain.training_data.split_notes import notes_on
from domain.training_data.strata import BY, Stratum, place

TRAINING: Final = "training"
VALIDATION: Final = "validation"
Side: TypeAlias = Literal["training", "validation"]
_BLANK: Final = 2
_LARGEST_SHARE: Final = 0.5
_MAX_LINE_BYTES: Final = 4 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCount:
    """How many examples of one sort are on either side.

    `stratum` is None for all those together whose sort has no two different questions.
    """

    stratum: Stratum | None
    training: int
    validation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSummary:
    """What a division comes to.

    `groups` counts the different questions, `repeated_groups` those that more than one example asks.
    `strata` are in order of size. `notes` say what is not as one might expect.
    """

    training: int
    validation: int
    groups: int
    repeated_groups: int
    strata: tuple[StratumCount, ...]
    notes: tuple[Finding, ...]


class SplitPlan:
    """A division that is decided; `summary` tells what it comes to."""

    def __init__(self, sides: bytearray, digest: bytes, summary: SplitSummary, max_line_bytes: int) -> None:
        self.summary = summary
        self._sides = sides
        self._digest = digest
        self._max = max_line_bytes

    def divide(self, stream: Iterable[bytes]) -> Iterator[tuple[Side, bytes]]:
        """Read the file a second time and yield each example's line, with an LF behind it, and its side.

        Raises:
            InvalidFile: The file is not what it was when the plan was made. What was written of it until
                then is of no use.
        """
        hashed = blake2b()
        for number, line in enumerate(self._second_pass(stream, hashed)):
            side = self._sides[number] if number < len(self._sides) else None
            if side is None or (side == _BLANK) != (not line.strip()):
                raise _changed()
            if side != _BLANK:
                yield (VALIDATION if side else TRAINING), line + b"\n"
        if hashed.digest() != self._digest:
            raise _changed()

    def _second_pass(self, stream: Iterable[bytes], hashed: blake2b) -> Iterator[bytes]:
        try:
            yield from _lines(stream, hashed, self._max)
        except InvalidFile as error:  # what was text in the first pass is none any more
            raise _changed() from error


def plan_split(
    stream: Iterable[bytes],
    *,
    share: float = 0.1,
    seed: int = 42,
    by: Sequence[str] = BY,
    max_line_bytes: int = _MAX_LINE_BYTES,
) -> SplitPlan:
    """Read a training file once and decide which examples are to validate with.

    Args:
        stream: The JSON Lines file in any portions.
        share: The part of the examples to validate with, above 0 and at most 0.5.
        seed: Another one gives another division.
        by: What tells strata apart, some of `BY`.
        max_line_bytes: The longest line taken.

    Raises:
        InvalidRequest: `share` or `by` is not possible.
        InvalidFile: The file is no text, has a faulty line, under two examples, or one question only.
    """
    if not 0 < share <= _LARGEST_SHARE:
        raise InvalidRequest(f"The share is {share}; it must be above 0 and at most 0.5.", param="share")
    if strange := set(by) - set(BY):
        raise InvalidRequest(
            f"Cannot divide by {', '.join(sorted(strange))}; use {', '.join(BY)}.", param="by"
        )
    survey = _Survey(stream, tuple(by), max_line_bytes)
    return survey.plan(share, seed)


def split(
    lines: Sequence[bytes], *, share: float = 0.1, seed: int = 42, by: Sequence[str] = BY
) -> tuple[list[bytes], list[bytes], SplitSummary]:
    """Divide lines that are in memory; return those to train on, those to validate with, and the summary.

    Raises:
        InvalidRequest, InvalidFile: As `plan_split`.
    """
    whole = [line if line.endswith(b"\n") else line + b"\n" for line in lines]
    longest = max(map(len, whole), default=1)
    plan = plan_split(whole, share=share, seed=seed, by=by, max_line_bytes=max(longest, _MAX_LINE_BYTES))
    sides: dict[Side, list[bytes]] = {TRAINING: [], VALIDATION: []}
    for side, line in plan.divide(whole):
        sides[side].append(line)
    return sides[TRAINING], sides[VALIDATION], plan.summary


class _Survey:
    """What the first pass keeps: of each line the stratum and the group."""

    def __init__(self, stream: Iterable[bytes], by: tuple[str, ...], max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._strata: dict[Stratum, int] = {}
        self._stratum_of = array("q")
        self._group_of = array("Q")
        self._sides = bytearray()
        hashed = blake2b()
        for number, line in enumerate(_lines(stream, hashed, max_line_bytes), 1):
            if not line.strip():
                self._sides.append(_BLANK)
                continue
            self._sides.append(0)
            placed = place(line, number, by)
            self._stratum_of.append(self._strata.setdefault(placed.stratum, len(self._strata)))
            self._group_of.append(placed.group)
        self._digest = hashed.digest()

    def plan(self, share: float, seed: int) -> SplitPlan:
        count = len(self._group_of)
        if count < 2:  # noqa: PLR2004 - two sides
            raise refusal(f"The file has {count} example{'s'[count:]}; it takes two or more to divide it.")
        sizes = Counter(self._group_of)
        if len(sizes) == 1:
            raise refusal(
                f"All {count} examples ask the same question, so none can be set apart to validate with. "
                "Add different questions."
            )
        home = self._home_of_groups()
        wanted = max(1, int(count * share + 0.5))
        chosen = choose(sizes, home, share, wanted, seed)
        return SplitPlan(
            self._mark(chosen), self._digest, self._summary(sizes, home, chosen, wanted), self._max
        )

    def _home_of_groups(self) -> dict[int, int]:
        """Return the stratum of each group: that of its first line; -1 where a stratum has one group only."""
        home: dict[int, int] = {}
        for group, stratum in zip(self._group_of, self._stratum_of, strict=True):
            home.setdefault(group, stratum)
        groups = Counter(home.values())
        return {group: stratum if groups[stratum] > 1 else -1 for group, stratum in home.items()}

    def _mark(self, chosen: set[int]) -> bytearray:
        groups = iter(self._group_of)
        return bytearray(_BLANK if side == _BLANK else next(groups) in chosen for side in self._sides)

    def _summary(
        self, sizes: Counter[int], home: dict[int, int], chosen: set[int], wanted: int
    ) -> SplitSummary:
        kept = set(home.values())
        counts = Counter(
            (stratum if stratum in kept else -1, group in chosen)
            for group, stratum in zip(self._group_of, self._stratum_of, strict=True)
        )
        strata = [(None, -1), *self._strata.items()]
        rows = [
            StratumCount(stratum=stratum, training=counts[at, False], validation=counts[at, True])
            for stratum, at in strata
            if counts[at, False] or counts[at, True]
        ]
        rows.sort(key=lambda row: -(row.training + row.validation))
        validation = sum(row.validation for row in rows)
        repeated = sum(size > 1 for size in sizes.values())
        return SplitSummary(
            training=len(self._group_of) - validation,
            validation=validation,
            groups=len(sizes),
            repeated_groups=repeated,
            strata=tuple(rows),
            notes=notes_on(
                wanted=wanted,
                validation=validation,
                repeated=repeated,
                small=len(self._strata) - len(kept - {-1}),
                unseen=sum(not row.validation for row in rows),
            ),
        )


def _lines(stream: Iterable[bytes], hashed: blake2b, max_line_bytes: int) -> Iterator[bytes]:
    lines = Lines(max_line_bytes)
    for chunk in stream:
        hashed.update(chunk)
        yield from lines.feed(chunk)
        _demand_text(lines, max_line_bytes)
    yield from lines.finish()
    _demand_text(lines, max_line_bytes)
    if lines.size == 0:
        raise refusal(Flaw(code="empty_file").on(None).message)


def _demand_text(lines: Lines, max_line_bytes: int) -> None:
    if lines.binary is not None:
        raise refusal(Flaw(code="not_text", seen=lines.binary).on(None).message)
    if lines.overlong:
        raise refusal(Flaw(code="line_too_long", seen=str(max_line_bytes)).on(lines.overlong[0]).message)


def _changed() -> InvalidFile:
    return refusal("The file changed while it was read. Leave it alone, and divide it again from the start.")
