"""Loads the types of exams and consultations that can be booked."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coordination.services import load_exam_types
from coordination.services.exam_types import SHIPPED
from directory.errors import DomainError


class Command(BaseCommand):
    help = "Charge les types d’examen (YAML) ; relancer la commande met à jour ceux qui ont changé."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=SHIPPED)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_exam_types(path=options["file"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Types d’examen : {done['created']} créés, {done['updated']} mis à jour, {done['same']} inchangés."
        )
