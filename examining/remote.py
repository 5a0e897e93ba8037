"""What the pool hands to its processes: functions that import the looks there, and only there.

The libraries of the looks would take a tenth of a second and ten megabytes of every api.
"""

from collections.abc import Sequence
from typing import Any

from domain.training_data.examination import Examined, Observed, Piece
from examining.wanted import Kept, Wanted


def begin() -> None:
    """Prepare a process."""
    from examining import looking  # noqa: PLC0415 - see above

    looking.begin()


def observe(piece: Piece, wanted: Wanted) -> Observed:
    """Look at one piece."""
    from examining import looking  # noqa: PLC0415 - see above

    return looking.observe(piece, wanted)


def conclude(observed: Sequence[Observed]) -> Examined:
    """Put the pieces together."""
    from examining import looking  # noqa: PLC0415 - see above

    return looking.conclude(observed)


def condense(observed: Sequence[Observed]) -> dict[str, Any]:
    """Return what stands for several pieces in the first of them."""
    from examining import looking  # noqa: PLC0415 - see above

    return looking.condense(observed)


def keep(observed: Sequence[Observed]) -> Kept:
    """Return what is kept of the pieces together."""
    from examining import looking  # noqa: PLC0415 - see above

    return looking.keep(observed)
