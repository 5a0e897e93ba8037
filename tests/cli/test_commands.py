"""The `tuneward` command as it is called from a shell."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import requests
from cryptography.fernet import Fernet

TUNEWARD = [sys.executable, "-m", "cli"]


def tuneward(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TUNEWARD, *arguments], check=False, capture_output=True, text=True, env={**os.environ, **variables}
    )


Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started() -> Iterator[Started]:
    programs: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        programs.append(subprocess.Popen([*TUNEWARD, *arguments], text=True, **pipes))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()
        program.communicate()


def first_line(program: subprocess.Popen[str]) -> dict[str, str]:
    assert program.stdout is not None
    line = program.stdout.readline()
    assert line, program.communicate()[1]
    return json.loads(line)


def test_help_lists_the_commands() -> None:
    listed = tuneward("--help").stdout
    for command in ("dev", "demo", "api", "worker", "migrate", "simulator"):
        assert f" {command} " in listed


def test_help_does_not_wait_for_the_whole_service() -> None:
    code = "import sys, cli.main; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    heavy = ("sqlalchemy", "fastapi", "uvicorn", "pydantic", "openai", "alembic", "psutil")
    assert [name for name in heavy if f"'{name}'" in loaded] == []


async def test_migrate_brings_an_empty_database_to_the_newest_schema(
    postgres_url: str, admin_connection: asyncpg.Connection
) -> None:
    await admin_connection.execute("CREATE DATABASE migrate_me")
    url = f"{postgres_url.rpartition('/')[0]}/migrate_me"
    for _ in range(2):
        done = tuneward("migrate", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT count(*) FROM jobs") == 0
    await connection.close()
    await admin_connection.execute("DROP DATABASE migrate_me WITH (FORCE)")


async def test_stuck_says_first_what_all_jobs_wait_for(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO platform_credentials (id, name, probe_at, refusal, refused_at)"
        " VALUES ('cred_1', 'default', now(), 'No credit.', now())"
    )
    await connection.close()
    done = tuneward("jobs", "stuck", DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    account, none = done.stdout.splitlines()
    assert account.startswith("The platform (account default) refuses our key since ")
    assert "(No credit.). Correct XPULINK_API_KEY and restart the workers" in account
    assert none == "none"


def test_the_simulator_gets_its_own_flags(started: Started) -> None:
    program = started("simulator", "--port", "0", "--job-seconds", "1")
    ready = first_line(program)
    assert ready["event"] == "ready"
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=10) == 0
    assert "--job-seconds" in tuneward("simulator", "--help").stdout


DEV = ("dev", "--port", "0", "--data-dir")


@pytest.mark.acceptance
def test_dev_stops_when_told_keeps_data_and_keys_and_leaves_nothing_when_killed(
    started: Started, tmp_path: Path
) -> None:
    program = started(*DEV, str(tmp_path))
    ready = first_line(program)
    assert set(ready) == {"event", "api_url", "platform_url", "database_url", "redis_url", "api_key"}
    assert ready["event"] == "ready"
    made = file_ids(ready, "POST")
    program.send_signal(signal.SIGTERM)  # Ctrl-C takes the same way: one handler for both
    rest, hints = program.communicate(timeout=40)
    assert (program.returncode, rest) == (0, "")
    assert f"{ready['api_url']}/docs" in hints
    exports = dict(word.split("=", 1) for word in shlex.split(hints) if "=" in word)
    assert exports["DATABASE_URL"] == ready["database_url"]
    assert exports["XPULINK_BASE_URL"] == ready["platform_url"]
    assert Fernet(Path(exports["TUNEWARD_SECRET_KEYS_FILE"]).read_bytes().strip())

    program = started(*DEV, str(tmp_path))
    again = first_line(program)
    assert again["api_key"] == ready["api_key"]
    assert file_ids(again, "GET") == made
    assert (tmp_path / "logs" / "api.log.1").exists()
    family = psutil.Process(program.pid).children(recursive=True)
    assert len(family) > 10, "five guards, what they guard, Postgres's own children"
    program.kill()
    _, left = psutil.wait_procs(family, timeout=30)
    assert left == []


def file_ids(ready: dict[str, str], method: str) -> list[str]:
    """Upload a file, or list those that are there."""
    parts = {"files": {"file": b"{}"}, "data": {"purpose": "user_data"}} if method == "POST" else {}
    bearer = {"authorization": f"Bearer {ready['api_key']}"}
    answer = requests.request(
        method, f"{ready['api_url']}/v1/files", headers=bearer, timeout=20, **parts
    ).json()
    return [file["id"] for file in answer.get("data", [answer])]


@pytest.mark.acceptance
def test_dev_ends_with_the_reason_when_a_part_dies(started: Started, tmp_path: Path) -> None:
    program = started(*DEV, str(tmp_path))
    first_line(program)
    pid = (tmp_path / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)
    _, hints = program.communicate(timeout=40)
    assert program.returncode == 1
    assert "postgres ended with code -9" in hints


@pytest.mark.acceptance
def test_dev_refuses_a_platform_that_is_not_configured(tmp_path: Path) -> None:
    done = tuneward(
        "dev", "--platform", "configured", "--data-dir", str(tmp_path), XPULINK_API_KEY="", XPU_API_KEY=""
    )
    assert done.returncode == 1
    assert "set XPULINK_API_KEY" in done.stderr


@pytest.mark.acceptance
def test_the_demo_goes_from_end_to_end() -> None:
    done = tuneward("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "signature verified by standardwebhooks and openai" in done.stdout
    assert "working day leave our warehouse" in done.stdout, "the tuned model answers as it was taught"
