"""Lists the accounts of the demo hospital: `demo_accounts [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.demo.guard import refuse_outside_demo
from config.demo.people import listed


class Command(BaseCommand):
    help = "Liste les comptes de l’hôpital de démonstration (refusé hors démonstration)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="liste d’objets role, name, email, password")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_outside_demo()
        rows = listed()
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(f"{row['role']:<42} {row['email']:<36} {row['password']}")
