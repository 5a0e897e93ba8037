"""Which settings the stack's processes get, and whose value wins."""

import base64
import re
import stat
from pathlib import Path

import pytest

from embedded import environment
from embedded.errors import EmbeddedError
from storage.blobs import open_store

REQUIRED = {"DATABASE_URL": "postgresql://ours", "XPULINK_BASE_URL": "http://ours"}


@pytest.fixture(autouse=True)
def _users_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XPULINK_API_KEY", "XPU_API_KEY", "XPULINK_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://theirs")
    monkeypatch.setenv("TUNEWARD_POLL_INTERVAL", "7s")
    (tmp_path / ".env").write_text("TUNEWARD_BOOTSTRAP_API_KEY=tw_theirs\nTUNEWARD_POLL_INTERVAL=9s\n")


def variables(folder: Path, *, inherit: bool, extra: dict[str, str] | None = None) -> dict[str, str]:
    return environment.of_services(folder, inherit=inherit, required=REQUIRED, extra=extra or {})


def test_the_users_settings_win_over_choices_but_not_over_the_stacks_servers(tmp_path: Path) -> None:
    got = variables(tmp_path, inherit=True)
    assert got["TUNEWARD_POLL_INTERVAL"] == "7s", "the environment before .env, as everywhere"
    assert got["TUNEWARD_BOOTSTRAP_API_KEY"] == "tw_theirs"
    assert got.items() >= REQUIRED.items()


def test_without_inheriting_none_of_them_counts(tmp_path: Path) -> None:
    got = variables(tmp_path, inherit=False)
    assert got["TUNEWARD_POLL_INTERVAL"] == "1s"
    assert got["TUNEWARD_BOOTSTRAP_API_KEY"] != "tw_theirs"
    assert "theirs" not in got["DATABASE_URL"]


def test_extra_variables_win_over_everything(tmp_path: Path) -> None:
    got = variables(tmp_path, inherit=True, extra={"TUNEWARD_POLL_INTERVAL": "1h", "DATABASE_URL": "else"})
    assert (got["TUNEWARD_POLL_INTERVAL"], got["DATABASE_URL"]) == ("1h", "else")


def test_keys_are_made_once_and_kept_for_their_owner_only(tmp_path: Path) -> None:
    first, second = (variables(tmp_path, inherit=False) for _ in range(2))
    assert first == second
    assert re.fullmatch(r"tw_[A-Za-z0-9_-]{43}", first["TUNEWARD_BOOTSTRAP_API_KEY"])
    assert len(base64.urlsafe_b64decode(first["TUNEWARD_SECRET_KEYS"])) == 32
    files = list((tmp_path / "keys").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert (
        variables(tmp_path / "other", inherit=False)["TUNEWARD_SECRET_KEYS"] != first["TUNEWARD_SECRET_KEYS"]
    )


def test_blobs_are_kept_in_the_data_folder_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "数据 100%"
    open_store(variables(folder, inherit=False)["TUNEWARD_STORAGE_URL"])
    assert (folder / "blobs").is_dir()


def test_a_configured_platform_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedError, match="set XPULINK_API_KEY"):
        environment.configured_platform()
    monkeypatch.setenv("XPU_API_KEY", "xpu-key")
    assert environment.configured_platform() == ("https://www.xpulink.ai/v1", "xpu-key")
    monkeypatch.setenv("XPULINK_BASE_URL", "https://elsewhere/v1")
    assert environment.configured_platform() == ("https://elsewhere/v1", "xpu-key")
