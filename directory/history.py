"""History kept by database triggers: who changed what, when and why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=models.Model)


def tracked(**options: Any) -> Callable[[type[M]], type[M]]:
    """Class decorator: every insert, update and delete leaves a row in the model's table `<Model>History`."""

    def decorate(model: type[M]) -> type[M]:
        track = pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            model_name=f"{model.__name__}History",
            obj_field=pghistory.ObjForeignKey(related_name="history_rows", related_query_name="history_row"),
            **options,
        )
        return track(model)  # type: ignore[no-any-return]

    return decorate


def because(reason: str, **facts: Any) -> AbstractContextManager[Any]:
    """Context manager: changes made inside carry ``reason`` (French, shown in the history) and ``facts``."""
    return pghistory.context(reason=reason, **facts)
