"""The Fernet keys that encrypt stored secrets: from the setting, or from a file made once by `migrate`."""

import os
from pathlib import Path

from cryptography.fernet import Fernet

from config.settings import Settings


class NoSecretKeys(RuntimeError):  # noqa: N818 - it says what is missing
    """Neither TUNEWARD_SECRET_KEYS nor the file it names holds a key."""


def read_secret_keys(settings: Settings) -> list[str]:
    """Return the keys, newest first.

    Raises:
        NoSecretKeys: there are none; the message says how to make them.
    """
    if settings.secret_keys:
        return [key.get_secret_value() for key in settings.secret_keys]
    path = Path(settings.secret_keys_file)
    keys = path.read_text().split() if path.is_file() else []
    if not keys:
        message = f"Set TUNEWARD_SECRET_KEYS, or run 'tuneward migrate' to make a key in {path}"
        raise NoSecretKeys(message)
    return keys


def make_secret_keys(settings: Settings) -> Path | None:
    """Make the file with a new key, readable by its owner alone; None if there are keys already."""
    path = Path(settings.secret_keys_file)
    if settings.secret_keys or path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another `migrate` was faster
        return None
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return path
