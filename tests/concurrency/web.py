"""The web server of production, whose workers a test may kill, and clients that send forms to it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from directory.models import User
from launcher.commands import web
from tests.concurrency.processes import ROOT, children_of, environment, free_port, wait_until

TOKEN = "a" * 32
"""A CSRF secret, the same in the cookie and in the form."""


class WebServer:
    """gunicorn as the launcher starts it: its workers die, it makes others."""

    def __init__(self, *, redis_url: str, folder: Path, workers: int = 2) -> None:
        self.redis_url, self.folder, self.count, self.port = redis_url, folder, workers, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = web(sys.executable, bind=f"127.0.0.1:{self.port}", workers=self.count)
        self.log = (self.folder / "web.log").open("ab")
        # No static file is collected for a test: pages name them as they are.
        variables = environment(self.redis_url, self.folder) | {"JALON_DEBUG": "1"}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdout=self.log, stderr=self.log, start_new_session=True
        )
        wait_until(lambda: self._answers() and len(self.workers()) == self.count, seconds=240, told="no web server")

    def _answers(self) -> bool:
        try:
            return bool(send(self.port, "GET", "/healthz").status)
        except (OSError, HTTPException):
            return False

    def workers(self) -> list[int]:
        """The processes that answer; the first one listens and only watches them."""
        return children_of(self.process)

    def kill_workers(self) -> list[int]:
        """As a power cut would, without a word to anyone; returns who died."""
        died = self.workers()
        for pid in died:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(died) & set(self.workers()), seconds=60, told="the workers did not die")
        return died

    def kill_one(self, chance: random.Random) -> int:
        """Kills one worker, whatever it does; returns which."""
        wait_until(lambda: bool(self.workers()), seconds=60, told="no worker came back")
        pid = chance.choice(self.workers())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.log.close()
            self.process = None


@dataclass(frozen=True)
class Answer:
    status: int
    location: str


Form = Sequence[tuple[str, object]]


def send(port: int, method: str, path: str, form: Form = (), cookies: Mapping[str, str] | None = None) -> Answer:
    """One request on a connection of its own. Raises OSError or HTTPException when the server dies on the way."""
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, path, urlencode([(name, str(value)) for name, value in form]) or None, headers)
        answer = link.getresponse()
        answer.read()
        return Answer(answer.status, answer.getheader("Location") or "")
    finally:
        link.close()


@dataclass
class Nurse:
    """Somebody signed in, who sends the same form again as long as no answer comes."""

    port: int
    user: User
    deaths: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = Client()
        client.force_login(self.user)
        self.session = str(client.session.session_key)

    def post(self, path: str, form: Form) -> Answer:
        """Sends it once."""
        cookies = {settings.SESSION_COOKIE_NAME: self.session, settings.CSRF_COOKIE_NAME: TOKEN}
        return send(self.port, "POST", path, [("csrfmiddlewaretoken", TOKEN), *form], cookies)

    def insist(self, path: str, form: Form) -> Answer:
        """Sends it until the server answers."""
        while True:
            try:
                return self.post(path, form)
            except (OSError, HTTPException) as death:
                self.deaths.append(death)
                assert len(self.deaths) < 500, "the server does not come back"
