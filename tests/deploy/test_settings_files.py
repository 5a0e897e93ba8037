"""The lists of settings outside the code are those of the code: `.env.example`, and what compose hands on."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import AliasChoices

from config.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE_ONLY = {"TUNEWARD_PUBLISH", "POSTGRES_PASSWORD"}
# Set by the compose file or the image themselves, for they are addresses inside the network.
NEVER_IN_PRODUCTION = {"TUNEWARD_CRASH_POINTS"}
SET_BY_COMPOSE = {
    "DATABASE_URL",
    "REDIS_URL",
    "TUNEWARD_SECRET_KEYS_FILE",
    "TUNEWARD_WORKER_HOST",
    "TUNEWARD_WORKER_PORT",
}


def variable_of(field: str) -> str:
    """The name under which people set a field: the first alias, or the prefixed name."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"TUNEWARD_{field.upper()}"


VARIABLES = {variable_of(field): field for field in Settings.model_fields}


def example_lines() -> dict[str, tuple[str, str]]:
    """Name -> (the line before it, its value)."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found: dict[str, tuple[str, str]] = {}
    for before, line in pairwise(lines):
        match = re.fullmatch(r"# ([A-Z][A-Z_]+)=(\S*)", line)
        if match:
            assert match[1] not in found, f"{match[1]} is there twice"
            found[match[1]] = (before, match[2])
    return found


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in {
        *VARIABLES,
        "XPU_API_KEY",
        *(f"TUNEWARD_{field.upper()}" for field in Settings.model_fields),
    }:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_example_lists_every_setting_once_and_no_other() -> None:
    assert set(example_lines()) - COMPOSE_ONLY == set(VARIABLES)


def test_each_setting_of_the_example_has_a_comment_of_its_own() -> None:
    for name, (before, _) in example_lines().items():
        assert re.match(r"# [A-Z].*\.$", before), name


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_the_value_in_the_example_is_the_default(name: str, no_settings: pytest.MonkeyPatch) -> None:
    field, (_, shown) = VARIABLES[name], example_lines()[name]
    default = Settings.model_fields[field].get_default()
    if not shown:
        assert Settings.model_fields[field].is_required() or default in (None, [], "")
        return
    no_settings.setenv("DATABASE_URL", "postgresql://localhost/unused")
    no_settings.setenv(name, shown)
    assert getattr(Settings(_env_file=None), field) == default


def test_compose_hands_every_setting_on_that_it_does_not_set_itself() -> None:
    lines = (ROOT / "deploy/settings.env").read_text().splitlines()
    names = {line for line in lines if line and not line.startswith("#")}
    assert {name for name in names if not name.startswith("AWS_")} - {"XPU_API_KEY"} == (
        set(VARIABLES) - SET_BY_COMPOSE - NEVER_IN_PRODUCTION
    )


def test_the_stand_in_s_file_gives_values_that_the_settings_take(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("DATABASE_URL", "postgresql://localhost/unused")
    lines = (ROOT / "deploy/stand-in.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert set(given) <= set(VARIABLES)
    for name, value in given.items():
        default = re.fullmatch(r"\$\{(\w+):-(.*)\}", value)
        assert default is None or default[1] == name
        no_settings.setenv(name, default[2] if default else value)
    settings = Settings(_env_file=None)
    assert settings.xpulink_base_url == "http://simulator:8080/v1"
    assert settings.webhook_allowed_networks
