"""Free ports on the loopback."""

import secrets
import socket
from typing import Final

LOOPBACK = "127.0.0.1"
# Below where Linux (32768) and macOS (49152) take ports for connections going out: one of our own processes
# that connects somewhere must not get the port on which another is about to listen.
_FIRST: Final = 10_000
_BEHIND: Final = 32_000
_TRIES: Final = 100


def free_port() -> int:
    """Return a TCP port on which nothing listens now; whoever uses it must bear losing a race for it."""
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_BEHIND - _FIRST)
        if _is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
