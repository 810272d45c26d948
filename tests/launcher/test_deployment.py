"""Dockerfile and docker-compose.yml cannot be run everywhere: their commands are the launcher's own."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from launcher import commands, servers, system
from launcher.paths import project

ROOT = project().root
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
APPLICATION = ("migrate", "web", "worker", "beat")


def docker_commands(word: str) -> list[list[str]]:
    """Simple commands of the RUN (or CMD) lines, split at &&."""
    lines = [line.removeprefix(f"{word} ") for line in DOCKERFILE.splitlines() if line.startswith(f"{word} ")]
    return [shlex.split(part) for line in lines for part in line.split("&&")]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("web", commands.web("python", bind="0.0.0.0:8000")),
        ("worker", commands.worker("python")),
        ("beat", commands.beat("python", schedule="/tmp/beat-schedule")),
        ("migrate", commands.migrate("python")),
    ],
)
def test_the_processes_are_those_of_the_demo(service: str, expected: list[str]) -> None:
    assert SERVICES[service]["command"] == expected


def test_the_health_checks_are_those_of_the_demo() -> None:
    web = SERVICES["web"]["healthcheck"]["test"]
    assert web == ["CMD", *commands.health("python", "http://127.0.0.1:8000/healthz")]
    beat = SERVICES["beat"]["healthcheck"]["test"]
    assert beat == ["CMD", *commands.health("python", "http://web:8000/readyz")]
    kind, line = SERVICES["worker"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert shlex.split(line) == commands.worker_health("python", "$$HOSTNAME")


def test_the_servers_are_set_as_in_the_demo() -> None:
    database = SERVICES["postgres"]
    expected = ["postgres", *(part for setting in servers.PRIVACY_SETTINGS for part in ("-c", setting))]
    assert database["command"] == expected
    assert database["environment"]["POSTGRES_INITDB_ARGS"].split() == list(servers.INITDB_OPTIONS)
    script = SERVICES["redis"]["command"][-1]
    assert re.search(r"exec redis-server -\s*$", script), "its settings come on standard input"
    for setting in servers.BROKER_SETTINGS:
        assert f"'{setting}'" in script
    assert "requirepass" in script


def test_the_image_is_built_with_the_launchers_commands() -> None:
    ran = docker_commands("RUN")
    packages = sorted({need.package for need in system.PDF_NEEDS})
    for expected in (
        commands.npm_install(("npm",)),
        commands.npm_build(("npm",)),
        commands.install_uv("python", "bootstrap.txt"),
        commands.uv_sync("uv"),
        commands.apt_install(packages),
    ):
        assert expected in ran
    collect = commands.collectstatic("python")
    assert any(command[-len(collect) :] == collect for command in ran)
    last = [line for line in DOCKERFILE.splitlines() if line.startswith("CMD ")]
    assert [json.loads(line.removeprefix("CMD ")) for line in last] == [SERVICES["web"]["command"]]


def test_everything_is_copied_that_exists_and_is_needed() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in kept:
        assert (ROOT / name).exists(), name
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"templates", "static", "manage.py", "uv.lock", "package-lock.json", "assets"} <= kept


def test_containers_are_hardened() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["user"] not in ("root", "0"), name
        assert "no-new-privileges:true" in service["security_opt"], name
    user = re.search(r"^USER (\S+)", DOCKERFILE, re.M)
    assert user and user.group(1) != "root"


def test_one_beat_and_several_of_the_others() -> None:
    assert SERVICES["beat"]["deploy"]["replicas"] == 1
    assert SERVICES["web"]["deploy"]["replicas"] > 1
    assert SERVICES["worker"]["deploy"]["replicas"] > 1


def test_secrets_come_from_files_that_are_declared() -> None:
    for name in APPLICATION:
        service = SERVICES[name]
        for variable in ("JALON_SECRET_KEY", "JALON_DATABASE_URL", "JALON_REDIS_URL"):
            path = service["environment"][f"{variable}_FILE"]
            assert Path(path).name in service["secrets"]
            assert variable not in service["environment"]
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])


def test_nothing_starts_before_the_database_is_migrated() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["restart"] == "no"


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(JALON_[A-Z_]+)"', (ROOT / "config" / "settings.py").read_text()))
    documented = set(re.findall(r"^\| `(JALON_[A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text(), re.M))
    assert "JALON_SECRET_KEY" in read
    assert documented == read
    for service in APPLICATION:
        names = {name.removesuffix("_FILE") for name in SERVICES[service]["environment"]}
        assert names <= read


def test_the_demo_and_the_tests_set_only_variables_that_are_read() -> None:
    read = (ROOT / "config" / "settings.py").read_text()
    for module in ("demo", "testing", "lint"):
        source = (ROOT / "launcher" / f"{module}.py").read_text()
        for name in set(re.findall(r'"(JALON_[A-Z_]+)"', source)):
            ours = name in ("JALON_CHROMIUM", "JALON_NO_APT", "JALON_EMBEDDED")
            assert ours or name.removesuffix("_FILE") in read, f"{module}: {name}"
