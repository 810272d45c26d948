"""Worklist page against a bare view of fifty rows (DESIGN.md 6): p50 and p95 at 1, 8 and 32 clients, SQL count."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from time import monotonic, sleep

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from directory.models import Role, User
from launcher.commands import web
from tests.bench.load import Latency, ask

CLIENTS = (1, 8, 32)
REQUESTS = 240
AIM_RATIO = 3.0
AIM_QUERIES = 12


def coordinator() -> User:
    """The coordinator with the most active pathways."""
    user = User.objects.filter(memberships__role=Role.COORDINATOR, is_active=True).order_by("pk").first()
    if user is None:
        raise SystemExit("no coordinator: load the demo hospital first")
    return user


def session_cookie() -> str:
    client = Client()
    client.force_login(coordinator())
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def query_count(path: str) -> int:
    client = Client()
    client.force_login(coordinator())
    client.get(path, headers={"host": "127.0.0.1"})  # what a process reads once in its life is not counted
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers={"host": "127.0.0.1"})
    if response.status_code != 200:
        raise SystemExit(f"{path} answered {response.status_code}")
    return len(queries)


@contextmanager
def server() -> Iterator[int]:
    """The production server on the bench's routes; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        web(sys.executable, bind=f"127.0.0.1:{port}"),
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int) -> None:
    deadline = monotonic() + 60
    while monotonic() < deadline:
        try:
            probe = HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/healthz")
            if probe.getresponse().status == 200:
                return
        except OSError:
            sleep(0.2)
    raise SystemExit("the server did not start")


def measure() -> dict[int, Latency]:
    """Prints the comparison; returns the worklist's latencies by number of clients, to compare sizes."""
    page, cookie = reverse("coordination:worklist"), session_cookie()
    print(f"worklist: {query_count(page)} SQL queries (aim: at most {AIM_QUERIES})")
    found = {}
    with server() as port:
        for path in (page, "/bench/bare"):
            ask(port, path, cookie=cookie, clients=8, requests=40)
        for clients in CLIENTS:
            bare = ask(port, "/bench/bare", cookie=cookie, clients=clients, requests=REQUESTS)
            full = ask(port, page, cookie=cookie, clients=clients, requests=REQUESTS)
            found[clients] = full
            print(
                f"  {clients:>2} clients  worklist p50 {full.p50:7.1f} ms  p95 {full.p95:7.1f} ms   "
                f"bare p50 {bare.p50:7.1f} ms  p95 {bare.p95:7.1f} ms   "
                f"ratio p50 {full.p50 / bare.p50:4.2f}  p95 {full.p95 / bare.p95:4.2f}  (aim: at most {AIM_RATIO})"
            )
    return found
