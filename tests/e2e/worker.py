"""A real Celery worker beside the tests, on the database of the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from config.celery import app
from launcher.commands import worker as worker_command

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds given to the worker: on a busy machine its start alone takes ten."""


@dataclass(frozen=True)
class Worker:
    """The process and what it wrote."""

    process: subprocess.Popen[bytes]
    log: Path

    def until(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Waits for what the worker is to bring about, asking ten times a second; fails with the end of its log."""
        deadline, pause = time.monotonic() + seconds, Event()
        while not true():
            assert self.process.poll() is None, f"the worker died\n{self._tail()}"
            assert time.monotonic() < deadline, f"{what}: not in {seconds:.0f} s\n{self._tail()}"
            pause.wait(0.1)

    def _tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


@contextmanager
def running_worker(*, database: str, queue: str, folder: Path) -> Iterator[Worker]:
    """Starts the worker and sends it what this process publishes; stops it, with its children, at the end."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.e2e.worker_settings",
        "PYTHONPATH": str(ROOT),
        "E2E_DATABASE": database,
        "E2E_QUEUE": queue,
        "JALON_MEDIA_ROOT": str(folder / "media"),
        "JALON_EMAIL_URL": f"file://{folder / 'post'}",
    }
    command = [*worker_command(sys.executable, concurrency=1), f"--hostname={queue}@%h"]
    log = folder / "worker.log"
    with log.open("wb") as out, _publishing_to(queue):
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)
        try:
            yield Worker(process, log)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for strength in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, strength)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
            return


@contextmanager
def _publishing_to(queue: str) -> Iterator[None]:
    """Celery reads its default queue once: it is made to read it again."""
    usual = app.conf.task_default_queue
    for name in (queue, usual):
        app.conf.task_default_queue = name
        app.__dict__.pop("amqp", None)
        if name == queue:
            yield
