"""Real servers and workers that a test may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from celery import current_app
from django.conf import settings
from django.db import connection

from launcher.binaries import find_broker
from launcher.commands import worker
from launcher.paths import Project

ROOT = Path(__file__).resolve().parents[2]


def wait_until(what: Callable[[], bool], *, seconds: float, told: str) -> None:
    """Polls ``what``; fails with ``told`` when it stays false."""
    deadline = monotonic() + seconds
    while not what():
        assert monotonic() < deadline, told
        connection.close()  # a fresh look, outside any snapshot
        _pause()


def _pause() -> None:
    """Gives the processor away for a moment without a fixed rhythm to depend on."""
    import select

    select.select([], [], [], 0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(redis_url: str, folder: Path) -> dict[str, str]:
    """What a process of the application reads, so that it works on the test's database."""
    database = settings.DATABASES["default"]
    return os.environ | {
        "JALON_DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
        "JALON_REDIS_URL": redis_url,
        "JALON_MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "JALON_EMAIL_URL": f"file://{folder / 'post'}",
    }


def children_of(process: subprocess.Popen[bytes] | None) -> list[int]:
    """The processes it started itself."""
    assert process is not None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in children.read_text(encoding="ascii").split()]


def publish_to(url: str) -> None:
    """This process sends its tasks to the Redis of ``url``."""
    current_app.conf.broker_url = current_app.conf.broker_write_url = url
    current_app._pool = current_app.amqp._producer_pool = None  # kombu keeps one pool per address: ask for ours


class RedisServer:
    """A Redis of the test's own, killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        broker = find_broker(Project(ROOT))
        assert broker is not None, "no Redis or Valkey to start"
        self.program, self.folder, self.port = broker.program, folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([str(self.program), *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, seconds=60, told="Redis did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class CeleryWorker:
    """A worker with its own beat, on the test's database; killed as a power cut would, children included."""

    def __init__(self, *, redis_url: str, folder: Path, beat: bool = True) -> None:
        self.folder, self.redis_url, self.beat = folder, redis_url, beat
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = worker(sys.executable)
        if self.beat:
            command += ["--beat", f"--schedule={self.folder / 'beat'}"]
        self.log = (self.folder / "worker.log").open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(self.redis_url, self.folder),
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def kill_children(self) -> None:
        """Kills those who do the work, as an operating system short of memory would; the worker makes others."""
        for pid in children_of(self.process):
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.log.close()
            self.process = None
