"""A GET never writes: enforced on every statement the request sends to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_allowed: ContextVar[bool] = ContextVar("jalon_write_allowed", default=False)

_READS = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE SAVEPOINT",
    "ROLLBACK TO SAVEPOINT",
    "EXPLAIN",
    "SHOW",
    "SET ",
    "DECLARE",
    "CLOSE",
)


class WriteOnReadError(RuntimeError):
    """A view served for reading tried to write: a bug, never a user's fault."""


@contextmanager
def writes_allowed() -> Iterator[None]:
    """For the few writes a read must make: the access log, and what a login callback stores."""
    token = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(token)


def refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A database execute wrapper that lets only reads through."""
    if not _allowed.get() and not _reads(sql):
        raise WriteOnReadError(f"A read-only request tried to write: {sql[:80]}")
    return execute(sql, params, many, context)


def _reads(sql: str) -> bool:
    """True for a statement that starts as a read; pghistory may put a `set_config` SELECT before the real one."""
    statement = sql.lstrip(" \t\n(").upper()  # a union begins with a parenthesis
    if statement.startswith("SELECT SET_CONFIG"):
        statement = statement.partition(";")[2].lstrip() or "SELECT"
    if statement.startswith("SELECT") and " FOR UPDATE" in statement:
        return False
    return statement.startswith(_READS)
