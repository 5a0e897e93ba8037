"""The commands as real processes: a large file, Ctrl-C, and a project's policy."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

from samples import sample

DATA = [sys.executable, "-m", "cli", "data"]


def test_a_large_file_is_looked_at_by_processes_of_its_own(tmp_path: Path) -> None:
    content = sample("medical") * 20
    (tmp_path / "large.jsonl").write_bytes(content)
    command = [*DATA, "check", "--json", "--processes", "1", "--redacted", str(tmp_path / "out.jsonl")]
    done = subprocess.run([*command, str(tmp_path / "large.jsonl")], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert (summary["examples"], summary["tokens"]["total"]) == (64 * 20, 26_490 * 20)
    assert (tmp_path / "out.jsonl").read_bytes() == content


def test_ctrl_c_leaves_no_file_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    command = [*DATA, "check", str(tmp_path / "pipe"), "--redacted", str(tmp_path / "out.jsonl")]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "pipe").open("wb"):  # waits until it is read
        while not list(tmp_path.glob(".out.jsonl.*")):
            os.sched_yield()
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=20)[1] == "Stopped; nothing was written.\n"
    assert program.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


async def test_a_projects_policy_is_shown_and_set_by_its_name(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO projects (id, name, webhook_secret) VALUES ('proj_1', 'shop', 'sealed')"
    )
    code, out, err = await policy(database_url, "--project", "shop", "redact")
    assert (code, err) == (0, "")
    assert out.startswith("shop: redact. Personal data and secrets are replaced by placeholders")
    assert await connection.fetchval("SELECT personal_data_policy FROM projects") == "redact"
    await connection.close()
    code, out, err = await policy(database_url, "--project", "shoo")
    assert (code, out) == (1, "")
    assert err.startswith("There is no project 'shoo'.")


async def policy(database_url: str, *arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *DATA, "policy", *arguments,
        env={**os.environ, "DATABASE_URL": database_url, "LC_ALL": "C.UTF-8"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()
