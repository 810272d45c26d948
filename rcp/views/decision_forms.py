"""The decision form of a case: what it is prefilled with, and the follow-up lines it offers."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from rcp.forms import FREE_ROWS, ActionFormSet, teams_for
from rcp.models import CaseStatus, Decision, RcpCase
from rcp.readings import session_day
from rcp.rules.presets import read_presets
from rcp.services import NewAction

CARRIED_WORDS = ("proposal", "modality", "treatment_label", "alternatives", "framework", "trial_proposed")


def decision_initial(case: RcpCase) -> dict[str, Any]:
    """What is known before anyone types: the usual référentiel, and the provisional opinion that comes back."""
    known: dict[str, Any] = {"framework": case.session.series.framework}
    provisional = provisional_before(case)
    if provisional:
        known |= {name: getattr(provisional, name) for name in CARRIED_WORDS}
    return known


def provisional_before(case: RcpCase) -> Decision | None:
    """The provisional opinion this case was registered again for, if any."""
    return Decision.objects.filter(case__following=case, case__status=CaseStatus.TO_REPRESENT).first()


def action_formset(case: RcpCase, data: QueryDict | None = None, *, ticked: bool = True) -> Any:
    """The presets of the series with their due dates, then free lines. ``ticked``: the usual ones are."""
    presets = {preset.key: preset for preset in read_presets(case.session.series.action_presets)}
    day, team = session_day(case.session), case.pathway.team.uuid
    lines: list[dict[str, Any]] = [
        {
            "preset": preset.key,
            "label": preset.label,
            "due_on": preset.due_on(day),
            "team": team,
            "wanted": ticked and preset.default,
        }
        for preset in presets.values()
    ]
    lines += [{"team": team}] * FREE_ROWS
    establishments = [case.pathway.team.establishment, case.session.series.team.establishment]
    return ActionFormSet(
        data,
        prefix="suites",
        initial=lines,
        form_kwargs={"teams": teams_for(case.pathway, establishments), "presets": presets},
    )


def wanted_actions(formset: Any) -> list[NewAction]:
    """The lines to write, from a valid formset."""
    return [form.action() for form in formset if form.is_wanted]
