from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    verbose_name = "Coordination"

    def ready(self) -> None:
        from coordination import reactions  # noqa: F401
        from coordination.readings.counters import due_today, late_at_desk
        from directory import badges
        from pathways import panels

        panels.register("Coordination", "coordination:pathway-panel", order=10)
        badges.register("coordination:worklist", "en retard", late_at_desk)
        badges.register("coordination:tasks", "à faire aujourd’hui", due_today)
