"""Publishes target pathways from YAML files: `load_targets --finess 990000019 [--key fast …] [file …]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from directory.models import Establishment, Team, TeamKind
from pathways.rules.target import Target, TargetError, parse_target
from pathways.services import publish_target
from pathways.shipped import shipped


class Command(BaseCommand):
    help = "Publie des parcours cibles depuis des fichiers YAML ; tout ou rien, chaque faute avec sa ligne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="fichiers YAML (par défaut : ceux livrés avec Jalon)")
        parser.add_argument(
            "--key", action="append", default=[], dest="keys", help="seulement ce parcours livré (option répétable)"
        )
        parser.add_argument("--finess", required=True, help="établissement qui publie")
        parser.add_argument("--team", default="", help="nom de l’équipe de coordination (par défaut : la première)")
        parser.add_argument("--reason", default="Chargement initial", help="motif de cette version")

    def handle(self, *args: Any, **options: Any) -> None:
        establishment = self._establishment(options["finess"])
        team = self._team(establishment, options["team"])
        if options["files"] and options["keys"]:
            raise CommandError("Donnez des fichiers ou des clés (--key), pas les deux.")
        contents = self._read(options["files"] or self._shipped(options["keys"]))
        with transaction.atomic():
            for content in contents:
                version, created = publish_target(
                    content=content, establishment=establishment, team=team, reason=options["reason"]
                )
                self.stdout.write(f"{version} : {'publiée' if created else 'déjà à jour'}")

    def _shipped(self, keys: list[str]) -> list[Path]:
        """The files that come with Jalon, each named by its key: all of them, or those of these keys."""
        known = shipped()
        lost = sorted(set(keys) - set(known))
        if lost:
            raise CommandError(f"Parcours inconnus : {', '.join(lost)}. Sont livrés : {', '.join(known)}.")
        return [known[key] for key in dict.fromkeys(keys)] if keys else list(known.values())

    def _read(self, files: list[Path]) -> list[Target]:
        """Every file parsed, or one CommandError that lists all the faults of all of them."""
        contents, faults = [], []
        for file in files:
            try:
                contents.append(parse_target(file.read_text(encoding="utf-8")))
            except OSError as error:
                faults.append(f"{file} : {error.strerror}")
            except TargetError as error:
                faults.append(f"{file.name} :\n{error}")
        if faults:
            raise CommandError("Rien n’a été publié.\n" + "\n".join(faults))
        return contents

    def _establishment(self, finess: str) -> Establishment:
        found = Establishment.objects.filter(finess=finess).first()
        if found is None:
            raise CommandError(f"Aucun établissement ne porte le numéro FINESS {finess}.")
        return found

    def _team(self, establishment: Establishment, name: str) -> Team:
        teams = Team.objects.filter(establishment=establishment, kind=TeamKind.COORDINATION)
        found = (teams.filter(name=name) if name else teams).order_by("pk").first()
        if found is None:
            raise CommandError(f"Aucune équipe de coordination trouvée pour {establishment}.")
        return found
