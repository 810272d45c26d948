"""What a partner serves by convention: the pathways it may keep slots for, and the convention named at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from coordination.models import PolicyMode, Slot, SlotPolicy
from coordination.rules.agreements import Span
from coordination.services.policies import days_of
from directory.models import Team
from directory.typography import NBSP
from pathways.models import Pathway


def lent_targets(platform: Team, today: date) -> dict[int, str]:
    """The targets of other establishments that ``platform`` may keep slots for, today or later: key to « nom,
    établissement : TEP-scanner, convention CONV-1 jusqu’au 05/02/2027 »."""
    rows = SlotPolicy.objects.lending(platform).select_related("exam_type", "target__establishment", "convention")
    names: dict[int, str] = {}
    said: dict[int, list[str]] = {}
    for policy in rows.order_by("exam_type", "valid_from", "pk"):
        days = days_of(policy)
        if days is None or (days[1] is not None and days[1] < today):
            continue
        names[policy.target_id] = f"{policy.target.name}, {policy.target.establishment}"
        what = f"{policy.exam_type}, convention {_reference(policy)} {_when(days, today)}".rstrip()
        said.setdefault(policy.target_id, []).append(what)
    return {pk: f"{name}{NBSP}: {'; '.join(said[pk])}" for pk, name in names.items()}


def _when(days: Span, today: date) -> str:
    begins = f"à partir du {days[0]:%d/%m/%Y}" if days[0] > today else ""
    ends = f"jusqu’au {days[1]:%d/%m/%Y}" if days[1] else ""
    return " ".join(part for part in (begins, ends) if part)


def _reference(policy: SlotPolicy) -> str:
    return policy.convention.reference if policy.convention else ""


def conventions_of(slots: Iterable[Slot], pathway: Pathway) -> dict[int, str]:
    """The reference of the convention behind each slot of a partner, by key of the slot; no query without partner."""
    theirs = [each for each in slots if each.platform.establishment_id != pathway.team.establishment_id]
    if not theirs:
        return {}
    rows = SlotPolicy.objects.filter(
        mode=PolicyMode.PARTNER, target=pathway.version.target_id, platform__in={each.platform_id for each in theirs}
    )
    known = {(each.platform_id, each.exam_type_id): _reference(each) for each in rows.select_related("convention")}
    found = {slot.pk: known.get((slot.platform_id, slot.exam_type_id), "") for slot in theirs}
    return {pk: reference for pk, reference in found.items() if reference}
