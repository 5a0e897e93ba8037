"""Settings as they come from the environment."""

import os
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from config.settings import Settings, parse_duration

URL = "postgresql://user:the-password@localhost/db"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TUNEWARD_", "XPU", "DATABASE_URL", "REDIS_URL")):
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in {"DATABASE_URL": URL, **environment}.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("200ms", 0.2), ("5m", 300), ("1.5h", 5400), ("2d", 172800), ("7", 7), (" 1 s ", 1)],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1w", "1h30m", "1,5s", "soon"])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 30s"):
        parse_duration(text)


def test_without_a_database_nothing_starts() -> None:
    with pytest.raises(ValidationError, match="DATABASE_URL"):
        Settings(_env_file=None)  # type: ignore[call-arg]


def test_the_defaults_are_those_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(monkeypatch)
    assert made.xpulink_base_url == "https://www.xpulink.ai/v1"
    assert (made.drain_interval, made.poll_interval) == (timedelta(seconds=1), timedelta(seconds=30))
    hours = [0, 5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]
    assert made.webhook_schedule == [timedelta(hours=each) for each in hours]
    assert made.models == {"qwen3-32b": "qwen3-32b", "qwen3-72b": "qwen3-72b"}
    assert (made.max_file_bytes, made.max_line_bytes, made.retention_days) == (512 * 2**20, 4 * 2**20, 90)
    assert made.webhook_allowed_networks == []


@pytest.mark.parametrize("name", ["XPULINK_API_KEY", "XPU_API_KEY"])
def test_the_platforms_key_has_two_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    key = settings(monkeypatch, **{name: "the-key"}).xpulink_api_key
    assert key is not None
    assert key.get_secret_value() == "the-key"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(monkeypatch, REDIS_URL="", TUNEWARD_POLL_INTERVAL="")
    assert (made.redis_url, made.poll_interval) == (None, timedelta(seconds=30))


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(
        monkeypatch,
        TUNEWARD_MODELS="qwen3-32b, gpt-4o-mini = qwen3-32b",
        TUNEWARD_WEBHOOK_SCHEDULE="0s,1m",
        TUNEWARD_WEBHOOK_ALLOWED_NETWORKS="10.0.0.0/8, fd00::/8, 192.168.1.7/24",
        TUNEWARD_SECRET_KEYS="new,old",
    )
    assert made.models == {"qwen3-32b": "qwen3-32b", "gpt-4o-mini": "qwen3-32b"}
    assert made.webhook_schedule == [timedelta(0), timedelta(minutes=1)]
    networks = [ip_network(text) for text in ("10.0.0.0/8", "fd00::/8", "192.168.1.0/24")]
    assert made.webhook_allowed_networks == networks
    assert [key.get_secret_value() for key in made.secret_keys] == ["new", "old"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUNEWARD_RETENTION_DAYS", "13"),
        ("TUNEWARD_STRAY_BLOB_AGE", "5h"),
        ("TUNEWARD_DATABASE_POOL_SIZE", "1"),
        ("TUNEWARD_POLL_INTERVAL", "often"),
        ("TUNEWARD_WEBHOOK_ALLOWED_NETWORKS", "everywhere"),
        ("TUNEWARD_MAX_FILE_BYTES", "0"),
    ],
)
def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        settings(monkeypatch, **{name: value})


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: dict[str, Any] = {
        "XPULINK_API_KEY": "the-key",
        "REDIS_URL": "redis://:the-redis-password@localhost/0",
        "TUNEWARD_SECRET_KEYS": "the-fernet-key",
        "TUNEWARD_BOOTSTRAP_API_KEY": "the-first-key",
    }
    shown = repr(settings(monkeypatch, **secrets))
    for secret in ("the-password", "the-key", "the-redis-password", "the-fernet-key", "the-first-key"):
        assert secret not in shown
