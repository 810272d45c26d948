"""Known passwords and TRUNCATE belong to a demo and nowhere else."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError


def refuse_outside_demo() -> None:
    """Raises CommandError unless the site runs as a demo or in development."""
    if not (settings.DEMO or settings.DEBUG):
        raise CommandError("Cette commande ne fonctionne qu’en démonstration (JALON_DEMO=1) ou en développement.")
