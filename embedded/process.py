"""One supervised program: started with a log file, awaited until it can be used, ended with its starter."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.errors import EmbeddedError, NotReady, ProcessDied

_GUARD = Path(__file__).with_name("guard.py")
_LOOK_AGAIN = 0.02
_KILLED_BY = 128
_TAIL_LINES = 20

Stops = tuple[tuple[signal.Signals, float], ...]
# A service of ours drains for up to 20 s after SIGTERM.
POLITE: Stops = ((signal.SIGTERM, 25.0),)


@dataclass(frozen=True)
class RunAs:
    """As whom a program runs.

    Attributes:
        prefix: Put before the command, such as `unshare …`.
        uid: The user to become, or `None` to stay who we are. `gid` likewise.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None


@dataclass
class SupervisedProcess:
    """A program under a guard process of its own, in a session of its own (Ctrl-C does not reach it).

    Attributes:
        name: What messages call it.
        command: Program and arguments.
        log: Gets its standard output and error, appended.
        environment: All of its environment; `None` hands ours on.
        folder: Its current folder; `None` is ours.
        ready: Whether it can be used by now; `None` means from its start on.
        stops: Signals that end it, each with the seconds of patience before the next; then SIGKILL.
        run_as: As whom it runs.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    ready: Callable[["SupervisedProcess"], bool] | None = None
    stops: Stops = POLITE
    run_as: RunAs = RunAs()
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _pid: int | None = field(default=None, init=False, repr=False)
    _log_from: int = field(default=0, init=False, repr=False)

    def start(self, *, timeout: float = 30.0, keep_open: Sequence[int] = ()) -> None:
        """Start it and wait until it can be used.

        Args:
            timeout: Seconds that it may take.
            keep_open: File descriptors that the guard holds while the program runs, such as a lock.

        Raises:
            EmbeddedError: It cannot be started, or runs already.
            ProcessDied: It ended before it could be used.
            NotReady: It could not be used in time, and was stopped.
        """
        if self.running:
            raise EmbeddedError(f"{self.name} runs already, as process {self._pid}")
        self._spawn(keep_open)
        try:
            self._await_ready(timeout)
        except BaseException:
            self.terminate()
            raise

    @property
    def pid(self) -> int:
        """The program's own process id (not its guard's), also after its end."""
        if self._pid is None:
            raise EmbeddedError(f"{self.name} was not started")
        return self._pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def returncode(self) -> int | None:
        """Its exit code, -n after signal n, or `None` while it runs or was never started."""
        code = None if self._guard is None else self._guard.poll()
        return code if code is None or code <= _KILLED_BY else _KILLED_BY - code

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal; nothing happens if it has ended."""
        self._order(f"signal {number.value}")

    def kill(self) -> None:
        """End it with SIGKILL and wait for that."""
        self.send_signal(signal.SIGKILL)
        self._reap()

    def terminate(self, grace: float | None = None) -> None:
        """Ask it to end, insist after `grace` seconds (default: what `stops` says), and wait for its end."""
        patience = self.stops[0][1] if grace is None else grace
        self._order(f"stop {patience}")
        self._reap()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end by itself and return its exit code.

        Raises:
            NotReady: It still runs after `timeout` seconds.
        """
        if self._guard is None:
            raise EmbeddedError(f"{self.name} was not started")
        try:
            self._guard.wait(timeout)
        except subprocess.TimeoutExpired:
            raise NotReady(self.name, timeout or 0.0, self.log, self.log_tail()) from None
        self._reap()
        return self.returncode or 0

    def check(self) -> None:
        """Raise `ProcessDied` if it was started and has ended."""
        if (code := self.returncode) is not None:
            raise ProcessDied(self.name, code, self.log, self.log_tail())

    def output(self) -> str:
        """Return what it has logged since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode(errors="replace")

    def log_tail(self) -> str:
        """Return the last lines of that."""
        return "\n".join(self.output().splitlines()[-_TAIL_LINES:])

    def event(self, name: str) -> dict[str, Any] | None:
        """Return the first JSON line `{"event": name, …}` it has printed since its start, if it has."""
        for line in self.output().splitlines():
            if line.startswith("{"):
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if said.get("event") == name:
                        return dict(said)
        return None

    def _spawn(self, keep_open: Sequence[int]) -> None:
        reading, writing = os.pipe()
        order = {
            "command": [*self.run_as.prefix, *self.command],
            "stops": self.stops,
            "status_fd": writing,
            "uid": self.run_as.uid,
            "gid": self.run_as.gid,
        }
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(reading) as status, self.log.open("ab") as log:
            self._log_from = log.tell()
            try:
                self._guard = subprocess.Popen(  # noqa: S603 - our own interpreter and script
                    [sys.executable, "-I", "-S", str(_GUARD), json.dumps(order)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=None if self.environment is None else dict(self.environment),
                    cwd=self.folder,
                    pass_fds=(writing, *keep_open),
                    start_new_session=True,
                    bufsize=0,
                )
            finally:
                os.close(writing)
            self._pid = self._pid_reported(status.readline().strip())

    def _pid_reported(self, line: str) -> int:
        if line.isdigit():
            return int(line)
        self._reap()
        reason = line.removeprefix("!") or self.log_tail()
        raise EmbeddedError(f"{self.name} cannot be started: {reason}")

    def _await_ready(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.ready is not None and not self.ready(self):
            self.check()
            if time.monotonic() > deadline:
                raise NotReady(self.name, timeout, self.log, self.log_tail())
            time.sleep(_LOOK_AGAIN)

    def _order(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended; ValueError: pipe closed
                self._guard.stdin.write(f"{line}\n".encode())

    def _reap(self) -> None:
        if self._guard is not None:
            self._guard.wait()
            if self._guard.stdin is not None:
                self._guard.stdin.close()
