"""System libraries and programs: found, else installed with apt, else the command is told."""

import ctypes
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from launcher import commands
from launcher.paths import Project
from launcher.run import clean_environment, run_step
from launcher.ui import LauncherError

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Need:
    """Something of the system: what it is for, its Debian package, and how to see it is there."""

    purpose: str
    package: str
    present: Callable[[], bool]


def has_library(name: str) -> bool:
    """True when the dynamic linker finds this library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_font() -> bool:
    """True when a scalable font is installed."""
    for folder in FONT_FOLDERS:
        for _, _, files in os.walk(Path(folder).expanduser()):
            if any(name.lower().endswith((".ttf", ".otf", ".ttc")) for name in files):
                return True
    return False


def find_chromium() -> str | None:
    """The browser of the end-to-end tests."""
    chosen = os.environ.get("JALON_CHROMIUM")
    names = (chosen,) if chosen else CHROMIUM_NAMES
    return next((found for name in names if (found := shutil.which(name))), None)


def _library(purpose: str, package: str, name: str) -> Need:
    return Need(purpose, package, lambda: has_library(name))


PDF_NEEDS = (
    _library("PDF documents", "libpango-1.0-0", "libpango-1.0.so.0"),
    _library("PDF documents", "libpangoft2-1.0-0", "libpangoft2-1.0.so.0"),
    _library("PDF documents", "libharfbuzz-subset0", "libharfbuzz-subset.so.0"),
    Need("PDF documents", "fonts-dejavu-core", has_font),
)
BROWSER_NEEDS = (Need("end-to-end tests", "chromium", lambda: find_chromium() is not None),)
PDF_TEST_NEEDS = (Need("tests of PDF documents", "poppler-utils", lambda: shutil.which("pdftotext") is not None),)


def _prefix() -> list[str] | None:
    """What to put before apt-get, None when it may not be used."""
    if os.environ.get("JALON_NO_APT", "") not in ("", "0") or not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["env"]
    if shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if asked.returncode == 0:
            return ["sudo", "-n", "env"]
    return None


def missing_packages(needs: Sequence[Need]) -> LauncherError:
    """The error that tells what to install, for what, and with which command."""
    packages = sorted({need.package for need in needs})
    purposes = sorted({need.purpose for need in needs})
    command = shlex.join(commands.apt_install(packages))
    become = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("apt-get"):
        way_out = f"Run: {become}apt-get update && {become}{command}"
    else:
        way_out = f"Install what these Debian packages hold: {' '.join(packages)}"
    return LauncherError(
        f"Missing on this system, for {' and '.join(purposes)}: {', '.join(packages)}.",
        way_out,
        "Then run the same command again.",
    )


def ensure(project: Project, needs: Sequence[Need]) -> None:
    """Install what is missing when we may, else raise with the exact command."""
    missing = [need for need in needs if not need.present()]
    if not missing:
        return
    packages = sorted({need.package for need in missing})
    prefix = _prefix()
    if prefix is None:
        raise missing_packages(missing)
    log = project.logs / "apt.log"
    environment = clean_environment({"LC_ALL": "C.UTF-8"})
    apt = [*prefix, "DEBIAN_FRONTEND=noninteractive"]
    # Stale lists may still do: an offline machine can have the packages in its cache.
    with suppress(LauncherError):
        update = [*apt, "apt-get", "update"]
        run_step("Package lists (apt-get update)", update, log=log, cwd=project.root, env=environment)
    try:
        run_step(
            f"System packages ({', '.join(packages)})",
            [*apt, *commands.apt_install(packages), "-o", "DPkg::Lock::Timeout=120"],
            log=log,
            cwd=project.root,
            env=environment,
        )
    except LauncherError as error:
        told = missing_packages(missing)
        raise LauncherError(told.message, *told.ways_out, *error.ways_out, tail=error.tail) from None
    still = [need for need in missing if not need.present()]
    if still:
        raise missing_packages(still)
