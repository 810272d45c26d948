"""Recomputes the stored plans: `rebuild_plans [--establishment FINESS] [--target key] [--pathway UUID] [--active]`."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from directory.models import Establishment
from pathways.models import Pathway, TargetPathway
from pathways.services.rebuild import CHUNK, Progress, rebuild_everything

EVERY = 2.0
"""Seconds between two lines of progress."""


class Command(BaseCommand):
    help = (
        "Recalcule les étapes et les échéances enregistrées de tous les parcours, ou de ceux que l’on nomme. "
        "Sans danger pendant que l’on travaille ; peut être interrompu, repris et relancé."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--establishment", metavar="FINESS", help="seulement les parcours de cet établissement")
        parser.add_argument("--target", metavar="CLÉ", help="seulement les parcours de ce parcours cible")
        parser.add_argument("--pathway", metavar="UUID", type=UUID, help="un seul parcours")
        parser.add_argument("--active", action="store_true", help="seulement les parcours en cours")
        parser.add_argument("--after", metavar="N", type=int, default=0, help="reprend après ce numéro interne")
        parser.add_argument("--chunk", type=int, default=CHUNK, help=f"parcours par transaction ({CHUNK} par défaut)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["chunk"] < 1:
            raise CommandError("Une transaction porte sur un parcours au moins.")
        rows = self._rows(options)
        total = rows.filter(pk__gt=options["after"]).count()
        began = told = monotonic()
        done = Progress(options["after"], 0, 0)
        with _asked_to_stop() as asked:
            for done in rebuild_everything(rows=rows, after=options["after"], size=options["chunk"]):
                if monotonic() - told >= EVERY:
                    told = monotonic()
                    self._tell(done, total)
                if asked:
                    raise CommandError(f"Arrêté. Pour reprendre, ajoutez : --after {done.after}")
        self._tell(done, total)
        self.stdout.write(f"Terminé en {monotonic() - began:.0f} s.")

    def _tell(self, done: Progress, total: int) -> None:
        self.stdout.write(
            f"{done.pathways} parcours sur {max(total, done.pathways)} recalculés, {done.written} étapes modifiées "
            f"(--after {done.after})"
        )
        self.stdout.flush()

    def _rows(self, options: dict[str, Any]) -> QuerySet[Pathway]:
        """The pathways asked for. Raises CommandError for a name that nothing bears: it was mistyped."""
        rows = Pathway.objects.active() if options["active"] else Pathway.objects.all()
        if options["establishment"]:
            if not Establishment.objects.filter(finess=options["establishment"]).exists():
                raise CommandError(f"Aucun établissement ne porte le numéro FINESS {options['establishment']}.")
            rows = rows.filter(team__establishment__finess=options["establishment"])
        if options["target"]:
            if not TargetPathway.objects.filter(key=options["target"]).exists():
                raise CommandError(f"Aucun parcours cible ne porte la clé {options['target']}.")
            rows = rows.filter(version__target__key=options["target"])
        if options["pathway"]:
            rows = rows.filter(uuid=options["pathway"])
            if not rows.exists():
                raise CommandError("Aucun parcours ne porte cet identifiant.")
        return rows


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """While inside, Ctrl-C and a polite kill fill the list instead of breaking the chunk in hand."""
    asked: list[int] = []
    before = {each: signal.signal(each, lambda number, _: asked.append(number)) for each in _STOPS}
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


_STOPS = (signal.SIGINT, signal.SIGTERM)
