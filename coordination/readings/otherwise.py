"""What it would take when no kept slot is in time: wait, ask with priority, go elsewhere, be added (SLT-06, SLT-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, F, OuterRef, Q, Subquery

from coordination.models import (
    Booking,
    ExamRequest,
    ExamType,
    PolicyMode,
    Slot,
    SlotPolicy,
    SlotSeries,
    WaitingPlace,
)
from coordination.readings.offer import Need
from coordination.readings.targets import content_of
from coordination.services.moving import overbookers_of
from directory.models import Professional, Team, TeamKind
from pathways.models import Pathway
from pathways.rules.definition import Partner
from pathways.rules.durations import Duration
from pathways.rules.vocabulary import SlotMode

MOST_FULL = 4


@dataclass(frozen=True)
class Priority:
    """An exam asked of a platform that keeps no slot for it, answered within the agreed delay (SLT-06): that of its
    commitment, else ``usual``, that of the target pathway."""

    platforms: list[Team]
    agreed: dict[int, str]
    usual: Duration | None
    running: ExamRequest | None

    def within(self, platform: Team) -> str:
        """The delay agreed with ``platform``, as targets write it (« 72 hours »); empty without any."""
        return self.agreed.get(platform.pk) or str(self.usual or "")

    @property
    def told(self) -> list[tuple[Team, str]]:
        """Each platform that has agreed on a delay, with the delay in words."""
        return [(each, Duration.parse(within).label) for each in self.platforms if (within := self.within(each))]


@dataclass(frozen=True)
class Full:
    """A full slot that begins before the first free one, and the physicians in whose name a place may be added."""

    slot: Slot
    physicians: list[Professional]


@dataclass(frozen=True)
class Otherwise:
    """Each is empty when it does not apply. ``waiting`` is the patient's place on the list, ``kept`` whether any series
    keeps places for their pathway: without one, waiting gives nothing."""

    kept: bool
    waiting: WaitingPlace | None
    priority: Priority
    partners: list[Partner]
    conventions: list[SlotPolicy]
    full: list[Full]

    @property
    def physicians(self) -> list[Professional]:
        """All those in whose name a place may be added to one of the full slots, each once."""
        return list({person.pk: person for each in self.full for person in each.physicians}.values())

    @property
    def sites(self) -> list[Team]:
        """The partners that may be asked today, by convention."""
        return [each.platform for each in self.conventions]

    def terms(self, platform: Team) -> tuple[str, str]:
        """Mode and agreed delay of a request to ``platform``."""
        for each in self.conventions:
            if each.platform_id == platform.pk:
                return PolicyMode.PARTNER, each.within
        return PolicyMode.PRIORITY, self.priority.within(platform)


def otherwise_of(
    pathway: Pathway,
    need: Need,
    now: datetime,
    today: date,
    waits: Iterable[WaitingPlace] | None = None,
    since: datetime | None = None,
) -> Otherwise:
    """What else may be done for one need, in a fixed number of queries. ``waits``: for what the pathway waits, when the
    caller has read it; ``since``: when the patient can come at the earliest."""
    content, exam = content_of(pathway), need.exam_type
    usual = next((each for each in content.slot_types if (each.key, each.mode) == (exam.code, SlotMode.PRIORITY)), None)
    policies = list(SlotPolicy.objects.serving(pathway, exam).in_force(today).with_list_data())
    agreed = {each.platform_id: each.within for each in policies if each.mode == PolicyMode.PRIORITY}
    key = need.step.key if need.step else ""
    if waits is None:
        waits = WaitingPlace.objects.waiting().filter(pathway=pathway)
    waiting = next((each for each in waits if (each.exam_type_id, each.step_key) == (exam.pk, key)), None)
    running = (
        ExamRequest.objects.running().filter(pathway=pathway, exam_type=exam, step_key=key).with_list_data().first()
    )
    return Otherwise(
        kept=SlotSeries.objects.kept_for(pathway, today).filter(exam_type=exam).exists(),
        waiting=waiting,
        priority=Priority(_platforms(pathway, exam, agreed), agreed, usual.within if usual else None, running),
        partners=[each for each in content.partners if exam.code in each.exams and _runs(each, today)],
        conventions=[each for each in policies if each.mode == PolicyMode.PARTNER],
        full=_full(pathway, need, now, since),
    )


def _runs(partner: Partner, day: date) -> bool:
    after = partner.valid_from is None or partner.valid_from <= day
    return after and (partner.valid_until is None or day <= partner.valid_until)


def _platforms(pathway: Pathway, exam: ExamType, agreed: Mapping[int, str]) -> list[Team]:
    """The platforms that do this exam: those that agreed on a delay, then those of the patient's own establishment,
    then those elsewhere that serve the pathway already. A partner is asked by its convention, not here."""
    here = pathway.team.establishment_id
    series = SlotSeries.objects.filter(exam_type=exam)
    series = series.filter(Q(platform__establishment=here) | Q(targets=pathway.version.target_id))
    partners = SlotPolicy.objects.serving(pathway, exam).filter(mode=PolicyMode.PARTNER).values("platform")
    doing = Team.objects.filter(
        Q(pk__in=agreed) | (Q(pk__in=series.values("platform")) & ~Q(pk__in=partners)), kind=TeamKind.PLATFORM
    )
    rows = doing.select_related("establishment").order_by("name", "id")
    return sorted(rows, key=lambda team: (team.pk not in agreed, team.establishment_id != here))


def _full(pathway: Pathway, need: Need, now: datetime, since: datetime | None) -> list[Full]:
    """The next full slots that begin before the first free one that the patient can have, soonest first."""
    kept = Slot.objects.serving(pathway).agreed(pathway).filter(exam_type=need.exam_type).order_by("starts_at", "id")
    if since is not None:
        kept = kept.filter(starts_at__gte=since)
    expected = Booking.objects.expected(now).filter(patient=pathway.patient_id)
    taken = expected.filter(slot__starts_at__lt=OuterRef("ends_at"), slot__ends_at__gt=OuterRef("starts_at"))
    first = kept.free(now, pathway).exclude(Exists(taken)).values("starts_at")[:1]
    found = kept.protected_full(now).exclude(Exists(taken))
    found = found.alias(first=Subquery(first)).filter(Q(first__isnull=True) | Q(starts_at__lt=F("first")))
    slots = list(found.with_list_data()[:MOST_FULL])
    allowed = overbookers_of(slots, pathway)
    people = Professional.objects.in_bulk({pk for keys in allowed.values() for pk in keys})
    by_name = sorted(people.values(), key=lambda each: (each.last_name, each.first_name, each.pk))
    return [Full(slot, [each for each in by_name if each.pk in allowed[slot.pk]]) for slot in slots]
