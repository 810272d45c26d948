"""What upper rooms may react to, inside the same transaction (DESIGN.md 2)."""

from django.dispatch import Signal

milestone_recorded = Signal()
"""kwargs: ``milestone``, ``pathway``. A correction sends `milestone_withdrawn` then `milestone_recorded`."""

milestone_withdrawn = Signal()
"""kwargs: ``milestone`` (the one no longer in force), ``pathway``."""

pathway_closed = Signal()
"""kwargs: ``pathway``."""

pathway_reopened = Signal()
"""kwargs: ``pathway`` (running again), ``closed_at`` (of the closing taken back)."""

team_changed = Signal()
"""kwargs: ``pathway`` (already in its new team), ``left`` (the team it was in)."""

target_changed = Signal()
"""kwargs: ``pathway`` (already on its new target, and in its team). Sent after `team_changed`."""

owner_changed = Signal()
"""kwargs: ``pathway``. Opened with an owner, or given to another; not sent when nobody owns it any more."""
