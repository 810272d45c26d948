from django.apps import AppConfig


class PathwaysConfig(AppConfig):
    name = "pathways"
    verbose_name = "Parcours"

    def ready(self) -> None:
        from directory import badges
        from pathways.querysets import alerts_waiting_for

        badges.register("pathways:alerts", "à traiter", alerts_waiting_for, most=99)
