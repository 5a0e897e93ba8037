"""The servers run for root and for ordinary users, and leave the machine as it was."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.errors import EmbeddedError
from embedded.postgres import Postgres

ROOT = Path(__file__).parents[2]
NOBODY = 65534
ORDINARY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
# Lets nobody read what root keeps to itself, such as an interpreter in its home; it grants no writing.
MAY_READ = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
STARTS_BOTH = """
import asyncio, os, sys
from pathlib import Path
import asyncpg, redis
from embedded.postgres import Postgres
from embedded.valkey import Valkey

async def version(url):
    connection = await asyncpg.connect(url)
    print(os.getuid(), await connection.fetchval("SHOW server_version"))
    await connection.close()

folder = Path(sys.argv[1])
with Postgres(folder / "postgres") as postgres, Valkey(folder / "valkey") as valkey:
    asyncio.run(version(postgres.url))
    with redis.Redis.from_url(valkey.url) as client:
        print(client.ping())
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="not root: every other test runs as an ordinary user"
)


def ordinary_user() -> list[str]:
    """Return the command prefix that makes an ordinary user who can run this very interpreter."""
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    for prefix in ([*ORDINARY], [*ORDINARY, *MAY_READ]):
        probe = [*prefix, sys.executable, "-c", "import sys; print(sys.version)"]
        asked = subprocess.run(probe, check=False, capture_output=True, text=True)
        if asked.stdout.strip() == sys.version:
            return prefix
    pytest.skip("no way here to run this interpreter as an ordinary user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder under folders open to all, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="tuneward-test-"))
    yield folder
    shutil.rmtree(folder)


def test_an_ordinary_user_runs_both_servers(open_folder: Path) -> None:
    os.chown(open_folder, NOBODY, NOBODY)
    command = [*ordinary_user(), sys.executable, "-c", STARTS_BOTH, str(open_folder)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{NOBODY} ")
    assert done.stdout.endswith("True\n")


def test_root_without_user_namespaces_becomes_nobody(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = [*ORDINARY, "test", "-x", sys.prefix]
    if subprocess.run(probe, check=False).returncode:
        pytest.skip("the user nobody cannot reach the programs of this environment")
    open_folder.chmod(0o755)
    monkeypatch.setenv("PATH", "")  # no unshare
    with Postgres(open_folder / "postgres", durable=False) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY


def test_root_is_told_when_nobody_cannot_reach_the_folder(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no unshare
    with pytest.raises(EmbeddedError, match=f"nobody cannot reach {open_folder}"):
        Postgres(open_folder / "postgres").start()
    assert stat.S_IMODE(open_folder.stat().st_mode) == 0o700
    assert open_folder.stat().st_uid == 0


def test_root_changes_no_folder_above_its_own_and_no_user(open_folder: Path) -> None:
    users = Path("/etc/passwd").read_bytes()
    with Postgres(open_folder / "deep" / "postgres", durable=False) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == 0, "a user namespace's nobody is root outside"
    assert stat.S_IMODE(open_folder.stat().st_mode) == 0o700
    assert Path("/etc/passwd").read_bytes() == users
