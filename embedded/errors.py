"""What can go wrong when programs are started here. Every message says what to do next.

EmbeddedError
├── ProgramMissing    a server program is not installed
├── FolderInUse       another process has started a server on this data folder
├── ProcessDied       a program ended although it should run
└── NotReady          a program runs, but cannot be used in time
"""

from pathlib import Path


class EmbeddedError(RuntimeError):
    """A server or a program of the development stack cannot run."""


class ProgramMissing(EmbeddedError):  # noqa: N818 - the tree above reads as what happened
    """A server program is not installed."""


class FolderInUse(EmbeddedError):  # noqa: N818 - as above
    """Another process has started a server on this data folder."""

    def __init__(self, folder: Path, owner: int | None) -> None:
        who = "another process" if owner is None else f"process {owner}"
        super().__init__(f"{folder} is in use by {who}; stop it, or choose another data folder")


class ProcessDied(EmbeddedError):  # noqa: N818 - as above
    """A program ended although it should run; the message carries the last lines of its log."""

    def __init__(self, name: str, returncode: int, log: Path, tail: str) -> None:
        self.name = name
        self.returncode = returncode
        super().__init__(f"{name} ended with code {returncode}; the end of {log}:\n{tail}")


class NotReady(EmbeddedError):  # noqa: N818 - as above
    """A program runs, but could not be used in time; the message carries the last lines of its log."""

    def __init__(self, name: str, seconds: float, log: Path, tail: str) -> None:
        super().__init__(f"{name} was not ready within {seconds:g} s; the end of {log}:\n{tail}")
