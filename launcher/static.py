"""Collected static files, shared by the demo and the tests: they depend on sources only."""

import hashlib
from pathlib import Path

from launcher import commands, state
from launcher.environment import Installed, digest, read_stamp, write_stamp
from launcher.paths import Project
from launcher.run import run_step


def fingerprint(project: Project) -> str:
    """Changes with any file of static/, with the libraries, and with the settings."""
    total = hashlib.sha256(digest(project.root / "uv.lock", project.root / "config" / "settings.py").encode())
    for path in sorted((project.root / "static").rglob("*")):
        if path.is_file():
            seen = path.stat()
            total.update(f"{path.relative_to(project.root)}|{seen.st_size}|{seen.st_mtime_ns}\n".encode())
    return total.hexdigest()


def collect(project: Project, environment: dict[str, str]) -> None:
    """Run collectstatic when something changed."""
    stamp = project.stamps / "static.json"
    target = Path(environment["JALON_STATIC_ROOT"])
    with state.lock(project.private / "static.lock", None):
        wanted = Installed(fingerprint(project), frozenset())
        have = read_stamp(stamp)
        if have and have.covers(wanted) and (target / "staticfiles.json").exists():
            return
        run_step(
            "Static files (collectstatic)",
            commands.collectstatic(str(project.python)),
            log=project.logs / "setup.log",
            cwd=project.root,
            env=environment,
        )
        write_stamp(stamp, wanted)
