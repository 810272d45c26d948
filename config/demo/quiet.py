"""No message to the broker, and no mail to anyone, while the past is being lived.

A service that wants a worker's attention writes its row first (outbox message, document), then calls
`apply_async` after commit. The rows are the truth, and the beat jobs take up whatever nobody was told of. During a
load those calls would wait for Redis thousands of times, and a running worker would send yesterday's post while the
simulation is still writing it; so they are left unsaid, at the one door every Celery call goes through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.app.task import Task
from django.conf import settings

FOLDER = "directory.mail.FolderBackend"


@contextmanager
def without_broker() -> Iterator[None]:
    """Inside, asking a worker for something is a no-op."""

    def unsaid(self: Task, *args: Any, **kwargs: Any) -> None:
        return None

    spoken = Task.apply_async
    setattr(Task, "apply_async", unsaid)  # noqa: B010
    try:
        yield
    finally:
        setattr(Task, "apply_async", spoken)  # noqa: B010


@contextmanager
def keep_post_here() -> Iterator[None]:
    """Inside, messages go to the demo's folder or, with any other mail server configured, nowhere: the past is not
    sent to anyone a second time."""
    if settings.EMAIL_BACKEND == FOLDER:
        yield
        return
    configured = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = configured
