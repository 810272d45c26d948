"""Threads that start together, each with its own connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from django.db import connections

AT_ONCE = 24
"""Connections open together: PostgreSQL allows a hundred by default, and other tests use some."""


def at_once(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Runs ``work`` on each item, `AT_ONCE` threads racing at a time, each with its own connection.

    Returns the results in order; an exception is a result.
    """
    results: list[Any] = [None] * len(items)
    threads = min(AT_ONCE, len(items))
    barrier = Barrier(threads)

    def run(first: int) -> None:
        barrier.wait()
        for index in range(first, len(items), threads):
            try:
                results[index] = work(items[index])
            except Exception as error:
                results[index] = error
        connections.close_all()

    racing = [Thread(target=run, args=(first,)) for first in range(threads)]
    for thread in racing:
        thread.start()
    for thread in racing:
        thread.join()
    return results
