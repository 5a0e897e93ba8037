"""Postgres refuses to run as root. This finds a way to run it all the same, without adding a user."""

import os
import shutil
import subprocess
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.process import RunAs

_NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")


def run_as(program: Path, folder: Path) -> RunAs:
    """Return as whom this program can run on this folder, which must exist and be ours.

    Ordinary users stay who they are. As root first a user namespace, in which root is called nobody
    and goes on owning its files; where the system forbids that, the user nobody, to whom the folder is given.

    Raises:
        EmbeddedError: Root, and neither way works here.
    """
    if os.geteuid() != 0:
        return RunAs()
    if shutil.which("unshare") and _succeeds([*_NAMESPACE, str(program), "--version"]):
        return RunAs(prefix=_NAMESPACE)
    return _as_nobody(program, folder)


def _as_nobody(program: Path, folder: Path) -> RunAs:
    os.chown(folder, _NOBODY, _NOBODY)
    reach = ["/bin/sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(folder), str(program)]
    if not _succeeds(reach, user=_NOBODY):
        raise EmbeddedError(
            f"Postgres does not run as root, user namespaces are off here, and the user nobody cannot "
            f"reach {folder} or {program}: run this as an ordinary user, or choose folders open to all"
        )
    return RunAs(uid=_NOBODY, gid=_NOBODY)


def _succeeds(command: list[str], *, user: int | None = None) -> bool:
    groups: list[int] | None = None if user is None else []
    done = subprocess.run(  # noqa: S603 - our own command
        command, check=False, capture_output=True, user=user, group=user, extra_groups=groups
    )
    return done.returncode == 0
