from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    verbose_name = "Coordination"

    def ready(self) -> None:
        from coordination import reactions  # noqa: F401
        from pathways import panels

        panels.register("Coordination", "coordination:pathway-panel", order=10)
