"""What was seen of a file's pieces, held in little memory until all of them are there."""

from typing import Any, Final

from domain.training_data.examination import Examined, Observed
from examining.pool import Pool
from examining.wanted import Kept

PIECES_HELD: Final = 32
"""So many pieces are held whole; then what can be made one of them, is."""

_KEPT: Final = ("tokens", "fingerprints")
_CONDENSED: Final = ("fingerprints", "topics")
"""The looks of which several pieces can be made one: they sample the file."""


class Gathering:
    """The pieces of one file.

    Held are about 310 bytes for each of the first 200,000 examples, and 50 for each of the others.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._pieces: list[dict[str, Any]] = []
        self._uncondensed = 0

    def __bool__(self) -> bool:
        """Tell whether there is any piece."""
        return bool(self._pieces)

    @property
    def pieces(self) -> list[Observed]:
        """What is held, in the order of the file."""
        return [Observed(seen) for seen in self._pieces]

    async def add(self, piece: Observed) -> None:
        """Take the next piece of the file.

        Raises:
            ExaminationBroke: as `Pool.observe`.
        """
        self._pieces.append(piece.seen)
        self._uncondensed += 1
        if self._uncondensed == PIECES_HELD:
            await self._condense()

    async def conclude(self) -> Examined:
        """Return what all of them come to.

        Raises:
            ExaminationBroke: as `Pool.observe`.
        """
        return await self._pool.conclude(self.pieces)

    async def keep(self) -> Kept:
        """Return what is kept of the file beside its report.

        Raises:
            ExaminationBroke: as `Pool.observe`.
        """
        return await self._pool.keep([Observed(_only(seen, _KEPT)) for seen in self._pieces])

    async def _condense(self) -> None:
        instead = await self._pool.condense([Observed(_only(seen, _CONDENSED)) for seen in self._pieces])
        for seen in self._pieces:
            for name in _CONDENSED:
                seen.pop(name, None)
        self._pieces[0] |= instead
        self._uncondensed = 0


def _only(seen: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: seen[name] for name in names if name in seen}
