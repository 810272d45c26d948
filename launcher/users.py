"""Who the servers run as, and where that user can keep its data."""

import errno
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.paths import Project
from launcher.state import State
from launcher.ui import LauncherError, say

#: PostgreSQL refuses root. Its own user when the package is installed, else the one every
#: system has. The launcher makes no account of its own.
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class ServiceUser:
    """The account the servers run under."""

    name: str
    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        """True when it is who we are: nothing to change."""
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Give a file or a folder to this user."""
        if not self.is_self:
            os.chown(path, self.uid, self.gid)

    def popen_options(self) -> dict[str, object]:
        """Arguments for subprocess that switch to this user."""
        if self.is_self:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path | str) -> bool:
        """Ask the system, as that user: `test` is an option of test(1), such as -x or -w."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        done = subprocess.run(command, cwd="/", check=False, **self.popen_options())  # type: ignore[call-overload]
        return bool(done.returncode == 0)


def service_user() -> ServiceUser:
    """Ourselves, or an unprivileged account when we are root."""
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
        return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise LauncherError(
        "PostgreSQL refuses to run as root, and there is no unprivileged user to run it as.",
        "Make one (useradd --system postgres), or start as an ordinary user.",
    )


def data_root(project: Project, state: State, user: ServiceUser, outside: Path) -> Path:
    """Folder of the databases: in `.jalon/` when the service user can work there.

    Otherwise (root's home is closed, or the file system keeps no owners) a folder of this
    checkout's own below `outside`; it is remembered in `state.data_dir`.
    """
    if state.data_dir and Path(state.data_dir).is_dir():
        return Path(state.data_dir)
    inside = project.private / "data"
    if _usable(inside, user):
        chosen = inside
    else:
        chosen = outside / f"jalon-{project.key}"
        _claim(chosen)
        if not _usable(chosen, user):
            raise LauncherError(
                f"The user {user.name} can work neither in {inside} nor in {chosen}.",
                "Put the checkout in a folder that user can enter, or start as an ordinary user.",
            )
        say(f"  {user.name} cannot enter {project.root}: databases go to {chosen}")
    state.data_dir = str(chosen)
    return chosen


def _usable(folder: Path, user: ServiceUser) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    if user.is_self:
        return os.access(folder, os.W_OK | os.X_OK)
    folder.chmod(0o755)
    probe = folder / "probe"
    try:
        probe.mkdir(mode=0o700, exist_ok=True)
        user.own(probe)
        return user.can("-w", probe)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EINVAL):
            return False
        raise
    finally:
        if probe.exists():
            probe.rmdir()


def _claim(folder: Path) -> None:
    """Make a folder in a place open to all, refusing one that somebody else prepared."""
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise LauncherError(
                f"{folder} exists and belongs to somebody else.",
                f"See what it is, remove it (rm -r {folder}), and start again.",
            ) from None


def check_owner(folder: Path, user: ServiceUser) -> None:
    """Raise when the databases were made by another user than the one who would open them."""
    if not folder.exists() or folder.stat().st_uid == user.uid:
        return
    try:
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    except KeyError:
        owner = str(folder.stat().st_uid)
    raise LauncherError(
        f"The databases in {folder} belong to the user {owner}, and this start would run them as {user.name}.",
        "Start as the same user as the first time,",
        "or remove .jalon/ as that user and start again.",
    )
