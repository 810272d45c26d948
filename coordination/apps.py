from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "coordination"
    verbose_name = "Coordination"

    def ready(self) -> None:
        from coordination import reactions  # noqa: F401
        from coordination.counters import Neighbour, add_neighbour
        from coordination.readings.counters import due_today, late_at_desk, notices_to_read
        from coordination.readings.panel import contacts_brief, tasks_brief
        from directory import badges
        from pathways import panels

        panels.register(
            "Coordination", "coordination:pathway-panel", order=10, place=panels.DESK, replaces=panels.APPOINTMENTS
        )
        panels.register_brief("coordination-1-contacts", contacts_brief)
        panels.register_brief("coordination-2-tasks", tasks_brief)
        badges.register("coordination:worklist", "en retard", late_at_desk)
        add_neighbour(
            Neighbour(
                "Lettres à valider", "coordination:notices-inbox", notices_to_read, tone="info", icon="mail-forward"
            )
        )
        badges.register("coordination:tasks", "à faire aujourd’hui", due_today)
