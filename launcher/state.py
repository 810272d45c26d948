"""What is remembered between two runs (.jalon/state.json), secrets, and the locks."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.procs import Running
from launcher.ui import LauncherError


@dataclass
class State:
    """The demo of this checkout.

    `data_dir`: folder of the databases. `size`: what was loaded, None until a load has ended.
    `loading`: size of a load that began. `loaded_on`: ISO date (local) of the load. `address`
    and `processes`: of the demo that runs or ran, `launcher` being the one that watches them.
    `accounts`: the demo's logins, as JSON. `environment`: the variables its processes were
    given. `migrated`: digest of the migrations the database has had.
    """

    data_dir: str | None = None
    size: str | None = None
    loading: str | None = None
    loaded_on: str | None = None
    address: str | None = None
    accounts: str | None = None
    migrated: str | None = None
    launcher: Running | None = None
    processes: list[Running] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def alive(self) -> list[Running]:
        """Processes of an earlier run that still live."""
        return [entry for entry in self.processes if entry.alive()]

    def forget_data(self) -> None:
        """The databases are gone."""
        self.size = self.loading = self.loaded_on = self.accounts = self.migrated = None

    def to_json(self) -> dict[str, Any]:
        """The form kept on disk."""
        return {
            **vars(self),
            "launcher": self.launcher.to_json() if self.launcher else None,
            "processes": [entry.to_json() for entry in self.processes],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "State":
        """Read back what `to_json` gave. Raises KeyError, TypeError or AttributeError on
        anything else."""
        known = dict(data)
        processes = [Running.from_json(entry) for entry in known.pop("processes")]
        launcher = known.pop("launcher")
        return cls(**known, processes=processes, launcher=Running.from_json(launcher) if launcher else None)


def read(path: Path) -> State:
    """The state on disk; a fresh one when there is none or it cannot be understood (it only
    holds what can be found again or redone). Raises when it is another user's: what runs here
    is not ours to tell."""
    try:
        return State.from_json(json.loads(path.read_text(encoding="utf-8")))
    except PermissionError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State()


def write(path: Path, state: State) -> None:
    """Replace the state at once: a killed launcher leaves the old one or the new one."""
    write_private(path, json.dumps(state.to_json(), indent=1))


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Secrets:
    """Passwords of one set of services, made here and never shown."""

    database: str
    broker: str
    application: str
    #: False when they were read back from disk.
    new: bool = True

    @classmethod
    def make(cls) -> "Secrets":
        """Fresh ones (URL-safe characters only)."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(50))


def load_secrets(path: Path) -> Secrets:
    """The demo's secrets, made at the first start, kept in a 0600 file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Secrets(data["database"], data["broker"], data["application"], new=False)
    except (OSError, ValueError, TypeError, KeyError):
        made = Secrets.make()
    values = {"database": made.database, "broker": made.broker, "application": made.application}
    write_private(path, json.dumps(values))
    return made


@contextmanager
def lock(path: Path, busy: LauncherError | None) -> Iterator[None]:
    """Hold a lock of this checkout; the system frees it when the process ends, however it ends.

    Raises `busy` when somebody else holds it, or waits for it when `busy` is None.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            assert busy is not None
            raise busy from None
        yield
