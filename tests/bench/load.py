"""A closed-loop HTTP client: n clients, each with its own kept connection, asking again as soon as answered."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from time import perf_counter


@dataclass(frozen=True)
class Latency:
    """Milliseconds per request, over all the requests of a run."""

    p50: float
    p95: float
    count: int

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(1000 * ordered[len(ordered) // 2], 1000 * ordered[int(len(ordered) * 0.95)], len(ordered))


def ask(port: int, path: str, *, cookie: str, clients: int, requests: int, forms: Sequence[str] = ()) -> Latency:
    """Sends ``requests`` GETs in all, from ``clients`` threads, or POSTs of ``forms`` (form-encoded) in turn; raises
    RuntimeError on anything but 200."""
    taken: list[float] = []
    faults: list[str] = []
    share = max(requests // clients, 1)
    threads = [
        threading.Thread(target=_client, args=(port, path, cookie, share, forms, taken, faults)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"{path}: {faults[0]} ({len(faults)} faults)")
    return Latency.of(taken)


def _client(
    port: int, path: str, cookie: str, requests: int, forms: Sequence[str], taken: list[float], faults: list[str]
) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": cookie} | ({"Content-Type": "application/x-www-form-urlencoded"} if forms else {})
    for number in range(requests):
        start = perf_counter()
        try:
            form = forms[number % len(forms)] if forms else None
            connection.request("POST" if forms else "GET", path, body=form, headers=headers)
            response = connection.getresponse()
            response.read()
        except OSError as error:
            faults.append(repr(error))
            connection.close()
            continue
        if response.status == 200:
            taken.append(perf_counter() - start)
        else:
            faults.append(f"HTTP {response.status}")
    connection.close()
