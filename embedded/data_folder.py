"""The folder a server keeps its data in: who may use it, and the secrets that live beside the data."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from embedded.errors import FolderInUse

# As long as a server whose starter was killed may take to end.
_PATIENCE = 30.0
_LOOK_AGAIN = 0.05


def claim(folder: Path) -> int:
    """Create the folder if need be, and lock it; the lock lasts until every copy of the descriptor is closed.

    A server's guard holds a copy while the server runs, so the claim of a starter that was killed
    ends when its server has ended: that is waited for. A living owner is an error at once.

    Returns:
        The open descriptor of the lock.

    Raises:
        FolderInUse: Another process uses it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _PATIENCE
    while not _taken(lock):
        owner = _owner(lock)
        if (owner is not None and _lives(owner)) or time.monotonic() > deadline:
            os.close(lock)
            raise FolderInUse(folder, owner)
        time.sleep(_LOOK_AGAIN)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: int) -> int | None:
    written = os.pread(lock, 20, 0)
    return int(written) if written.isdigit() else None


def _lives(pid: int) -> bool:
    """Return whether this process runs; one that ended and was not waited for by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in this file, readable by its owner only; make it the first time."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        fresh.rename(path)
    return path.read_text().strip()
