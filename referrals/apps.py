from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = "Demandes"

    def ready(self) -> None:
        from coordination.counters import Neighbour, add_neighbour
        from directory import badges
        from pathways import subjects
        from pathways.models import AlertKind
        from referrals import reactions  # noqa: F401
        from referrals.querysets import waiting_for

        badges.register("referrals:inbox", "à trier", waiting_for)
        add_neighbour(
            Neighbour("Demandes à trier", "referrals:inbox", waiting_for, tone="info", icon="inbox", post="mail")
        )
        subjects.register(AlertKind.PROMISE, "referrals:detail")
