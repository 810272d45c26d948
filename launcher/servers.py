"""One PostgreSQL and one Redis, started from their programs and reachable on 127.0.0.1 only."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from launcher import procs
from launcher.binaries import Broker, Postgres
from launcher.paths import make_private
from launcher.run import clean_environment
from launcher.supervisor import Child, Spec, Supervisor, wait_ready
from launcher.ui import NO_SPACE, LauncherError, disk_full, tail_of
from launcher.users import ServiceUser

ROLE = DATABASE = "jalon"
#: In throw-away servers only: the tests copy theirs from it.
TEMPLATE = "jalon_template"
LOOPBACK = "127.0.0.1"
#: Without ICU, and alike on every machine: sorting in French is done by the queries.
INITDB_OPTIONS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8")
#: Another program may take a free port between the choice and its use.
PORT_ATTEMPTS = 3
START_SECONDS = 60.0

#: Throw-away data: nothing survives a power cut, and tests take half the time.
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
#: A failed statement is logged without its text nor the row it met: both may hold an identity.
PRIVACY_SETTINGS = ("log_min_error_statement=panic", "log_error_verbosity=terse")
#: Nothing on disk: see MessageBroker. A full memory must refuse a message, not drop another.
BROKER_SETTINGS = ('save ""', "appendonly no", "maxmemory-policy noeviction")


def free_port() -> int:
    """A TCP port of the loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def server_environment() -> dict[str, str]:
    """Environment of the servers: plain messages, none of our variables, none of libpq's."""
    kept = {k: v for k, v in clean_environment().items() if not k.startswith(("PG", "JALON_"))}
    kept.update(LC_ALL="C.UTF-8", LANG="C.UTF-8")
    return kept


def data_major(data: Path) -> int | None:
    """Version of PostgreSQL that made this data directory, None when it is not there or not whole."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


@dataclass
class Database:
    """PostgreSQL on its own data directory."""

    binaries: Postgres
    user: ServiceUser
    data: Path
    log: Path
    password: str
    settings: tuple[str, ...] = ()
    max_connections: int = 100
    names: tuple[str, ...] = (DATABASE,)

    @property
    def folder(self) -> Path:
        """Holds the data directory."""
        return self.data.parent

    def initialise(self, seed: Path | None = None) -> bool:
        """Make the data directory, all of it or none: built aside, then renamed. `seed` is a data
        directory to copy instead of making one. Returns False when it is there already."""
        for leftover in self.folder.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if data_major(self.data) is not None:
            return False
        if self.data.exists():
            shutil.rmtree(self.data)
        building = make_private(self.data.with_name(f"{self.data.name}.new-{secrets.token_hex(4)}"))
        self.user.own(building)
        try:
            if seed is None:
                self._initdb(building)
                self._single_user(building, "".join(f"CREATE DATABASE {name};\n" for name in self.names))
            else:
                self._run(["cp", "-a", f"{seed}/.", str(building)], building)
                self.set_password(building)
            building.rename(self.data)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return True

    def _initdb(self, target: Path) -> None:
        password_file = target.with_name(f"{target.name}.password")
        try:
            password_file.touch(mode=0o600)
            self.user.own(password_file)
            password_file.write_text(self.password, encoding="ascii")
            self._run_initdb(target, password_file)
        finally:
            password_file.unlink(missing_ok=True)

    def _run_initdb(self, target: Path, password_file: Path) -> None:
        self._run(
            [
                str(self.binaries.bin / "initdb"),
                f"--pgdata={target}",
                f"--username={ROLE}",
                f"--pwfile={password_file}",
                *INITDB_OPTIONS,
                "--no-instructions",
                *(["--no-sync"] if FAST_SETTINGS[0] in self.settings else []),
            ],
            target,
        )

    def _single_user(self, data: Path, statements: str) -> None:
        """SQL statements, one per line, without a server: neither port, nor password, nor driver needed."""
        command = [str(self.binaries.bin / "postgres"), "--single", "-D", str(data), "postgres"]
        self._run(command, data, statements)

    def _run(self, command: list[str], cwd: Path, text: str = "") -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(  # type: ignore[call-overload]
                command,
                cwd=cwd,
                env=server_environment(),
                input=text.encode(),
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                start_new_session=True,
                **self.user.popen_options(),
            )
        if done.returncode != 0:
            raise self._failure(f"{Path(command[0]).name} failed (exit code {done.returncode}).")

    def _failure(self, message: str) -> LauncherError:
        tail = tail_of(self.log)
        if NO_SPACE in tail:
            return disk_full(self.folder)
        return LauncherError(message, f"Whole log: {self.log}", tail=tail)

    def set_password(self, data: Path | None = None) -> None:
        """Make the role's password the one we hold."""
        self._single_user(data or self.data, f"ALTER ROLE {ROLE} PASSWORD '{self.password}';\n")

    def clear_previous(self) -> list[str]:
        """Stop a server of an earlier run that still works in our directory, and remove the
        pid file of one that does not run any more. Returns the names of what was stopped."""
        orphans = procs.working_in(self.data)
        procs.stop_all(orphans)
        with contextlib.suppress(OSError):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        return [orphan.name for orphan in orphans]

    def start(self, supervisor: Supervisor) -> str:
        """Start it on a free port; returns its URL."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = free_port()
            child = supervisor.start(self._spec(port))
            try:
                wait_ready(supervisor, "PostgreSQL", partial(self._ready, child), START_SECONDS)
            except LauncherError:
                tail = tail_of(self.log)
                supervisor.stop(child)
                if "could not bind" in tail and attempt < PORT_ATTEMPTS:
                    continue
                if NO_SPACE in tail:
                    raise disk_full(self.folder) from None
                raise
            return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{port}/{DATABASE}"
        raise LauncherError("No free port for PostgreSQL.")

    def _spec(self, port: int) -> Spec:
        settings = (
            f"port={port}",
            f"listen_addresses={LOOPBACK}",
            # Socket paths are limited to about 100 characters, and TCP is enough.
            "unix_socket_directories=",
            f"max_connections={self.max_connections}",
            "shared_buffers=256MB",
            "timezone=UTC",
            "log_timezone=UTC",
            *self.settings,
        )
        options = [part for setting in settings for part in ("-c", setting)]
        return Spec(
            name="postgres",
            command=[str(self.binaries.bin / "postgres"), "-D", str(self.data), *options],
            cwd=self.data,
            log=self.log,
            env=server_environment(),
            user=self.user,
            stop_signal=signal.SIGINT,
            wave=2,
        )

    def _ready(self, child: Child) -> bool:
        """PostgreSQL writes its state on the eighth line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(child.process.pid) and lines[7].strip() == "ready"


