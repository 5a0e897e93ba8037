"""The variables that the processes of the stack are started with, and where each value comes from."""

import base64
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.data_folder import kept_secret
from embedded.errors import EmbeddedError

SIMULATOR_API_KEY = "xpulink-simulator-key"
_OURS = ("TUNEWARD_", "XPULINK_", "XPU_", "SIMULATOR_", "DATABASE_URL", "REDIS_URL")


def python_module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with our interpreter, whatever lies in the current folder."""
    return [sys.executable, "-P", "-m", name, *arguments]


def of_programs(*, inherit: bool) -> dict[str, str]:
    """Return what every Python program of ours gets; without `inherit` none of the caller's settings."""
    inherited = {name: value for name, value in os.environ.items() if inherit or not name.startswith(_OURS)}
    return inherited | {"PYTHONUNBUFFERED": "1"}


def of_services(
    data_dir: Path, *, inherit: bool, required: Mapping[str, str], extra: Mapping[str, str]
) -> dict[str, str]:
    """Return what `tuneward` processes get.

    Args:
        data_dir: Keeps blobs and the generated keys.
        inherit: Whether the caller's own settings win over the stack's choices.
        required: Where this stack's servers are: the caller's settings never win over these.
        extra: Wins over everything.
    """
    users = of_user() if inherit else {}
    chosen = {name: value for name, value in _choices(data_dir).items() if name not in users}
    return of_programs(inherit=inherit) | users | chosen | dict(required) | dict(extra)


def of_user() -> dict[str, str]:
    """Return the caller's own settings: from the environment, then from `.env` in the current folder."""
    from dotenv import dotenv_values  # noqa: PLC0415 - the servers alone need no more than the standard library

    everything = {**dotenv_values(".env"), **os.environ}
    return {name: value for name, value in everything.items() if value and name.startswith(_OURS)}


def configured_platform() -> tuple[str, str]:
    """Return base URL and key of the platform that the caller has configured.

    Raises:
        EmbeddedError: No key is set.
    """
    from config.settings import Settings  # noqa: PLC0415 - as above

    users = of_user()
    key = users.get("XPULINK_API_KEY") or users.get("XPU_API_KEY")
    if not key:
        raise EmbeddedError("No platform is configured: set XPULINK_API_KEY, or use the stand-in platform")
    default = Settings.model_fields["xpulink_base_url"].default
    return users.get("XPULINK_BASE_URL", str(default)), key


def _choices(data_dir: Path) -> dict[str, str]:
    keys = data_dir / "keys"
    return {
        "TUNEWARD_STORAGE_URL": (data_dir / "blobs").as_uri(),
        "TUNEWARD_BOOTSTRAP_API_KEY": kept_secret(keys / "api_key", _new_api_key),
        "TUNEWARD_BOOTSTRAP_WEBHOOK_SECRET": kept_secret(keys / "webhook_secret", _new_webhook_secret),
        "TUNEWARD_SECRET_KEYS": kept_secret(keys / "secret_keys", _new_fernet_key),
        "TUNEWARD_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "TUNEWARD_POLL_INTERVAL": "1s",
    }


def _new_api_key() -> str:
    return f"tw_{secrets.token_urlsafe(32)}"


def _new_webhook_secret() -> str:
    return f"whsec_{base64.b64encode(os.urandom(32)).decode()}"


def _new_fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()
