"""Starts processes, watches them, stops them. Restarts nothing: a death is told and ends all."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher import guard, procs
from launcher.procs import Running
from launcher.ui import LauncherError, tail_of, ways_out_of
from launcher.users import ServiceUser


@dataclass(frozen=True)
class Spec:
    """One process to keep running. `wave`: lower ones are stopped first (see procs)."""

    name: str
    command: Sequence[str]
    cwd: Path
    log: Path
    env: Mapping[str, str]
    user: ServiceUser | None = None
    stdin: str | None = None
    stop_signal: int = signal.SIGTERM
    wave: int = 0


@dataclass
class Child:
    """A started Spec."""

    spec: Spec
    process: "subprocess.Popen[bytes]"
    running: Running


@dataclass
class Supervisor:
    """The processes of one run. `changed` is told after each start and stop."""

    changed: Callable[[list[Running]], None] = lambda _running: None
    children: list[Child] = field(default_factory=list)

    def start(self, spec: Spec) -> Child:
        """Start a process in a session of its own, its output in its log (the log of the
        run before is kept as `<name>.log.1`)."""
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        if spec.log.exists():
            spec.log.replace(spec.log.with_name(f"{spec.log.name}.1"))
        options = spec.user.popen_options() if spec.user else {}
        with spec.log.open("ab") as log:
            process = subprocess.Popen(  # type: ignore[call-overload]
                list(spec.command),
                cwd=spec.cwd,
                env=dict(spec.env),
                stdin=subprocess.DEVNULL if spec.stdin is None else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        stat = procs.stat_of(process.pid)
        started = stat.started if stat else 0
        running = Running(spec.name, process.pid, started, spec.stop_signal, spec.wave)
        child = Child(spec, process, running)
        self.children.append(child)
        self._tell()
        if spec.stdin is not None:
            _feed(process, spec.stdin)
        return child

    def dead(self) -> Child | None:
        """The first process found ended, if any."""
        for child in self.children:
            if child.process.poll() is not None:
                return child
        return None

    def check(self) -> None:
        """Raise when a process has ended: all of them are meant to run until told to stop."""
        child = self.dead()
        if child is not None:
            raise death_of(child)

    def watch(self) -> None:
        """Return never: end by the error of `check` or by a signal."""
        while True:
            self.check()
            time.sleep(0.3)

    def stop(self, only: Child | None = None) -> list[str]:
        """Stop everything (or one process); returns the names of those that had to be killed."""
        with guard.shielded():
            chosen = [c for c in self.children if only is None or c is only]
            killed = procs.stop_all([c.running for c in chosen], grace=guard.grace())
            for child in chosen:
                child.process.wait()
            self.children = [c for c in self.children if c not in chosen]
            self._tell()
        return killed

    def _tell(self) -> None:
        self.changed([child.running for child in self.children])


def _feed(process: "subprocess.Popen[bytes]", text: str) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as stream:
            stream.write(text.encode())
    except BrokenPipeError:
        pass  # It has died already; `check` tells why.


def death_of(child: Child) -> LauncherError:
    """Which process ended, how, and its last words."""
    code = child.process.returncode
    how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
    tail = tail_of(child.spec.log)
    told = f"{child.spec.name} has stopped ({how})."
    return LauncherError(told, *ways_out_of(tail), f"Whole log: {child.spec.log}", tail=tail)


def wait_ready(supervisor: Supervisor, what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Poll until `ready()`; raises when a process dies or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        supervisor.check()
        if time.monotonic() > deadline:
            raise LauncherError(f"{what} did not answer within {seconds:.0f} s.")
        time.sleep(0.05)
