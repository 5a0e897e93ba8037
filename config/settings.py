"""Every setting, from the environment or `.env`; `.env.example` lists them with a comment each."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
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

    # Postgres; the only setting without which nothing starts.
    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    # Redis or Valkey, the bell between api and worker; without it due work waits for the drain interval.
    redis_url: SecretStr | None = Field(None, validation_alias=AliasChoices("REDIS_URL", "redis_url"))
    # Connections to Postgres per process, at most.
    database_pool_size: int = Field(20, ge=2, le=200)
    # Where uploaded and result files are kept: `file:///folder` or `s3://bucket/prefix`.
    storage_url: str = "file:.tuneward/blobs"

    # The platform

    # The platform's key.
    xpulink_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("XPULINK_API_KEY", "XPU_API_KEY", "xpulink_api_key")
    )
    # The platform, with its version prefix.
    xpulink_base_url: str = Field(
        "https://www.xpulink.ai/v1", validation_alias=AliasChoices("XPULINK_BASE_URL", "xpulink_base_url")
    )
    # The platform's route for files, below its base URL.
    xpulink_files_path: str = "/files"
    # The platform's route for fine-tuning jobs, below its base URL.
    xpulink_jobs_path: str = "/fine_tuning/jobs"
    # The platform's route for chat, below its base URL.
    xpulink_chat_path: str = "/chat/completions"
    # The platform's route for models, below its base URL.
    xpulink_models_path: str = "/models"
    # How long the platform may take to answer a create in all; a look may take half of it, an upload twice
    # as long and the time that its size takes.
    xpulink_timeout: Duration = timedelta(seconds=30)
    # Requests a second that all workers together send the platform, at most; less for a while after a 429.
    platform_rate: float = Field(50, ge=1, le=10_000)
    # How soon a platform that stopped answering is probed, then ever less often; a refused key 6 times later.
    probe_interval: Duration = timedelta(seconds=10)
    # Base models on offer; `alias=model` adds a second name.
    models: Annotated[dict[str, str], NoDecode, BeforeValidator(_parse_models)] = {
        "qwen3-32b": "qwen3-32b",
        "qwen3-72b": "qwen3-72b",
    }

    # Keys and secrets

    # A key of the project `default` that is made sure of when the api starts.
    bootstrap_api_key: SecretStr | None = None
    # The webhook secret of that project, `whsec_` and 32 bytes in base64, taken when the project is made.
    bootstrap_webhook_secret: SecretStr | None = None
    # Fernet keys that encrypt stored secrets, newest first; all of them decrypt.
    secret_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_parse_secrets)] = []
    # Read if there are no keys above; `tuneward migrate` makes it.
    secret_keys_file: str = ".tuneward/secret_keys"  # noqa: S105 - a path

    # Files

    # Largest training file, in bytes.
    max_file_bytes: int = Field(512 * 1024**2, ge=1)
    # Files and parts that may be on their way in at once, in one process, half of them of one project; each
    # takes about 16 MiB.
    max_concurrent_uploads: int = Field(32, ge=1)
    # Longest line of a training file, in bytes.
    max_line_bytes: int = Field(4 * 1024**2, ge=1)
    # Processes that look at training files, in each worker and api; by default one for each processor.
    examiners: int | None = Field(None, ge=1, le=64)
    # Training files with fewer examples are refused; 0 only warns, below 20, as the platform's guide does.
    fewest_examples: int = Field(0, ge=0)
    # What the platform asks, for the price range of a plan: `qwen3-32b=CNY 40/Mtoken, *=CNY 18/hour`.
    prices: str = ""
    # Largest chat request, in bytes; pictures are sent inside them.
    max_chat_bytes: int = Field(4 * 1024**2, ge=1)
    # Largest request body other than an upload or a chat, in bytes; others wait while one is checked.
    max_body_bytes: int = Field(256 * 1024, ge=1)

    # Connections

    # Open connections to one api process, at most; keep it well under the files a process may open.
    max_connections: int = Field(750, ge=1)
    # Longest request line and headers together, in bytes.
    max_head_bytes: int = Field(32 * 1024, ge=1024)
    # Headers of one request, at most.
    max_headers: int = Field(100, ge=1)
    # How long the headers of a request may take to arrive.
    head_timeout: Duration = timedelta(seconds=15)
    # How long a client may stall in the middle of a body or of an answer.
    body_patience: Duration = timedelta(seconds=30)
    # The slowest that a body may come and an answer be taken, in bytes a second over that time.
    min_rate: int = Field(1024, ge=1)
    # How long a connection without a request stays open; longer than proxies and clients keep theirs.
    keep_alive: Duration = timedelta(seconds=75)

    # Pace

    # How often a worker looks for due work without being rung.
    drain_interval: Duration = timedelta(seconds=1)
    # The normal time between two looks at a running job.
    poll_interval: Duration = timedelta(seconds=30)
    # How long a silent worker keeps what it has claimed.
    claim_lease: Duration = timedelta(seconds=30)
    # How long a create of unknown fate may take to show up in the platform's list.
    settle_time: Duration = timedelta(seconds=90)
    # When the platform is searched again for what a call of unknown fate left: jobs twice, files unused.
    duplicate_checks: Annotated[
        list[timedelta], NoDecode, BeforeValidator(_parse_schedule), Field(min_length=1)
    ] = [timedelta(minutes=2), timedelta(minutes=10)]
    # How often what a dead worker held is freed, and old rows are removed.
    sweep_interval: Duration = timedelta(seconds=10)
    # How long started steps may take after SIGTERM.
    shutdown_grace: Duration = timedelta(seconds=20)

    # Webhooks

    # Waits between the tries of one delivery.
    webhook_schedule: Annotated[list[timedelta], NoDecode, BeforeValidator(_parse_schedule)] = [
        timedelta(seconds=seconds) for seconds in (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    ]
    # How long one try may take in all.
    webhook_timeout: Duration = timedelta(seconds=15)
    # Private networks that webhooks may reach; `http://` URLs are taken for these only.
    webhook_allowed_networks: Annotated[list[Network], NoDecode, BeforeValidator(_parse_networks)] = []

    # Keeping

    # How long events, deliveries and attempts of finished jobs are kept; a replay needs 14 days.
    retention_days: int = Field(90, ge=14)
    # After this long a stored file that the database does not know is deleted; 6h at least: uploads last.
    stray_blob_age: Duration = Field(timedelta(days=1), ge=timedelta(hours=6))

    # Watching

    # Where a worker serves `/healthz`, `/readyz` and `/metrics`; nowhere if it is not set.
    worker_port: int | None = Field(None, ge=0, le=65535)
    # The address it does so on; `0.0.0.0` lets a Prometheus on another machine or container in.
    worker_host: str = "127.0.0.1"
    # The lowest level that is logged.
    log_level: str = "INFO"
    # For `make chaos` alone: a folder in which the death of a process can be ordered. Leave it unset.
    crash_points: Path | None = None
