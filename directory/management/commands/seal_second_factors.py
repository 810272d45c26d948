"""`manage seal_second_factors`: after a change of the secret, or to seal what was written in clear."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from directory.sealing import UnreadableError, seal_again


class Command(BaseCommand):
    help = (
        "Seals the secrets of every second factor under the present JALON_SECRET_KEY. May run at any time, and again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed, lost = 0, []
        for key in Authenticator.objects.exclude(type="webauthn").order_by("pk").values_list("pk", flat=True):
            try:
                sealed += seal_again(key)
            except UnreadableError:
                lost.append(key)
        self.stdout.write(f"{sealed} sealed again.")
        if lost:
            raise CommandError(
                f"{len(lost)} cannot be read: give the former secret in JALON_SECRET_KEY_FALLBACKS, or remove them "
                f"(authenticators {', '.join(map(str, lost))}) so that their owners set them up again."
            )
