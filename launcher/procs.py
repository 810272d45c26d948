"""Processes of this machine: who they are, who descends from whom, how to end them.

Linux only: identity is the process id together with its start time, both read in /proc,
so that a number reused by somebody else's process is never taken for ours.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

#: Variable given to the application's processes: the folder of the run they belong to.
MARK = "JALON_STARTED_FOR"

#: Seconds a process has to end by itself before it is killed.
GRACE = 20.0


@dataclass(frozen=True)
class Stat:
    """The few fields of /proc/<pid>/stat that are used here. `started` in clock ticks since boot."""

    pid: int
    name: str
    state: str
    parent: int
    started: int


def parse_stat(text: str) -> Stat:
    """Read one /proc/<pid>/stat line; the name may hold spaces and parentheses."""
    head, _, rest = text.rpartition(")")
    pid, _, name = head.partition(" (")
    fields = rest.split()
    return Stat(int(pid), name, fields[0], int(fields[1]), int(fields[19]))


def stat_of(pid: int) -> Stat | None:
    """The process, or None when it is gone (a zombie counts as gone)."""
    try:
        stat = parse_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, IndexError):
        return None
    return None if stat.state in ("Z", "X") else stat


def all_processes() -> list[Stat]:
    """Every living process this user may see."""
    found = (stat_of(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [stat for stat in found if stat is not None]


def descendants(root: int, processes: Iterable[Stat] | None = None) -> list[Stat]:
    """Children, grandchildren... of a process, nearest first; the process itself is left out."""
    children: dict[int, list[Stat]] = {}
    for stat in all_processes() if processes is None else processes:
        children.setdefault(stat.parent, []).append(stat)
    found: list[Stat] = []
    queue = [root]
    while queue:
        for stat in children.get(queue.pop(0), []):
            found.append(stat)
            queue.append(stat.pid)
    return found


@dataclass(frozen=True)
class Running:
    """A process we started. `wave`: those of a lower wave are stopped first."""

    name: str
    pid: int
    started: int
    stop_signal: int = signal.SIGTERM
    wave: int = 0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Running":
        """Read back what `to_json` wrote. Raises KeyError or TypeError on anything else."""
        return cls(**{key: data[key] for key in ("name", "pid", "started", "stop_signal", "wave")})

    def to_json(self) -> dict[str, Any]:
        """The form kept in state.json."""
        return {**asdict(self), "stop_signal": int(self.stop_signal)}

    def alive(self) -> bool:
        """True when that very process still runs."""
        stat = stat_of(self.pid)
        return stat is not None and stat.started == self.started


def myself() -> Running:
    """This process."""
    stat = stat_of(os.getpid())
    return Running("launcher", os.getpid(), stat.started if stat else 0)


def send(pid: int, number: int) -> None:
    """Signal a process that may be gone already."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Poll until `done()`; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def as_running(stat: Stat) -> Running:
    """How to stop a process known only from /proc: the databases last, PostgreSQL by SIGINT
    (its "fast" shutdown: SIGTERM would wait for the clients)."""
    if stat.name == "postgres":
        return Running(stat.name, stat.pid, stat.started, signal.SIGINT, wave=2)
    wave = 1 if stat.name in ("redis-server", "valkey-server") else 0
    return Running(stat.name, stat.pid, stat.started, signal.SIGTERM, wave)


def stop_all(
    running: Iterable[Running], *, grace: float = GRACE, reap: Callable[[], object] | None = None
) -> list[str]:
    """Stop processes and all that descends from them, wave by wave.

    Returns the names of those that had to be killed. `reap` is called while waiting, for a
    caller that must collect its own children.
    """
    killed: list[str] = []
    by_wave: dict[int, list[Running]] = {}
    for entry in running:
        by_wave.setdefault(entry.wave, []).append(entry)
    for wave in sorted(by_wave):
        killed += _stop_wave([entry for entry in by_wave[wave] if entry.alive()], grace, reap)
    return killed


def _stop_wave(entries: list[Running], grace: float, reap: Callable[[], object] | None) -> list[str]:
    processes = all_processes()
    # Taken before the signal: once a parent is dead its children cannot be told from others.
    family = [as_running(s) for entry in entries for s in descendants(entry.pid, processes)]
    for entry in entries:
        send(entry.pid, entry.stop_signal)

    def all_gone(group: list[Running]) -> bool:
        if reap is not None:
            reap()
        return not any(entry.alive() for entry in group)

    killed: list[str] = []
    if not wait_until(lambda: all_gone(entries), grace):
        killed = [entry.name for entry in entries if entry.alive()]
        for entry in entries:
            if entry.alive():
                send(entry.pid, signal.SIGKILL)
    # Grandchildren normally follow their parent within an instant; the others are made to.
    if not wait_until(lambda: all_gone(family), 2.0):
        for entry in family:
            if entry.alive():
                send(entry.pid, signal.SIGKILL)
    wait_until(lambda: all_gone(entries + family), 5.0)
    return killed


def stop_descendants(root: int, *, grace: float = GRACE) -> list[str]:
    """Stop everything that descends from a process (its direct children get the signals)."""
    direct = [as_running(stat) for stat in all_processes() if stat.parent == root]
    killed = stop_all(direct, grace=grace)
    # What was adopted meanwhile by a child subreaper, or refused to go.
    for stat in descendants(root):
        killed.append(stat.name)
        send(stat.pid, signal.SIGKILL)
    return killed


def working_in(folder: Path) -> list[Running]:
    """Processes whose working directory is `folder`: servers run inside their data directory."""
    found = []
    for stat in all_processes():
        try:
            if Path(f"/proc/{stat.pid}/cwd").readlink() == folder:
                found.append(stat)
        except OSError:
            continue
    inside = {stat.pid for stat in found}
    return [as_running(stat) for stat in found if stat.parent not in inside]


def marked(value: str) -> list[Running]:
    """Processes whose environment holds `MARK=value`: the application's, whoever their parent
    is now. Ourselves and our parents are left out."""
    wanted = f"{MARK}={value}".encode()
    ours = set(ancestors(os.getpid()))
    found = []
    for stat in all_processes():
        try:
            variables = Path(f"/proc/{stat.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables and stat.pid not in ours:
            found.append(as_running(stat))
    return found


def ancestors(pid: int) -> list[int]:
    """A process and its parents."""
    chain = []
    while pid > 0 and (stat := stat_of(pid)) is not None:
        chain.append(pid)
        pid = stat.parent
    return chain


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def adopt_orphans() -> None:
    """Make this process the parent of its descendants' orphans, so that none gets out of sight."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: int) -> None:
    """Ask for a signal when the parent of this process ends."""
    _prctl(PR_SET_PDEATHSIG, number)
