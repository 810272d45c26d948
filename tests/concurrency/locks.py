"""Locks that stop another process in the middle of its work, so that it can be killed there and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg2
from django.db import connection


class Lock:
    """What the test keeps locked, on a connection of its own: whoever comes there waits, in the middle of its work."""

    def __init__(self, statement: str, *values: Any) -> None:
        self.statement, self.values = statement, values

    def __enter__(self) -> Lock:
        self.link = psycopg2.connect(**connection.get_connection_params())
        self.pid = self.link.get_backend_pid()
        with self.link.cursor() as cursor:
            cursor.execute(self.statement, self.values)
        return self

    def __exit__(self, *error: object) -> None:
        self.link.rollback()
        self.link.close()

    def waiting(self) -> list[int]:
        """The database connections that wait for it."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [self.pid])
            return [pid for (pid,) in cursor.fetchall()]


def still_there(backends: Sequence[int]) -> bool:
    """True while one of these database connections lives."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [list(backends)])
        return bool(cursor.fetchone()[0])
