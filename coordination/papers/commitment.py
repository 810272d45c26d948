"""The written commitment of a platform towards a pathway, to be signed (SLT-12)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from coordination.models import SlotPolicy, SlotSeries
from directory.typography import without_marks
from pathways.papers.printer import Printed, print_pdf

STYLE = Path(__file__).parent / "desk.css"


def print_commitment(policy: SlotPolicy, *, at: datetime) -> Printed:
    """The PDF, in the time zone of the platform. Raises PrintError."""
    place = policy.platform.establishment
    with timezone.override(ZoneInfo(place.time_zone)):
        running = SlotSeries.objects.running(timezone.localdate(at)).filter(
            platform=policy.platform, exam_type=policy.exam_type, targets=policy.target
        )
        context = {
            "policy": policy,
            "place": place,
            "asks": policy.target.establishment,
            "series": list(running.with_list_data().order_by("weekday", "starts_at", "pk")),
            "at": at,
            "source": without_marks(policy.source),
        }
        html = render_to_string("coordination/papers/commitment.html", context)
    return print_pdf(html, also=STYLE)
