"""A Valkey (or Redis) of our own, on TCP only, with a password."""

import os
import socket
from pathlib import Path

from embedded.data_folder import kept_secret
from embedded.ports import LOOPBACK
from embedded.process import SupervisedProcess
from embedded.programs import valkey_program
from embedded.server import Server

DATABASES = 64
_PROBE_SECONDS = 1.0


class Valkey(Server):
    """One Valkey server; `durable` keeps an append-only file in `data_dir`, else all is in memory."""

    name = "valkey"

    @property
    def url(self) -> str:
        """`redis://:…@127.0.0.1:PORT/0`; there are 64 databases."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def _configuration(self) -> Path:
        return self.data_dir / "valkey.conf"

    def _prepare(self, lock: int) -> None:  # noqa: ARG002 - nothing is started to prepare
        valkey_program()

    def _described(self) -> SupervisedProcess:
        self._write_configuration()
        return SupervisedProcess(
            self.name,
            [str(valkey_program()), str(self._configuration)],
            log=self.log,
            environment={**os.environ, "LC_ALL": "C"},
            ready=lambda _: self._answers(),
        )

    def _write_configuration(self) -> None:
        """In a file of the owner's, because everybody may read a command line."""
        self._configuration.unlink(missing_ok=True)
        lines = (
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.data_dir}"',
            f"databases {DATABASES}",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "daemonize no",
        )
        kept_secret(self._configuration, lambda: "\n".join(lines) + "\n")

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=_PROBE_SECONDS) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return self._received(connection, len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    @staticmethod
    def _received(connection: socket.socket, length: int) -> bytes:
        answer = b""
        while len(answer) < length and (more := connection.recv(length - len(answer))):
            answer += more
        return answer
