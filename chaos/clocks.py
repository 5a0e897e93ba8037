"""A process whose clock is off: libfaketime, put before a program by its environment.

Only what the program is told of the date is shifted; passing time (monotonic clocks, time-outs) goes on as it
is, as with a machine whose clock was set wrong.
"""

import os
import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

_PLACES: Final = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/*/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/local/lib/faketime/libfaketime.so.1",
)
MISSING: Final = "libfaketime is not installed (Debian: apt-get install libfaketime)"
_ASK: Final = "import time; print(time.time() - float(time.clock_gettime(time.CLOCK_MONOTONIC)))"


def off_by(shift: timedelta) -> dict[str, str]:
    """Return the variables that shift a program's clock; add them to its environment.

    Raises:
        FileNotFoundError: this machine has no libfaketime that works.
    """
    library = _library()
    if library is None:
        raise FileNotFoundError(MISSING)
    return _variables(library, shift)


def available() -> bool:
    """Tell whether clocks can be shifted on this machine."""
    return _library() is not None


def _variables(library: Path, shift: timedelta) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{shift.total_seconds():+.0f}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


@cache
def _library() -> Path | None:
    root = Path("/")
    found = [path for place in _PLACES for path in sorted(root.glob(place.removeprefix("/")))]
    return next((path for path in found if _works(path)), None)


def _works(library: Path) -> bool:
    """Ask two Pythons for the distance of their two clocks: only the date's may differ, by the shift."""
    shift = timedelta(hours=1)
    distances = []
    for variables in ({}, _variables(library, shift)):
        done = subprocess.run(
            [sys.executable, "-c", _ASK],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if done.returncode:
            return False
        distances.append(float(done.stdout))
    return abs(distances[1] - distances[0] - shift.total_seconds()) < 1
