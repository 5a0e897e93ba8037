"""Named places at which a process can be made to die or freeze, so that `make chaos` reaches each boundary.

Inert unless `arm` was given a folder, which no deployment has: `reach` is then one comparison. In a folder,
a file that is named after a point orders it once: the first process that reaches the point takes the order
(by renaming the file, so that no other does) and carries it out by a real signal to itself. Nothing is
cleaned up, no `finally` runs: it is what a kill from outside does, at a moment that can be chosen.
"""

import os
import signal
from enum import StrEnum
from pathlib import Path
from typing import Final

TAKEN: Final = ".taken-"
"""Stands, with the process id behind it, at the end of an order's file name once it was carried out."""
_SIGNALS: Final = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


class CrashPoint(StrEnum):
    """Where a process may be ended; the api's two first, the others in the order of a job's life."""

    CREATE_WRITTEN = "create.written"  # the api wrote the job and has not committed
    CREATE_COMMITTED = "create.committed"  # the job is kept, and its client does not know
    FILE_STORED = "file.stored"  # the bytes lie in the store, their row is not written
    FILE_EXAMINED = "file.examined"  # a worker knows what is in a file, and has not written that
    CLAIMED = "claimed"  # rows are claimed, nothing was done with them
    UPLOAD_BEGUN = "upload.begun"  # what is to be uploaded is decided, nothing has left
    UPLOAD_ANSWERED = "upload.answered"  # the platform has the file, and we have not written that
    SUBMIT_INTENDED = "submit.intended"  # the intent is committed, the create has not left
    SUBMIT_SENT = "submit.sent"  # every byte of the create has left, no answer was read
    SUBMIT_ANSWERED = "submit.answered"  # the platform's id is known to this process alone
    LIST_READ = "list.read"  # the platform's list was read to find out about a create
    POLL_ANSWERED = "poll.answered"  # in the middle of a look at the platform
    CANCEL_ANSWERED = "cancel.answered"  # the platform took a cancel, and we have not written that
    RESULTS_STORED = "results.stored"  # result files lie in the store, their rows are not written
    DELIVERY_SENT = "delivery.sent"  # the receiver answered, and we have not written that
    COMMIT_SENT = "commit.sent"  # some transaction was committed, whoever waits for it does not know


class _Armed:
    folder: Path | None = None


def arm(folder: Path | None) -> None:
    """Take orders from `folder` from now on; None makes every point inert again."""
    _Armed.folder = folder


def order(folder: Path, point: CrashPoint, action: str = "kill") -> None:
    """Have the next process that reaches `point` end (`kill`) or stand still (`freeze`).

    Raises:
        ValueError: there is no such action.
    """
    if action not in _SIGNALS:
        raise ValueError(f"A process is to 'kill' or to 'freeze', not to {action!r}.")
    folder.mkdir(parents=True, exist_ok=True)
    half_written = folder / f"{point}.new"
    half_written.write_text(action)
    half_written.rename(folder / point)


def reach(point: CrashPoint) -> None:
    """Stand at a point; does not return if a kill is ordered for it, and later if a freeze is."""
    if _Armed.folder is not None:
        _carry_out(_Armed.folder / point)


def _carry_out(ordered: Path) -> None:
    taken = ordered.with_name(f"{ordered.name}{TAKEN}{os.getpid()}")
    try:
        ordered.rename(taken)
    except FileNotFoundError:
        return
    os.kill(os.getpid(), _SIGNALS[taken.read_text()])
