from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PathwaysConfig(AppConfig):
    name = "pathways"
    verbose_name = "Parcours"

    def ready(self) -> None:
        from directory import badges
        from pathways.querysets import alerts_waiting_for

        badges.register("pathways:alerts", "à traiter", alerts_waiting_for, most=99)
        post_migrate.connect(_install_codes, sender=self)


def _install_codes(**sent: Any) -> None:
    """The coded reasons come with the tables, and come back when a test empties them."""
    from pathways.services.codes import install_codes

    if sent.get("using", "default") == "default":
        install_codes(*([sent["apps"]] if "apps" in sent else []))
