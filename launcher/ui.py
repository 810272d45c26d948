"""What the launcher says, and the one error it raises on purpose."""

import errno
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: How programs report a full disk, in the language we run them in.
NO_SPACE = "No space left on device"
#: How uv, pip and npm report a certificate they do not know.
UNKNOWN_CERTIFICATE = ("UnknownIssuer", "CERTIFICATE_VERIFY_FAILED", "SELF_SIGNED_CERT_IN_CHAIN")


class LauncherError(Exception):
    """Something the user can act on: what is wrong, and one or more ways out."""

    def __init__(self, message: str, *ways_out: str, tail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.ways_out = ways_out
        self.tail = tail

    def __str__(self) -> str:
        lines = [f"jalon: {self.message}"]
        lines += [f"    | {line}" for line in self.tail.splitlines()]
        lines += [f"  -> {way}" for way in self.ways_out]
        return "\n".join(lines)


_everything_to_stderr = False


def keep_stdout_clean() -> None:
    """For commands whose output may be piped: what the launcher says goes to standard error."""
    global _everything_to_stderr
    _everything_to_stderr = True


def say(text: str = "", *, end: str = "\n", error: bool = False) -> None:
    """Print, and survive a terminal that has gone: stopping the services matters more."""
    stream = sys.stderr if error or _everything_to_stderr else sys.stdout
    with suppress(OSError, ValueError):
        print(text, end=end, file=stream, flush=True)


def is_terminal() -> bool:
    """True when lines may be rewritten in place."""
    try:
        return (sys.stderr if _everything_to_stderr else sys.stdout).isatty()
    except ValueError:
        return False


def disk_full(where: Path | str) -> LauncherError:
    """The error for a full disk, met before or during a step."""
    return LauncherError(
        f"The disk that holds {where} is full.",
        "Free some space, then run the same command again: finished steps are not redone.",
    )


def ways_out_of(told: str) -> list[str]:
    """What to do about a known cause, found in a program's last words."""
    if NO_SPACE in told:
        return ["The disk is full: free some space and start again."]
    if any(word in told for word in UNKNOWN_CERTIFICATE):
        return ["Behind a proxy with a certificate of its own, set SSL_CERT_FILE and NODE_EXTRA_CA_CERTS to that one."]
    if "ModuleNotFoundError" in told:
        return ["A Python package is damaged or missing: remove .jalon/venv and start again."]
    return []


def from_os_error(error: OSError, where: Path) -> LauncherError | None:
    """A readable error for the system errors a user can do something about, else None."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(error.filename or where)
    elsewhere = "Or clone the project into a folder you can write to."
    if error.errno == errno.EROFS:
        return LauncherError(
            f"{error.filename or where} is on a read-only file system.", "Mount it for writing.", elsewhere
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return LauncherError(
            f"No permission for {error.filename or where}.",
            "Run as the user who owns this folder, or remove .jalon/ as the user who made it and start again.",
            elsewhere,
        )
    return None


class Progress:
    """One step in the terminal: its title, the seconds that pass, the time it took."""

    #: Seconds between two lines when the output is not a terminal, and before the first.
    PLAIN_PERIOD = 10.0
    PLAIN_FIRST = 2.0

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self._next_plain = self.PLAIN_FIRST
        self._width = 0
        if is_terminal():
            self.tick()

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def tick(self, detail: str = "") -> None:
        """Show that time passes; cheap enough to call in every polling loop."""
        if is_terminal():
            line = f"  {self.title} ... {self.seconds:.0f} s"
            if detail:
                line += f"  {detail}"
            line = line[:100]
            say("\r" + line.ljust(self._width), end="")
            self._width = len(line)
        elif self.seconds >= self._next_plain:
            self._next_plain = self.seconds + self.PLAIN_PERIOD
            say(f"  {self.title} ... {self.seconds:.0f} s {detail}".rstrip())

    def finish(self, outcome: str = "done") -> None:
        """Close the line with how it ended and how long it took."""
        line = f"  {self.title}: {outcome} ({self.seconds:.1f} s)"
        say(("\r" + line.ljust(self._width)) if is_terminal() else line)


@contextmanager
def step(title: str) -> Iterator[Progress]:
    """Progress around a block of Python; says how the block ended."""
    progress = Progress(title)
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.5):
            progress.tick()

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    outcome = "interrupted"
    try:
        yield progress
        outcome = "done"
    except Exception:
        outcome = "failed"
        raise
    finally:
        over.set()
        ticking.join()
        progress.finish(outcome)


def tail_of(path: Path, lines: int = 15, *, start: int = 0) -> str:
    """Last lines of a log, from the byte `start` on; empty when there is none."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(start, stream.tell() - 200 * lines))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])
