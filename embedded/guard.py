"""The small process between a program and whoever started it. Run as a script, by `embedded.process` only.

It starts one program and ends it when told to, or when its own standard input closes: that is what the
death of the starter looks like from here, by SIGKILL too. Where the kernel can (Linux), the program in
turn gets a signal when the guard dies. Standard library only, and little of it: it starts in 20 ms.

One argument, JSON: command, stops [[signal, seconds of patience], …], status_fd, uid and gid or null.
Orders on standard input, a line each: `signal NUMBER`, `stop SECONDS`.
The program's pid goes to status_fd, or `!` and the reason why it could not be started.
"""

import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1
SIGNALLED = 128


def _woken_by_signals() -> int:
    """Turn the signals that matter here into bytes on a pipe, so that waiting is one `select`."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return reading


def _started(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def become() -> None:
        if order["uid"] is not None:
            os.setgroups([])
            os.setgid(order["gid"])
            os.setuid(order["uid"])
        if prctl is not None:  # after setuid, which would clear it
            prctl(PR_SET_PDEATHSIG, order["stops"][0][0])

    # The guard has one thread, so code between fork and exec is safe here.
    return subprocess.Popen(  # noqa: S603 - the command comes from our own code
        order["command"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=become,  # noqa: PLW1509 - as above
    )


class Guard:
    """Waits for orders, for the starter's end, and for the program's end."""

    def __init__(self, program: subprocess.Popen[bytes], stops: list[list[float]], wake: int) -> None:
        self._program = program
        self._stops = [(signal.Signals(int(number)), patience) for number, patience in stops]
        self._wake = wake
        self._escalate_at: float | None = None
        self._unread = b""

    def run(self) -> int:
        """Return the program's exit code; 128 + n after signal n, as a shell does."""
        with selectors.DefaultSelector() as selector:
            orders = selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_orders)
            selector.register(self._wake, selectors.EVENT_READ, self._read_signals)
            while self._program.poll() is None:
                for key, _ in selector.select(self._patience()):
                    if key.data() is EOFError:
                        selector.unregister(orders.fileobj)
                if self._escalate_at is not None and time.monotonic() >= self._escalate_at:
                    self._escalate()
        self._end_leftovers()
        code = self._program.returncode
        return code if code >= 0 else SIGNALLED - code

    def _patience(self) -> float | None:
        return None if self._escalate_at is None else max(0.0, self._escalate_at - time.monotonic())

    def _read_orders(self) -> type[EOFError] | None:
        received = os.read(sys.stdin.fileno(), 4096)
        if not received:
            self._stop()
            return EOFError
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            verb, _, number = line.decode().partition(" ")
            if verb == "signal":
                self._program.send_signal(int(number))
            else:
                self._stop(float(number))
        return None

    def _read_signals(self) -> None:
        if set(os.read(self._wake, 4096)) - {signal.SIGCHLD}:
            self._stop()

    def _stop(self, patience: float | None = None) -> None:
        if self._escalate_at is None:
            self._escalate(patience)

    def _escalate(self, patience: float | None = None) -> None:
        """Send the next, harsher signal; after the last of them SIGKILL."""
        if not self._stops:
            self._end_leftovers()
            self._escalate_at = time.monotonic() + 1
            return
        number, usual = self._stops.pop(0)
        self._program.send_signal(number)
        self._escalate_at = time.monotonic() + (usual if patience is None else patience)

    def _end_leftovers(self) -> None:
        try:
            os.killpg(self._program.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return


def main() -> int:
    """Start the program, report its pid, guard it."""
    order = json.loads(sys.argv[1])
    wake = _woken_by_signals()
    with os.fdopen(order["status_fd"], "w") as status:
        try:
            program = _started(order)
        except (OSError, subprocess.SubprocessError) as error:
            status.write(f"!{error}\n")
            return SIGNALLED - 1
        try:
            status.write(f"{program.pid}\n")
            status.flush()
        except BrokenPipeError:
            pass  # the starter is gone already; its end is noticed below
    return Guard(program, order["stops"], wake).run()


if __name__ == "__main__":
    sys.exit(main())
