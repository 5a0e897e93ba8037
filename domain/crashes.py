"""Rows that may have killed their worker: how many deaths make a suspect of one, and when it is tried again.

A row is charged with a crash when its claim ran out in a worker's hands. A worker that dies takes every row
in its hands with it, so that the charge says little of a row in company and a lot of one that was alone;
docs/decisions/0007 has the reasoning.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.deadlines import CRASHES_ALLOWED


@dataclass(frozen=True, slots=True)
class Crashes:
    """A range of charges, both ends included; a claim that has just run out is counted."""

    least: int
    most: int


SUSPECT_AT: Final = 2
"""Charges after which a row is no longer worked on in the company of others like it."""

ANY: Final = Crashes(0, CRASHES_ALLOWED - 1)
UNSUSPECTED: Final = Crashes(0, SUSPECT_AT - 1)
NOT_THE_LAST: Final = Crashes(SUSPECT_AT, CRASHES_ALLOWED - 2)
LAST_CHANCE: Final = Crashes(CRASHES_ALLOWED - 1, CRASHES_ALLOWED - 1)
"""One more and the row is given up: it is tried first thing in a worker's life, or by one that lives well."""

PROBATION: Final = timedelta(seconds=10)
"""How long a suspect has a stage's quarantine to itself; also how long a worker must live to live well."""
OPENING: Final = timedelta(seconds=1)
"""How long a worker that starts does nothing else while a row on its last chance is tried."""
