"""Running one command: in the background with progress and a log, or in the foreground."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher import guard, procs
from launcher.ui import NO_SPACE, LauncherError, Progress, disk_full, tail_of, ways_out_of


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without what would point programs at another Python."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
    }
    environment.update(extra or {})
    return environment


def run_step(
    title: str,
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    ways_out: Sequence[str] = (),
) -> float:
    """Run a command to its end, its output in `log`, the seconds shown. Returns its duration.

    Raises LauncherError with the last lines of the log when it fails.
    """
    progress = Progress(title)
    log.parent.mkdir(parents=True, exist_ok=True)
    outcome = "failed"
    try:
        with log.open("ab") as stream:
            start = stream.tell()
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=clean_environment() if env is None else dict(env),
                start_new_session=True,
            )
            code = _wait(process, progress, log, start)
        if code == 0:
            outcome = "done"
            return progress.seconds
    except guard.StopRequested:
        outcome = "interrupted"
        raise
    finally:
        progress.finish(outcome)
    with log.open("rb") as stream:
        stream.seek(start)
        told = NO_SPACE.encode() in stream.read()
    # A full disk may leave no room to say so.
    if told or shutil.disk_usage(log.parent).free < 2**20:
        raise disk_full(log.parent)
    tail = tail_of(log, start=start)
    known = [*ways_out, *ways_out_of(tail)]
    raise LauncherError(f"{title}: failed (exit code {code}).", *known, f"Whole log: {log}", tail=tail)


def _wait(process: "subprocess.Popen[bytes]", progress: Progress, log: Path, start: int) -> int:
    pause = 0.02
    while (code := process.poll()) is None:
        time.sleep(pause)
        pause = min(0.25, pause * 1.5)
        progress.tick(tail_of(log, 1, start=start).strip()[:60])
    return code


def run_foreground(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run a command that has the terminal to itself; returns its exit code.

    When we are asked to stop, it is given the time to end by itself: its servers must
    outlive it.
    """
    process = subprocess.Popen(list(command), cwd=cwd, env=dict(env))
    try:
        return _shell_code(process.wait())
    except guard.StopRequested as stop:
        with guard.shielded():
            # A terminal's Ctrl-C has reached it already, and a second one would cut it short.
            if not (stop.number == signal.SIGINT and sys.stdin.isatty()):
                procs.send(process.pid, stop.number)
            if not procs.wait_until(lambda: process.poll() is not None, guard.grace()):
                process.kill()
                process.wait()
        raise


def _shell_code(code: int) -> int:
    return code if code >= 0 else 128 - code