@dataclass
class MessageBroker:
    """Redis or Valkey. It keeps nothing on disk: a message lost with it is sent again from the
    outbox table."""

    binaries: Broker
    user: ServiceUser
    folder: Path
    log: Path
    password: str

    def prepare(self) -> list[str]:
        """Make its working directory; stop one of an earlier run that still works there."""
        make_private(self.folder)
        self.user.own(self.folder)
        orphans = procs.working_in(self.folder)
        procs.stop_all(orphans)
        return [orphan.name for orphan in orphans]

    def start(self, supervisor: Supervisor) -> str:
        """Start it on a free port; returns its URL."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port = free_port()
            child = supervisor.start(self._spec(port))
            try:
                wait_ready(supervisor, "Redis", partial(self._ready, port), START_SECONDS)
            except LauncherError:
                in_use = "Address already in use" in tail_of(self.log)
                supervisor.stop(child)
                if in_use and attempt < PORT_ATTEMPTS:
                    continue
                raise
            return f"redis://:{self.password}@{LOOPBACK}:{port}/0"
        raise LauncherError("No free port for Redis.")

    def _spec(self, port: int) -> Spec:
        # On standard input, so that the password shows neither in ps nor in a file.
        settings = [
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {self.password}",
            "daemonize no",
            *BROKER_SETTINGS,
        ]
        return Spec(
            name="redis",
            command=[str(self.binaries.program), "-"],
            cwd=self.folder,
            log=self.log,
            env=server_environment(),
            user=self.user,
            stdin="\n".join(settings) + "\n",
            wave=1,
        )

    def _ready(self, port: int) -> bool:
        try:
            with socket.create_connection((LOOPBACK, port), timeout=1.0) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    part = link.recv(256)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours, files of the service user included."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        raise LauncherError(f"{folder} could not be removed.", f"Remove it by hand: rm -r '{folder}'")
