"""Every setting, from the environment or `.env`; `.env.example` lists them with a comment each."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}


def parse_duration(text: object) -> object:
    """Read `30s`, `5m`, `1.5h`, `200ms`, `2d` or a bare number of seconds; leave other types alone."""
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\s*", text)
    if found is None:
        message = f"{text!r} is not a duration; write it like 30s, 5m, 2h or 1d"
        raise ValueError(message)
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _split(text: object) -> object:
    return [part.strip() for part in text.split(",") if part.strip()] if isinstance(text, str) else text


def _parse_schedule(text: object) -> object:
    parts: Any = _split(text)
    return [parse_duration(part) for part in parts]


def _parse_networks(text: object) -> object:
    parts: Any = _split(text)
    return [ip_network(part, strict=False) if isinstance(part, str) else part for part in parts]


def _parse_models(text: object) -> object:
    """Read `qwen3-32b,gpt-4o-mini=qwen3-32b`: a model, or an alias of a model, to the platform's name."""
    if not isinstance(text, str):
        return text
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {name.strip(): (target.strip() or name.strip()) for name, _, target in pairs}


def _parse_secrets(text: object) -> object:
    parts: Any = _split(text)
    return [SecretStr(part) if isinstance(part, str) else part for part in parts]


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """The settings of every process. A name is the variable's, in lower case, without `TUNEWARD_`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_prefix="TUNEWARD_", extra="ignore", env_ignore_empty=True, populate_by_name=True
    )

    # Servers
    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    redis_url: SecretStr | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "redis_url"))
    database_pool_size: int = Field(20, ge=2, le=200)
    storage_url: str = "file:.tuneward/blobs"

    # The platform
    xpulink_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("XPULINK_API_KEY", "XPU_API_KEY", "xpulink_api_key")
    )
    xpulink_base_url: str = Field(
        "https://www.xpulink.ai/v1", validation_alias=AliasChoices("XPULINK_BASE_URL", "xpulink_base_url")
    )
    xpulink_files_path: str = "/files"
    xpulink_jobs_path: str = "/fine_tuning/jobs"
    xpulink_chat_path: str = "/chat/completions"
    xpulink_models_path: str = "/models"
    models: Annotated[dict[str, str], NoDecode, BeforeValidator(_parse_models)] = {
        "qwen3-32b": "qwen3-32b",
        "qwen3-72b": "qwen3-72b",
    }

    # Keys and secrets
    bootstrap_api_key: SecretStr | None = None
    secret_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_parse_secrets)] = []
    secret_keys_file: str = ".tuneward/secret_keys"  # noqa: S105 - a path

    # Files
    max_file_bytes: int = Field(512 * 1024**2, ge=1)
    max_line_bytes: int = Field(4 * 1024**2, ge=1)
    max_body_bytes: int = Field(4 * 1024**2, ge=1)

    # Pace
    drain_interval: Duration = timedelta(seconds=1)
    poll_interval: Duration = timedelta(seconds=30)
    claim_lease: Duration = timedelta(seconds=30)
    settle_time: Duration = timedelta(seconds=90)
    sweep_interval: Duration = timedelta(seconds=10)
    shutdown_grace: Duration = timedelta(seconds=20)

    # Webhooks
    webhook_schedule: Annotated[list[timedelta], NoDecode, BeforeValidator(_parse_schedule)] = [
        timedelta(seconds=seconds) for seconds in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    ]
    webhook_timeout: Duration = timedelta(seconds=15)
    webhook_allowed_networks: Annotated[list[Network], NoDecode, BeforeValidator(_parse_networks)] = []

    # Keeping
    retention_days: int = Field(90, ge=14)

    # Watching
    worker_port: int | None = Field(None, ge=0, le=65535)
    log_level: str = "INFO"
