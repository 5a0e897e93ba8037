"""What the embedded servers have in common: a claimed data folder, a free port, a supervised process."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from embedded.data_folder import claim, kept_secret
from embedded.errors import ProcessDied
from embedded.ports import free_port
from embedded.process import SupervisedProcess

_PORT_RACES = 5


class Server(ABC):
    """A server on 127.0.0.1 with a password of its own.

    The port is chosen at the first start and kept for later starts of the same object, so that clients
    find it again after a restart.
    """

    name: str

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        """Describe the server; nothing is started or written yet.

        Args:
            data_dir: Keeps everything; created if need be.
            durable: Whether data survives. Without it the server is faster, for tests.
            log: Its log file; `None` puts it into the data folder.
        """
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.log = log or self.data_dir / f"{self.name}.log"
        self.port = 0
        self._process: SupervisedProcess | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect to, the password included."""

    @property
    def process(self) -> SupervisedProcess:
        """The server process, to send it signals or look at its log."""
        if self._process is None:
            self._process = self._described()
        return self._process

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def password(self) -> str:
        """Made at the first start, kept readable by the owner only."""
        return kept_secret(self.data_dir / "password", lambda: os.urandom(24).hex())

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ProgramMissing: The server program is not installed.
            FolderInUse: The data folder is in use.
            ProcessDied: It cannot run; the message carries the end of its log.
            NotReady: It does not answer in time.
        """
        lock = claim(self.data_dir)
        try:
            self._prepare(lock)
            self._start_on_free_port((lock,))
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Stop it in good order; nothing happens if it does not run."""
        if self._process is not None:
            self._process.terminate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_on_free_port(self, keep_open: Sequence[int]) -> None:
        first = self.port == 0
        for race in range(_PORT_RACES):
            if first:
                self.port = free_port()
                self._process = None
            try:
                self.process.start(keep_open=keep_open)
            except ProcessDied as death:
                if not first or race == _PORT_RACES - 1 or "already in use" not in str(death):
                    raise
            else:
                return

    @abstractmethod
    def _prepare(self, lock: int) -> None:
        """Bring the data folder into a state that the server can start on; `lock` is ours."""

    @abstractmethod
    def _described(self) -> SupervisedProcess:
        """Describe the process that serves on `self.port`."""
