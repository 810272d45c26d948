from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "Demandes"

    def ready(self) -> None:
        from pathways import subjects
        from pathways.models import AlertKind
        from referrals import reactions  # noqa: F401

        subjects.register(AlertKind.PROMISE, "referrals:detail")
