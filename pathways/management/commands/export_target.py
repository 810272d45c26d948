"""Writes a published target pathway as YAML: `export_target fast [--finess …] [--number 2] [--output fast.yaml]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pathways.models import TargetPathway, TargetPathwayVersion
from pathways.rules.target import digest, dump, parse_target


class Command(BaseCommand):
    help = "Écrit un parcours cible publié en YAML, que load_targets relit à l’identique (sans les commentaires)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="clé du parcours")
        parser.add_argument("--finess", default="", help="établissement, quand plusieurs ont publié ce parcours")
        parser.add_argument("--number", type=int, default=0, help="numéro de version (par défaut : la dernière)")
        parser.add_argument("--output", type=Path, help="fichier à écrire (par défaut : la sortie standard)")

    def handle(self, *args: Any, **options: Any) -> None:
        version = self._version(self._target(options["key"], options["finess"]), options["number"])
        text = self._written(version)
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["output"].write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']} : {error.strerror}") from error
        self.stdout.write(f"{version} : écrite dans {options['output']}")

    def _target(self, key: str, finess: str) -> TargetPathway:
        found = TargetPathway.objects.filter(key=key).select_related("establishment")
        if finess:
            found = found.filter(establishment__finess=finess)
        sites = list(found.order_by("establishment__finess"))
        if not sites:
            raise CommandError(f"Aucun parcours publié ne porte la clé « {key} ».")
        if len(sites) > 1:
            finesses = ", ".join(each.establishment.finess for each in sites)
            raise CommandError(f"Plusieurs établissements ont publié « {key} » : ajoutez --finess ({finesses}).")
        return sites[0]

    def _version(self, target: TargetPathway, number: int) -> TargetPathwayVersion:
        versions = target.versions.filter(number=number) if number else target.versions.order_by("-number")
        found = versions.first()
        if found is None:
            raise CommandError(f"« {target.key} » n’a pas de version {number}.")
        return found

    def _written(self, version: TargetPathwayVersion) -> str:
        """The YAML, once it is sure that it says the same."""
        text = dump(version.content)
        if digest(parse_target(text)) != version.sha256:
            raise CommandError(f"{version} ne se relit pas à l’identique : rien n’a été écrit.")
        return text
