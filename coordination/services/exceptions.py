"""Days without slots: an absence, a machine down, a platform closed, one week held otherwise; and taken back."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from coordination.models import DisturbedSlot, ExceptionKind, Resource, Slot, SlotException, SlotSeries
from coordination.perms import may_declare_away
from coordination.rules.series import Verdict, monday_of
from coordination.services.platform_post import tell_platform_away
from coordination.services.recalls import say_it_stands, stop_asking
from coordination.services.series import refuse_outdated
from coordination.services.series_acts import act, lock_means, lock_series, refuse_conflicts
from coordination.services.series_drafts import Change, concerns, draft_of, set_aside_told
from directory.days import refuse_odd_days
from directory.errors import DomainError
from directory.models import Professional, Team, User
from pathways.services import calendar_of

MOST_DAYS = 366
KIND_OF = {
    "professional": ExceptionKind.LEAVE,
    "resource": ExceptionKind.DOWN,
    "platform": ExceptionKind.CLOSED,
}
"""What an exception about each of them is; one about a series may be any."""


def exception_of(
    *,
    kind: str,
    first_on: date,
    last_on: date,
    reason: str,
    series: SlotSeries | None = None,
    resource: Resource | None = None,
    professional: Professional | None = None,
    platform: Team | None = None,
    moved_to: datetime | None = None,
    uuid: UUID | None = None,
) -> SlotException:
    """An exception, checked and not made yet. Raises DomainError naming the field."""
    refuse_odd_days(first_on=first_on, last_on=last_on)
    about = {"series": series, "resource": resource, "professional": professional, "platform": platform}
    exception = SlotException(
        uuid=uuid or uuid4(), kind=kind, first_on=first_on, last_on=last_on, reason=reason.strip(), moved_to=moved_to,
        **about,
    )  # fmt: skip
    if sum(each is not None for each in about.values()) != 1:
        raise DomainError("Indiquez sur quoi porte cette exception.", field="about")
    wanted = next((KIND_OF[name] for name, each in about.items() if each is not None and name in KIND_OF), None)
    if wanted and kind != wanted:
        raise DomainError(f"La nature ne va pas avec « Sur quoi » : ce serait « {wanted.label} ».", field="kind")
    if (last_on - first_on).days > MOST_DAYS:
        raise DomainError("Une exception dure un an au plus.", field="last_on")
    if series is not None and moved_to is not None:
        day = calendar_of(series.platform.establishment).local_date(moved_to)
        if monday_of(day) != monday_of(first_on):
            raise DomainError("Un créneau se déplace dans la même semaine.", field="moved_to")
        if moved_to <= timezone.now():
            raise DomainError("Cette heure est passée.", field="moved_to")
    try:
        exception.full_clean(exclude=["uuid", "made_by"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error
    return exception


def series_touched(exception: SlotException) -> list[SlotSeries]:
    """The series whose slots it takes away, on every site where a practitioner is expected; and those that need the
    machine or the practitioner no more, or have ended, but have slots kept with them for the patients in them."""
    slots = Slot.objects.filter(starts_at__gt=timezone.now(), booked__gt=0)
    if exception.series_id:
        about, kept = Q(pk=exception.series_id), slots.filter(series=exception.series_id)
    elif exception.resource_id:
        about, kept = Q(resource=exception.resource_id), slots.filter(resource=exception.resource_id)
    elif exception.professional_id:
        expected = SlotSeries.practitioners.through.objects.filter(professional=exception.professional_id)
        about = Q(pk__in=expected.values("slotseries"))
        kept = slots.filter(practitioners__professional=exception.professional_id)
    else:
        about, kept = Q(platform=exception.platform_id), slots.filter(platform=exception.platform_id)
    # Of the whole week: a slot held on another day of its last week may stand after the last day of the series.
    running = SlotSeries.objects.running(monday_of(exception.first_on)).filter(about)
    rows = SlotSeries.objects.filter(Q(pk__in=running.values("pk")) | Q(pk__in=kept.values("series")))
    return list(rows.with_list_data().order_by("pk"))


def change_of_exception(exception: SlotException, *, taking_back: bool = False, at: datetime | None = None) -> Change:
    """What making it, or taking it back, would do."""
    now = at or timezone.now()
    told = repr((
        exception.kind, exception.series_id, exception.resource_id, exception.professional_id, exception.platform_id,
        exception.first_on, exception.last_on, exception.moved_to, exception.reason, taking_back,
    ))  # fmt: skip
    how = {"without": exception} if taking_back else {"adding": [exception]}
    drafts = [
        draft_of(each, now=now, since=monday_of(exception.first_on), reason=exception.reason, **how)  # type: ignore[arg-type]
        for each in series_touched(exception)
    ]
    for draft in drafts:
        set_aside_told(draft, draft.series)
        # Only its own weeks: the rest is the night's, or another change's.
        last = exception.last_on + timedelta(days=6)
        draft.outcomes = [each for each in draft.outcomes if monday_of(exception.first_on) <= each.week <= last]
        if not concerns(exception, draft.series, draft.practitioners):
            # Its series needs them no more: only the slots that still hold them.
            draft.outcomes = [each for each in draft.outcomes if each.pressing]
    return Change(drafts, told, now)


def refuse_not_theirs(exception: SlotException, user: User) -> None:
    """An absence takes slots on every site: it is said where the person works, not by a site that borrows them. Raises
    DomainError (code ``not_theirs``)."""
    person = exception.professional
    if person is None or may_declare_away(user, person):
        return
    place = person.establishment or "un autre site"
    raise DomainError(
        f"L’absence de {person} se déclare là où ce praticien exerce ({place}), ou par lui-même. "
        "Pour vos seuls créneaux, choisissez la série.",
        field="about", code="not_theirs",
    )  # fmt: skip


@transaction.atomic
def make_exception(*, exception: SlotException, user: User, seen: str | None = None) -> SlotException:
    """Makes an exception of `exception_of`: its slots are cancelled or moved, and the desk is asked to call the
    patients of those that are booked. The same ``uuid`` twice makes one.

    Raises DomainError (code ``outdated``) when the slots have changed since the preview ``seen``; (code ``not_theirs``)
    for the absence of somebody who works elsewhere; (code ``twin``) when the same stands already.
    """
    if known := SlotException.objects.filter(uuid=exception.uuid).first():
        return known
    refuse_not_theirs(exception, user)
    _lock(exception)
    _refuse_twin(exception)
    change = change_of_exception(exception)
    refuse_outdated(change, seen)
    refuse_conflicts(change)
    exception.made_by = user
    exception.save()
    if exception.series_id and exception.moved_to:
        _replace_former(exception, user)
    act(change, by=user)
    _tell_other_sites(exception, change, user, back=False)
    return exception


def _refuse_twin(exception: SlotException) -> None:
    """The same said twice would have to be taken back twice."""
    names = ("kind", "series", "resource", "professional", "platform", "first_on", "last_on", "moved_to")
    same = SlotException.objects.filter(
        taken_back_at__isnull=True, **{each: getattr(exception, each) for each in names}
    )
    if same.exists():
        raise DomainError("Cette exception est déjà enregistrée, pour les mêmes jours.", code="twin")


def _tell_other_sites(exception: SlotException, change: Change, user: User, *, back: bool) -> None:
    """An absence is one of the person, wherever they are expected (NET-10): the platforms of the sites where who says
    it does not work hear of it by a message."""
    if exception.professional_id is None:
        return
    own = set(user.establishment_ids)
    there: dict[int, Team] = {}
    lines: dict[int, tuple[list[Slot], list[Slot]]] = defaultdict(lambda: ([], []))
    for draft, each in change.outcomes():
        slot, platform = draft.slot_of(each), draft.series.platform
        if slot is None or platform.establishment_id in own:
            continue
        there[platform.pk] = platform
        if each.verdict is (Verdict.REOPEN if back else Verdict.CANCEL):
            lines[platform.pk][0].append(slot)
        elif each.verdict is Verdict.PERSON:
            lines[platform.pk][1].append(slot)
    for pk, (gone, booked) in lines.items():
        tell_platform_away(exception=exception, platform=there[pk], gone=gone, booked=booked, back=back)


def _lock(exception: SlotException) -> None:
    """What it is about first, so that no series takes it meanwhile; then the series and their slots."""
    lock_means(
        platforms=[exception.platform_id or 0],
        resources=[exception.resource_id],
        people=[exception.professional_id or 0],
    )
    lock_series(series_touched(exception))


def _replace_former(exception: SlotException, user: User) -> None:
    """A week moved again: the last word counts."""
    week = monday_of(exception.first_on)
    former = SlotException.objects.filter(
        series=exception.series_id, moved_to__isnull=False, taken_back_at__isnull=True,
        first_on__gte=week, first_on__lt=week + timedelta(days=7),
    )  # fmt: skip
    for each in former.exclude(pk=exception.pk):
        each.taken_back_at, each.taken_back_by = timezone.now(), user
        each.save(update_fields=["taken_back_at", "taken_back_by"])


@transaction.atomic
def take_back_exception(*, exception: SlotException, user: User, seen: str | None = None) -> SlotException:
    """The slots of its days are kept again, unless they are too near; what waits for a call waits no more.

    Raises DomainError when it was taken back already, or when a machine or a practitioner is expected elsewhere since.
    """
    refuse_not_theirs(exception, user)
    _lock(exception)
    fresh = SlotException.objects.select_for_update(of=("self",)).get(pk=exception.pk)
    if fresh.taken_back_at:
        raise DomainError("Cette exception est déjà levée.", code="taken_back")
    change = change_of_exception(fresh, taking_back=True)
    refuse_outdated(change, seen)
    refuse_conflicts(change)
    fresh.taken_back_at, fresh.taken_back_by = change.at, user
    fresh.save(update_fields=["taken_back_at", "taken_back_by"])
    act(change, by=user)
    _tell_other_sites(fresh, change, user, back=True)
    return fresh


@transaction.atomic
def keep_slot(*, slot: Slot, user: User) -> None:
    """A slot that its series no longer gives is held all the same for the patients in it. Nobody more enters it until
    its series gives it again. Raises DomainError when it waits for no decision."""
    row = DisturbedSlot.objects.select_for_update(of=("self",)).filter(slot=slot, kept_by__isnull=True).first()
    if row is None or row.settled_at:
        raise DomainError("Ce créneau n’attend pas de décision.", code="not_disturbed")
    row.kept_by = user
    row.save(update_fields=["kept_by"])
    stop_asking(row, "Le créneau est tenu malgré tout.", user)
    say_it_stands(row, timezone.now(), user)


def one_week(*, slot: Slot, reason: str, moved_to: datetime | None = None, uuid: UUID | None = None) -> SlotException:
    """The exception of a single slot: left out, or held at another hour of its week."""
    day = calendar_of(slot.platform.establishment).local_date(slot.starts_at)
    return exception_of(
        kind=ExceptionKind.ONE_WEEK, series=slot.series, first_on=day, last_on=day, reason=reason, moved_to=moved_to,
        uuid=uuid,
    )  # fmt: skip
