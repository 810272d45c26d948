"""The list of the day of a platform, on paper: who comes, at what hour, for what, prepared how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.template.loader import render_to_string

from coordination.papers.daily import STYLE
from coordination.readings.platform_day import PlatformDay
from directory.models import Establishment, Team
from pathways.papers.printer import print_pdf


def day_list_pdf(
    day: PlatformDay, *, teams: Sequence[Team], site: Establishment, author: str, today: date, at: datetime
) -> bytes:
    """The PDF of ``day``, in the current time zone: one page for up to about twenty-five appointments."""
    context = {"day": day, "teams": teams, "site": site, "author": author, "today": today, "at": at}
    return print_pdf(render_to_string("coordination/papers/day_list.html", context), also=STYLE).content
