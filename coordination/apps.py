from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoordinationConfig(AppConfig):
    name = "coordination"
    verbose_name = "Coordination"

    def ready(self) -> None:
        from coordination import reactions  # noqa: F401
        from coordination.counters import Neighbour, add_neighbour
        from coordination.readings.counters import (
            due_today,
            laboratories_of,
            late_at_desk,
            notices_to_read,
            series_to_look_at,
        )
        from coordination.readings.panel import contacts_brief, tasks_brief
        from coordination.readings.promises import promised_words
        from directory import badges
        from pathways import panels, subjects
        from pathways.rules.milestones import MilestoneKind

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
        add_neighbour(
            Neighbour(
                "Séries à regarder",
                "coordination:series",
                series_to_look_at,
                tone="late",
                icon="calendar-x",
                quiet=True,
            )
        )
        badges.register("coordination:series", "à regarder", series_to_look_at)
        badges.show_only_if("coordination:laboratory", laboratories_of)
        badges.register("coordination:tasks", "à faire aujourd’hui", due_today)
        subjects.register_words(promised_words)
        post_migrate.connect(_install_cancel_codes, sender=self)
        post_migrate.connect(_install_lab_forms, sender=self)
        panels.register("Laboratoire", "coordination:lab-panel", order=20, place=panels.DESK)
        panels.register_step_link(
            panels.StepLink(MilestoneKind.LAB_REQUESTED, "Remplir le bon", "coordination:lab-request", "microscope")
        )


def _install_cancel_codes(**sent: Any) -> None:
    """The causes come with the tables, and come back when a test empties them."""
    from coordination.services.cancel_codes import install_cancel_codes

    if sent.get("using", "default") == "default":
        install_cancel_codes(*([sent["apps"]] if "apps" in sent else []))


def _install_lab_forms(**sent: Any) -> None:
    """So do the request forms of the laboratory."""
    from coordination.services.lab_forms import install_lab_forms

    if sent.get("using", "default") == "default":
        install_lab_forms(*([sent["apps"]] if "apps" in sent else []))
