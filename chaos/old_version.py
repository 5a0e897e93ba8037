"""The version before, out of the project's own history, so that its worker can run beside the new one."""

import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BEFORE: Final = "43277b5"
"""The last commit before claims were quarantined; any later one that can be the version before will do."""
MISSING: Final = f"the history of this clone does not reach back to {BEFORE}"
_ROOT: Final = Path(__file__).parents[1]
_RUN: Final = "from worker.main import run; run()"


@dataclass(frozen=True, slots=True)
class OldWorker:
    """How to start it: the command, its folder, and what to add to its environment."""

    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


def available(commit: str = BEFORE) -> bool:
    """Tell whether that version can be had here."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(_ROOT), "cat-file", "-e", f"{commit}^{{commit}}"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:  # no git here
        return False
    return asked.returncode == 0


def worker_of_the_version_before(folder: Path, commit: str = BEFORE) -> OldWorker:
    """Lay that version's code into `folder` and return how to start its worker, with today's packages.

    Raises:
        FileNotFoundError: that version cannot be had here.
    """
    if not available(commit):
        raise FileNotFoundError(MISSING)
    packed = subprocess.run(
        ["git", "-C", str(_ROOT), "archive", commit],
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return OldWorker((sys.executable, "-c", _RUN), folder, {"PYTHONPATH": str(folder)})
