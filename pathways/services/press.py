"""What every paper made by a worker needs: one worker at a time, a file whole or absent, a failure in plain words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection


@contextmanager
def held(space: int, row_id: int) -> Iterator[bool]:
    """Holds the row's advisory lock for the session; False when another worker has it.

    ``space`` is the paper's own space among PostgreSQL's advisory locks.
    """
    key = row_id % 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, key])


def write_draft(final: Path, content: bytes) -> Path:
    """Writes the content beside its final place, on the same disk, flushed. A draft left by a crash is overwritten."""
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = final.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def told(error: Exception) -> str:
    """What the page says of a failure: a French sentence someone can act on, without any data."""
    if isinstance(error, SoftTimeLimitExceeded):
        return "La mise en page a pris trop de temps. Réessayez dans un moment."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Le serveur n’a plus de place pour enregistrer le document. Prévenez l’assistance."
    if isinstance(error, OSError):
        return "Le fichier n’a pas pu être enregistré. Réessayez ; si cela continue, prévenez l’assistance."
    return "La mise en page a échoué. Réessayez ; si cela continue, prévenez l’assistance."
