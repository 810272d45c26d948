"""Loads the demo hospital: `load_demo [--size small|medium|large] [--reset]`."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo.guard import refuse_outside_demo
from config.demo.load import SEED, SIZES, load, loaded
from config.demo.reset import empty_tables


class Command(BaseCommand):
    help = "Charge l’hôpital de démonstration (refusé hors démonstration)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", choices=list(SIZES), default="small", help="small par défaut")
        parser.add_argument("--reset", action="store_true", help="vide d’abord toutes les tables de l’application")
        parser.add_argument("--seed", type=int, default=SEED, help="graine du hasard")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_outside_demo()
        began = time.perf_counter()
        if options["reset"]:
            self._say(f"{empty_tables()} tables vidées")
        there = loaded()
        if there:
            self._say(f"L’hôpital de démonstration est déjà chargé ({there}). Pour repartir de zéro : --reset")
            return
        if there == "":
            raise CommandError("Un chargement précédent a été interrompu. Recommencez avec --reset.")
        load(size=options["size"], say=self._say, seed=options["seed"])
        self._say(f"Hôpital de démonstration chargé ({options['size']}) en {time.perf_counter() - began:.0f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
