"""A disk that can be filled: a small tmpfs under a folder of a world."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

BALLAST: Final = "ballast"
_PIECE: Final = 64 * 1024
MISSING: Final = "a tmpfs can only be mounted by root, and not in every container"


@cache
def available() -> bool:
    """Tell whether a small disk can be made here."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if not _mounted(Path(folder), 1):
            return False
        _unmount(Path(folder))
    return True


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """Have `folder` be a disk of that size while the block runs.

    Raises:
        OSError: it cannot be mounted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _mounted(folder, mebibytes):
        raise OSError(MISSING)
    try:
        yield
    finally:
        _unmount(folder)


def fill(folder: Path) -> int:
    """Leave no byte free on the disk of `folder`; return how many were taken."""
    taken = 0
    with (folder / BALLAST).open("ab", buffering=0) as ballast:
        for piece in (_PIECE, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    taken += ballast.write(b"\0" * piece)
    return taken


def empty(folder: Path) -> None:
    """Give the room back."""
    (folder / BALLAST).unlink(missing_ok=True)


def _mounted(folder: Path, mebibytes: int) -> bool:
    options = f"size={mebibytes}m,mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0


def _unmount(folder: Path) -> None:
    # Lazily: a process that is just ending may still have a file open.
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
