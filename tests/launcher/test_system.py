"""System packages: installed when allowed, else the command is told."""

import shutil
from typing import Any

import pytest

from launcher import system
from launcher.paths import Project
from launcher.system import Need
from launcher.ui import LauncherError

PANGO = Need("PDF documents", "libpango-1.0-0", lambda: False)
CHROMIUM = Need("end-to-end tests", "chromium", lambda: False)


def test_what_is_there_needs_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "run_step", lambda *a, **k: pytest.fail("nothing was missing"))
    system.ensure(project, [Need("x", "y", lambda: True)])


def test_the_exact_command_is_told_when_apt_is_forbidden(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_NO_APT", "1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(system, "run_step", lambda *a, **k: pytest.fail("apt was called"))
    with pytest.raises(LauncherError) as caught:
        system.ensure(project, [CHROMIUM, PANGO])
    text = str(caught.value)
    assert "for PDF documents and end-to-end tests: chromium, libpango-1.0-0" in text
    command = "sudo apt-get install -y --no-install-recommends chromium libpango-1.0-0"
    assert f"Run: sudo apt-get update && {command}" in text


def test_root_installs_without_recommended_packages(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JALON_NO_APT", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    ran: list[list[str]] = []

    def record(_title: str, command: list[str], **_options: Any) -> float:
        ran.append(command)
        return 0.0

    installed: list[bool] = []
    monkeypatch.setattr(system, "run_step", record)
    need = Need("x", "libpango-1.0-0", lambda: bool(installed) or bool(installed.append(True)))
    system.ensure(project, [need])
    assert ran[0][-1] == "update"
    assert "--no-install-recommends" in ran[1]
    assert "libpango-1.0-0" in ran[1]


def test_a_machine_without_apt_gets_the_names(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: None)
    with pytest.raises(LauncherError, match=r"libpango-1\.0-0") as caught:
        system.ensure(project, [PANGO])
    assert "Install what these Debian packages hold" in str(caught.value)


def test_an_installation_that_changes_nothing_is_an_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_prefix", lambda: ["env"])
    monkeypatch.setattr(system, "run_step", lambda *a, **k: 0.0)
    with pytest.raises(LauncherError, match="Missing on this system"):
        system.ensure(project, [PANGO])


def test_libraries_and_fonts_are_seen() -> None:
    assert system.has_library("libc.so.6")
    assert not system.has_library("libjalon-nowhere.so.1")


def test_the_browser_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_CHROMIUM", "/bin/sh")
    assert system.find_chromium() == "/bin/sh"
    monkeypatch.setenv("JALON_CHROMIUM", "/nowhere/chromium")
    assert system.find_chromium() is None
