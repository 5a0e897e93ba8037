"""What the compose file promises, read from the file: what a run would not show, or only too late."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "tuneward"}
RUNS_ON = set(SERVICES) - {"migrate", "demo"}


def image_lines() -> list[str]:
    joined = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def test_only_the_api_can_be_reached_from_outside_and_by_default_from_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api": ["${TUNEWARD_PUBLISH:-127.0.0.1:8000}:8000"]}


def test_nothing_has_to_be_set() -> None:
    assert ":?" not in (ROOT / "docker-compose.yml").read_text()
    assert not re.findall(r"\$\{\w+\}", (ROOT / "docker-compose.yml").read_text())


def test_the_worker_can_be_scaled() -> None:
    assert not {"container_name", "hostname", "ports"} & set(SERVICES["worker"])


@pytest.mark.parametrize("name", sorted(RUNS_ON))
def test_what_stays_up_has_a_health_check_a_restart_policy_and_bounded_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["restart"] == "unless-stopped"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_api_and_worker_are_asked_at_the_ports_they_listen_on() -> None:
    api, worker = SERVICES["api"], SERVICES["worker"]
    assert api["healthcheck"]["test"][-1] == api["ports"][0].rpartition(":")[2]
    assert worker["healthcheck"]["test"][-1] == worker["environment"]["TUNEWARD_WORKER_PORT"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_process_starts_after_the_schema_is_up_to_date(name: str) -> None:
    conditions = {what: how["condition"] for what, how in SERVICES[name]["depends_on"].items()}
    assert conditions["migrate"] == "service_completed_successfully"


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_can_do_no_more_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service  # the image's


@pytest.mark.parametrize("name", ["api", "worker"])
def test_docker_waits_longer_for_the_end_than_the_process_takes(name: str) -> None:
    assert SERVICES[name]["stop_grace_period"] == "30s"
    assert "STOPSIGNAL SIGTERM" in image_lines()
    assert isinstance(SERVICES[name]["command"], list)  # a shell in between would keep the signal to itself


def test_postgres_18_keeps_its_data_where_the_volume_is() -> None:
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert [volume.split(":")[1] for volume in SERVICES["postgres"]["volumes"]] == ["/var/lib/postgresql"]


def test_every_named_volume_is_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_stand_in_starts_only_when_asked_for_and_never_beside_a_platform_key() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"simulator", "demo"}
    for name in ("api", "worker", "migrate"):
        stand_in, handed_on = SERVICES[name]["env_file"]
        assert stand_in["required"] is False
        assert not (ROOT / with_a_key(stand_in["path"])).exists()
        assert (ROOT / without_a_key(stand_in["path"])).is_file()
        assert (ROOT / handed_on["path"]).is_file()


def with_a_key(path: str) -> str:
    return re.sub(r"\$\{XPULINK_API_KEY:\+([^}]*)\}", r"\1", re.sub(r"\$\{XPU_API_KEY:\+[^}]*\}", "", path))


def without_a_key(path: str) -> str:
    return re.sub(r"\$\{\w+:\+[^}]*\}", "", path)


def test_the_image_runs_as_a_numbered_user_and_has_no_health_check_to_inherit() -> None:
    lines = image_lines()
    last_stage = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001:10001" in last_stage
    assert not [line for line in lines if line.startswith("HEALTHCHECK")]


def test_every_package_that_is_installed_is_installed_by_hash() -> None:
    installs = [
        command.strip()
        for line in image_lines()
        if line.startswith("RUN ")
        for command in line.removeprefix("RUN ").split("&&")
        if " install " in command and "pip" in command
    ]
    assert len(installs) == 3
    for command in installs:
        assert "--require-hashes" in command or "--no-deps /wheels/" in command


def test_the_wheel_is_built_with_the_version_everything_was_tested_with() -> None:
    wanted = (ROOT / "deploy/requirements-build.txt").read_text()
    pinned = re.findall(r"\w+==\S+|--hash=\S+", wanted)
    tested = (ROOT / "requirements-dev.txt").read_text()
    assert pinned
    assert all(pin in tested for pin in pinned)


def test_the_build_context_has_every_package_and_nothing_private() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    kept = {line[1:].rstrip("/") for line in lines if line.startswith("!")}
    packages = {path.parent.name for path in ROOT.glob("[a-z]*/__init__.py")} - {"tests"}
    assert "*" in lines
    assert packages <= kept
    assert not {"tests", ".env", ".git", ".tuneward", "docs"} & kept


def test_what_the_image_copies_is_there() -> None:
    sources = [
        source
        for line in image_lines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
