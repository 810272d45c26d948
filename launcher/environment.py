"""The application's Python environment: uv, then what uv.lock says, each only when it changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher import commands, state, system, ui
from launcher.paths import Project
from launcher.run import clean_environment, run_step
from launcher.ui import LauncherError

#: Bytes that must be free before the packages are installed.
SPACE_FOR_PACKAGES = 1_500 * 2**20
NETWORK = "The first start needs the network (pypi.org, registry.npmjs.org); later ones do not."


@dataclass(frozen=True)
class Installed:
    """What an environment holds: hash of uv.lock and the dependency groups."""

    lock: str
    groups: frozenset[str]

    def covers(self, wanted: "Installed") -> bool:
        """True when nothing is left to install."""
        return self.lock == wanted.lock and wanted.groups <= self.groups


def digest(*paths: Path) -> str:
    """SHA-256 of the contents of files, missing ones included."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.is_file() else b"missing"
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def read_stamp(path: Path) -> Installed | None:
    """What the last finished installation wrote."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Installed(str(data["lock"]), frozenset(map(str, data["groups"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_stamp(path: Path, installed: Installed) -> None:
    """Written last: an interrupted installation leaves none and is done again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"lock": installed.lock, "groups": sorted(installed.groups)}
    state.write_private(path, json.dumps(data))


def wanted_groups(have: Installed | None, asked: Iterable[str]) -> frozenset[str]:
    """A demo after a test keeps the test's packages: they would be needed again."""
    return frozenset(asked) | (have.groups if have else frozenset())


def check_space(folder: Path, needed: int) -> None:
    """Raise before a long step that would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LauncherError(
            f"Only {free // 2**20} MB are free on the disk that holds {folder}; about {needed // 2**20} MB are needed.",
            "Free some space and run the same command again.",
        )


def ensure(project: Project, groups: Iterable[str]) -> None:
    """Make the environment hold what uv.lock says for these groups. Costs nothing when it does."""
    stamp = project.stamps / "python.json"
    have = read_stamp(stamp)
    if have and not project.python.exists():
        have = None
    wanted = Installed(digest(project.root / "uv.lock"), frozenset(groups))
    if have and have.covers(wanted):
        return
    with state.lock(project.private / "environment.lock", None):
        # Another command may have done it while this one waited.
        again = read_stamp(stamp)
        if again and again.covers(wanted) and project.python.exists():
            return
        check_space(project.private, SPACE_FOR_PACKAGES)
        uv = _ensure_uv(project)
        merged = wanted_groups(have, wanted.groups)
        stamp.unlink(missing_ok=True)
        _sync(project, uv, merged)
        write_stamp(stamp, Installed(wanted.lock, merged))


def _sync(project: Project, uv: Path, groups: frozenset[str]) -> None:
    environment = clean_environment(
        {"UV_PROJECT_ENVIRONMENT": str(project.venv), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    )
    if not project.python.exists():
        shutil.rmtree(project.venv, ignore_errors=True)
        environment["UV_PYTHON"] = sys.executable
    run_step(
        "Python packages (uv sync)",
        commands.uv_sync(str(uv), *groups),
        log=project.logs / "setup.log",
        cwd=project.root,
        env=environment,
        ways_out=[NETWORK],
    )


def _ensure_uv(project: Project) -> Path:
    """A private uv, at the version and hashes of bootstrap.txt."""
    requirements = Path(__file__).with_name("bootstrap.txt")
    stamp = project.stamps / "uv.json"
    uv = project.bootstrap / "bin" / "uv"
    wanted = Installed(digest(requirements), frozenset())
    have = read_stamp(stamp)
    if have and have.covers(wanted) and uv.exists():
        return uv
    _check_venv_module(project)
    shutil.rmtree(project.bootstrap, ignore_errors=True)
    log = project.logs / "setup.log"
    python = str(project.bootstrap / "bin" / "python")
    venv = [sys.executable, "-m", "venv", str(project.bootstrap)]
    run_step("Small environment for uv (venv)", venv, log=log, cwd=project.root)
    run_step(
        "uv (pip install)",
        commands.install_uv(python, str(requirements)),
        log=log,
        cwd=project.root,
        env={**clean_environment(), "PIP_NO_INPUT": "1"},
        ways_out=[NETWORK],
    )
    write_stamp(stamp, wanted)
    return uv


def has_venv_module() -> bool:
    """Debian splits venv's pip (ensurepip) off Python itself."""
    code = "import ensurepip, venv"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return done.returncode == 0


def _check_venv_module(project: Project) -> None:
    if has_venv_module():
        return
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not os.path.realpath(sys.executable).startswith("/usr/bin/"):
        raise LauncherError(
            f"The Python at {sys.executable} has no venv module.",
            "Use another one: JALON_PYTHON=/path/to/python3 ./jalon ...",
        )
    need = system.Need("the Python environment", f"{version}-venv", has_venv_module)
    system.ensure(project, [need])


def describe(project: Project) -> None:
    """Say where the environment is (first start)."""
    if not read_stamp(project.stamps / "python.json"):
        ui.say(f"First start: everything goes into {project.private}")
