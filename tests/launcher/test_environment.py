"""Nothing is installed twice, nothing half."""

import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from launcher import environment, frontend
from launcher.environment import Installed
from launcher.paths import Project
from launcher.ui import LauncherError


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, project: Project) -> list[list[str]]:
    """Commands the launcher would run; uv sync makes the environment's Python."""
    ran: list[list[str]] = []

    def record(_title: str, command: list[str], **_options: Any) -> float:
        ran.append(command)
        if "sync" in command:
            project.python.parent.mkdir(parents=True, exist_ok=True)
            project.python.touch()
        return 0.0

    for module in (environment, frontend):
        monkeypatch.setattr(module, "run_step", record)
    monkeypatch.setattr(environment, "_ensure_uv", lambda _project: "uv")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10**11))
    return ran


def test_a_second_start_installs_nothing(project: Project, steps: list[list[str]]) -> None:
    (project.root / "uv.lock").write_text("one")
    environment.ensure(project, ["dev"])
    assert steps == [["uv", "sync", "--frozen", "--no-default-groups", "--group", "dev"]]
    environment.ensure(project, ["dev"])
    environment.ensure(project, [])
    assert len(steps) == 1


def test_a_new_lock_or_a_new_group_installs_again_and_keeps_the_groups(
    project: Project, steps: list[list[str]]
) -> None:
    (project.root / "uv.lock").write_text("one")
    environment.ensure(project, ["dev"])
    environment.ensure(project, ["embedded"])
    assert steps[-1][-4:] == ["--group", "dev", "--group", "embedded"]
    (project.root / "uv.lock").write_text("two")
    environment.ensure(project, [])
    assert len(steps) == 3
    assert steps[-1][-4:] == ["--group", "dev", "--group", "embedded"]


def test_an_interrupted_installation_is_done_again(
    project: Project, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "uv.lock").write_text("one")
    environment.ensure(project, [])
    (project.root / "uv.lock").write_text("two")

    def fail(*_arguments: Any, **_options: Any) -> float:
        raise LauncherError("cut short")

    with monkeypatch.context() as patch, pytest.raises(LauncherError):
        patch.setattr(environment, "run_step", fail)
        environment.ensure(project, [])
    environment.ensure(project, [])
    assert len(steps) == 2


def test_an_environment_without_its_python_is_made_again(project: Project, steps: list[list[str]]) -> None:
    environment.ensure(project, [])
    project.python.unlink()
    environment.ensure(project, [])
    assert len(steps) == 2


def test_little_space_is_told_before_the_packages_are_fetched(
    project: Project, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(LauncherError, match="Only 5 MB are free"):
        environment.ensure(project, [])
    assert steps == []


@pytest.mark.parametrize(("have", "want", "covered"), [("a", "a", True), ("a", "b", False)])
def test_covers(have: str, want: str, covered: bool) -> None:
    assert Installed(have, frozenset({"dev"})).covers(Installed(want, frozenset())) is covered
    assert not Installed(have, frozenset()).covers(Installed(want, frozenset({"dev"})))


@pytest.mark.parametrize(
    ("text", "major"), [("v20.11.1\n", 20), ("v9.0.0", 9), ("pyenv: node: command not found", None), ("", None)]
)
def test_node_version(text: str, major: int | None) -> None:
    assert frontend.node_major(text) == major


def test_front_end_packages_follow_their_lock(
    project: Project, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "system_npm", lambda: frontend.Npm(("npm",), project.root))
    frontend.ensure(project)
    assert steps == [], "without package-lock.json there is nothing to install"
    (project.root / "package.json").write_text('{"scripts": {"build": "x"}}')
    (project.root / "package-lock.json").write_text("{}")
    for folder in ("node_modules", "static/vendor", "assets"):
        (project.root / folder).mkdir(parents=True)
    frontend.ensure(project)
    assert [command[1] for command in steps] == ["ci", "run"]
    assert "--ignore-scripts" in steps[0]
    frontend.ensure(project)
    assert len(steps) == 2
    (project.root / "assets" / "tabler.scss").write_text("a {}")
    frontend.ensure(project)
    assert [command[1] for command in steps] == ["ci", "run", "run"], "only the build reads assets/"


def test_a_file_of_the_build_that_is_missing_is_made_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    style = project.root / "static/vendor/tabler.css"

    def build(_title: str, command: list[str], **_options: Any) -> float:
        if command[1] == "run":
            style.write_text("a {}")
        return 0.0

    monkeypatch.setattr(frontend, "run_step", build)
    monkeypatch.setattr(frontend, "system_npm", lambda: frontend.Npm(("npm",), project.root))
    (project.root / "package.json").write_text('{"scripts": {"build": "x"}}')
    (project.root / "package-lock.json").write_text("{}")
    for folder in ("node_modules", "static/vendor"):
        (project.root / folder).mkdir(parents=True)
    frontend.ensure(project)
    assert frontend.up_to_date(project)
    style.unlink()
    frontend.ensure(project)
    assert style.exists()
    style.write_text("")
    assert not frontend.up_to_date(project), "a file cut short"


def test_a_build_cut_short_is_done_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "package.json").write_text('{"scripts": {"build": "x"}}')
    (project.root / "static/vendor").mkdir(parents=True)
    monkeypatch.setattr(frontend, "system_npm", lambda: frontend.Npm(("npm",), project.root))
    monkeypatch.setattr(frontend, "run_step", lambda *_arguments, **_options: 0.0)
    frontend.ensure(project)
    (project.root / "static/vendor").rmdir()

    def cut_short(*_arguments: Any, **_options: Any) -> float:
        (project.root / "static/vendor").mkdir()
        raise LauncherError("cut short")

    with monkeypatch.context() as patch, pytest.raises(LauncherError):
        patch.setattr(frontend, "run_step", cut_short)
        (project.root / "package.json").write_text('{"scripts": {"build": "y"}}')
        frontend.ensure(project)
    (project.root / "package.json").write_text('{"scripts": {"build": "x"}}')
    assert not frontend.build_ready(project)


def test_the_wheel_of_node_is_asked_for_only_when_there_is_work_for_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "system_npm", lambda: None)
    assert not frontend.needs_wheel(project)
    (project.root / "package-lock.json").write_text("{}")
    assert frontend.needs_wheel(project)
