"""Keys that encrypt stored secrets: set, or made once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.secret_keys import NoSecretKeys, make_secret_keys, read_secret_keys
from config.settings import Settings


def settings(path: Path, keys: str = "") -> Settings:
    return Settings(  # type: ignore[call-arg]
        _env_file=None, database_url="postgresql://localhost/db", secret_keys_file=str(path), secret_keys=keys
    )


def test_keys_that_are_set_win_and_no_file_is_made(tmp_path: Path) -> None:
    made = settings(tmp_path / "keys", "new,old")
    assert make_secret_keys(made) is None
    assert read_secret_keys(made) == ["new", "old"]
    assert not (tmp_path / "keys").exists()


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys"
    made = settings(path)
    assert make_secret_keys(made) == path
    (key,) = read_secret_keys(made)
    Fernet(key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_secret_keys(made) is None
    assert read_secret_keys(made) == [key]


def test_two_that_make_it_at_once_make_one(tmp_path: Path) -> None:
    made = settings(tmp_path / "keys")
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda _: make_secret_keys(made), range(8)))
    assert sum(path is not None for path in paths) == 1
    assert len(read_secret_keys(made)) == 1


def test_newest_first_is_how_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("new\nold\n")
    assert read_secret_keys(settings(tmp_path / "keys")) == ["new", "old"]


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_no_key_says_how_to_get_one(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "keys").write_text(content)
    with pytest.raises(NoSecretKeys, match="tuneward migrate"):
        read_secret_keys(settings(tmp_path / "keys"))
