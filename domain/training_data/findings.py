"""What the deeper looks at a training file come to: findings in both languages, and figures.

A look is made in two halves, so that a file of any size can be looked at in pieces, by several processes:
`observe` takes a piece and returns something small that can be pickled, `conclude` takes all of these, in the
order of the file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from domain.training_data.examples import Example

LINES_SHOWN: Final = 10
"""So many example lines a finding names at most."""
Numbered: TypeAlias = tuple[int, Example]
"""An example and its line in the file, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to think about, which does not keep the file from being used.

    `line` and `message_index` are as in `Fault`, of the first place; `lines` are up to ten of the lines
    meant, `count` is how many places there are in all. `fix` is the advice.
    """

    code: str
    message: str
    message_zh: str
    fix: str
    fix_zh: str
    line: int | None = None
    message_index: int | None = None
    lines: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What one look came to; `figures` is plain JSON for the report's summary, under the name of the look."""

    findings: tuple[Finding, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)


Seen = TypeVar("Seen")
SeenOfLines_co = TypeVar("SeenOfLines_co", covariant=True)


@runtime_checkable
class Condensing(Protocol):
    """A look that can make one piece of several, which is no larger than the largest of them has to be."""

    name: str

    def condense(self, seen: Sequence[Any]) -> Any:
        """Return what stands for all of these, in the order of the file."""
        ...


class Look(Protocol[Seen]):
    """One kind of look."""

    name: str

    def observe(self, examples: Sequence[Numbered]) -> Seen:
        """Return what there is to know about a piece of the file; small, and can be pickled."""
        ...

    def conclude(self, seen: Sequence[Seen]) -> Conclusion:
        """Return what the pieces come to together."""
        ...


@runtime_checkable
class LineLook(Protocol[SeenOfLines_co]):
    """A look at the JSON of a line itself: it sees what an `Example` does not keep, too."""

    def observe_lines(self, lines: Iterable[tuple[int, bytes]]) -> SeenOfLines_co:
        """Return what there is to know about lines, each with its number."""
        ...
