"""What the pool hands to its processes: functions that import the looks there, and only there.

The libraries of the looks would take a tenth of a second and ten megabytes of every api.
"""

from collections.abc import Sequence

from domain.training_data.examination import Examined, Observed, Piece
from examining.wanted import Wanted


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
