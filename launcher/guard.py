"""Ctrl-C, SIGTERM and kill -9: however the launcher ends, nothing it started stays behind.

Two processes: the outer one only waits, the inner one works. If the outer is killed, the inner
gets SIGTERM from the kernel and stops everything in order. If the inner is killed, its
children fall to the outer, which stops them. If both are, the next start finds them (state.py).
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from launcher import procs, ui

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C or a signal: raised once, in the main thread, wherever it is."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Signals:
    """State of the handler: a request raises once, later ones only shorten the wait."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        self.pending: int | None = None
        self.shields = 0
        self.hurry = False

    def handle(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at = now
            if self.shields:
                self.pending = number
            else:
                raise StopRequested(number)
        # A terminal's Ctrl-C reaches both processes, so the first one comes twice.
        elif now - self.asked_at > 1.0:
            self.hurry = True


_signals = _Signals()


@contextmanager
def shielded() -> Iterator[None]:
    """A clean-up that a signal must not cut short; the request is raised once it is over."""
    _signals.shields += 1
    try:
        yield
    finally:
        _signals.shields -= 1
    if _signals.pending is not None and not _signals.shields:
        number, _signals.pending = _signals.pending, None
        raise StopRequested(number)


def grace() -> float:
    """Seconds given to a process that is being stopped; short after a second Ctrl-C."""
    return 0.5 if _signals.hurry else procs.GRACE


def run_guarded(work: Callable[[], int]) -> int:
    """Run `work` in a child process under the watch described above; returns its exit code."""
    procs.adopt_orphans()
    outer = os.getpid()
    inner = os.fork()
    if inner == 0:
        # Never returns: the copy of the caller's stack must not run in the child.
        os._exit(_run_inner(work, outer))
    _handle_signals(lambda received, _frame: procs.send(inner, received))
    return _watch(inner)


def _handle_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in SIGNALS:
        # Started under nohup: a closed terminal is meant not to stop it.
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        signal.signal(number, handler)


def _run_inner(work: Callable[[], int], outer: int) -> int:
    code = 1
    try:
        _handle_signals(_signals.handle)
        procs.die_with_parent(signal.SIGTERM)
        procs.adopt_orphans()
        if os.getppid() == outer:
            code = work()
    except StopRequested as stop:
        code = 128 + stop.number
    except Exception:
        traceback.print_exc()
    # Nothing may interrupt this; a request that comes now has nothing left to stop.
    _signals.shields += 1
    procs.stop_descendants(os.getpid(), grace=grace())
    sys.stdout.flush()
    return code


def _watch(inner: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == inner:
            break
    code = os.waitstatus_to_exitcode(status)
    procs.stop_descendants(os.getpid())
    if code >= 0:
        return code
    name = signal.Signals(-code).name
    ui.say(f"jalon: the launcher was killed ({name}); what it had started has been stopped.", error=True)
    ui.say("  -> Run the same command again.", error=True)
    return 128 - code
