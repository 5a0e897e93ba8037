"""A Postgres of our own: made by initdb at the first start, on TCP only, with a password."""

import os
import signal
from pathlib import Path

import psutil

from embedded.errors import FolderInUse, ProcessDied
from embedded.ports import LOOPBACK
from embedded.process import RunAs, SupervisedProcess
from embedded.programs import postgres_programs
from embedded.server import Server
from embedded.unprivileged import run_as

MAX_CONNECTIONS = 200
_USER = "postgres"
# SIGINT is Postgres's fast shutdown, SIGQUIT the immediate one: it ends its children and loses nothing.
_STOPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 8.0))
_STATUS_LINE = 7
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # their paths may be too long, and nobody needs them
    "max_connections": str(MAX_CONNECTIONS),
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "30min",
}


class Postgres(Server):
    """One Postgres cluster in `data_dir`; `url` is `postgresql://` with the superuser and its password."""

    name = "postgres"
    _run_as = RunAs()

    @property
    def url(self) -> str:
        """`postgresql://postgres:…@127.0.0.1:PORT/postgres`."""
        return f"postgresql://{_USER}:{self.password}@{LOOPBACK}:{self.port}/postgres"

    @property
    def _cluster(self) -> Path:
        return self.data_dir / "cluster"

    def _prepare(self, lock: int) -> None:
        self._run_as = run_as(postgres_programs() / "postgres", self.data_dir)
        if self._cluster.exists():
            self._forget_stale_pid()
        else:
            self._initialise(lock)

    def _initialise(self, lock: int) -> None:
        """Make the cluster beside its place and move it there, so that a half-made one is never used."""
        half_made = self.data_dir / "cluster.new"
        _remove(half_made)
        initdb = SupervisedProcess(
            "initdb",
            self._initdb(half_made),
            log=self.log,
            environment=_environment(),
            run_as=self._run_as,
            stops=((signal.SIGTERM, 5.0),),
        )
        initdb.start(keep_open=(lock,))
        if code := initdb.wait(timeout=120):
            raise ProcessDied("initdb", code, self.log, initdb.log_tail())
        half_made.rename(self._cluster)

    def _initdb(self, folder: Path) -> list[str]:
        written = self.password  # so that the file is there
        password_file = self.data_dir / "password"
        if self._run_as.uid is not None and written:
            os.chown(password_file, self._run_as.uid, -1)
        return [
            str(postgres_programs() / "initdb"),
            f"--pgdata={folder}",
            f"--username={_USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]

    def _forget_stale_pid(self) -> None:
        """Remove a postmaster.pid that a crash left behind.

        Postgres would refuse to start if its number has meanwhile gone to another process of this user.
        """
        file = self._cluster / "postmaster.pid"
        if not file.exists():
            return
        first_line = file.read_text().partition("\n")[0]
        pid = int(first_line) if first_line.isdigit() else 0
        if _serves(pid, self._cluster):
            raise FolderInUse(self.data_dir, pid)
        file.unlink()

    def _described(self) -> SupervisedProcess:
        settings = {**_SETTINGS, "port": str(self.port), **({} if self.durable else _THROW_AWAY)}
        return SupervisedProcess(
            self.name,
            [
                str(postgres_programs() / "postgres"),
                "-D",
                str(self._cluster),
                *(f"--{key}={value}" for key, value in settings.items()),
            ],
            log=self.log,
            environment=_environment(),
            ready=self._answers,
            stops=_STOPS,
            run_as=self._run_as,
        )

    def _answers(self, process: SupervisedProcess) -> bool:
        """Read what `pg_ctl --wait` reads: the server's own word in its pid file, no connection needed."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ready = len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
        return ready and lines[0] == str(process.pid)


def _environment() -> dict[str, str]:
    """Hand on ours without what would change the server: PGDATA, PGPORT and so on, a broken locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def _serves(pid: int, cluster: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and Path(process.cwd()) == cluster
    except psutil.Error:
        return False


def _remove(folder: Path) -> None:
    if folder.exists():
        import shutil  # noqa: PLC0415 - only after a start that was cut short

        shutil.rmtree(folder)
