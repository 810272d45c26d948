"""Emptying the demo's tables."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

from coordination.services.cancel_codes import install_cancel_codes
from coordination.services.lab_forms import install_lab_forms
from pathways.services.codes import install_codes

OURS = ("directory", "pathways", "coordination", "referrals", "rcp", "pghistory", "account", "mfa", "socialaccount",
        "sessions", "admin")  # fmt: skip


def empty_tables() -> int:
    """TRUNCATEs every table of the application, and puts back the codes that ship; returns how many tables.

    Only ever called in a demo (`guard`).
    """
    tables = sorted({model._meta.db_table for model in _models() if model._meta.managed and not model._meta.proxy})
    names = ", ".join(connection.ops.quote_name(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE TABLE {names} RESTART IDENTITY CASCADE")
    install_codes()
    install_cancel_codes()
    install_lab_forms()
    return len(tables)


def _models() -> list[type[models.Model]]:
    return [
        model
        for config in apps.get_app_configs()
        if config.label in OURS
        for model in config.get_models(include_auto_created=True)
    ]
