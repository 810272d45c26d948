"""Writes on absences: handing one's patients over in one act, coming back early or later, and what runs by itself.

Every write ends in `_work_out`: who acts on which day is worked out again for the pathways concerned, from all the
absences that touch them. Writes about the same people wait for each other: their accounts' rows are locked, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from coordination.models import Cover, CoverLine
from coordination.perms import may_cover
from coordination.querysets.worklist import DESK
from coordination.rules.covers import Absence, overlap, spans
from directory.errors import DomainError
from directory.history import because
from directory.models import Membership, User
from directory.typography import sentence, short_day
from pathways.models import Pathway, StandIn
from pathways.services import Acting, set_stand_ins

LONGEST = timedelta(days=366)
ONE_DAY = timedelta(days=1)


def patients_of(absent: User, first: date, last: date) -> list[Pathway]:
    """The active pathways that ``absent`` owns, or stands in for during those days."""
    stood_for = StandIn.objects.filter(acting=absent, first_on__lte=last, last_on__gte=first).values("pathway")
    owned = Pathway.objects.active().filter(owner=absent)
    found = (owned | Pathway.objects.active().filter(pk__in=stood_for)).order_by("pk")
    return list(found.with_list_data().defer("version__definition"))


def why_not_covered(
    pathways: Sequence[Pathway], absent: User, stand_in: User, first: date, last: date, but: Cover | None = None
) -> dict[int, str]:
    """Why some of ``pathways`` cannot be handed over, in words, by pathway id."""
    teams = {each.team_id for each in stand_in.current_memberships if each.role in DESK}
    held = CoverLine.objects.filter(
        pathway__in=[each.pk for each in pathways], cover__absent=absent, cover__in=Cover.objects.standing()
    ).select_related("cover__stand_in__professional")
    taken = {
        line.pathway_id: line.cover
        for line in held
        if (but is None or line.cover_id != but.pk) and overlap(first, last, line.cover.starts_on, line.cover.ends_on)
    }
    refusals = {}
    for pathway in pathways:
        if pathway.team_id not in teams:
            refusals[pathway.pk] = f"{stand_in} n’est pas à la coordination de l’équipe {pathway.team}"
        elif cover := taken.get(pathway.pk):
            refusals[pathway.pk] = f"déjà confié à {cover.stand_in} {_days(cover.starts_on, cover.ends_on)}"
    return refusals


@transaction.atomic
def hand_over(
    *,
    absent: User,
    stand_in: User,
    starts_on: date,
    ends_on: date,
    author: User,
    pathways: Sequence[Pathway] | None = None,
    watch: Mapping[int, str] | None = None,
    note: str = "",
    key: UUID | None = None,
) -> Cover:
    """Hands the patients of ``absent`` to ``stand_in`` for those days: all of them, or only ``pathways``.

    Those that cannot be are left where they are (`why_not_covered`). ``watch`` says what to watch, by pathway id. The
    same ``key`` twice returns the first absence. Raises DomainError when nobody can be handed over, the days are wrong,
    ``stand_in`` is away too, ``author`` may not, or that absence was cancelled since.
    """
    if not may_cover(author, absent):
        raise DomainError("Seuls la personne, le chef de son équipe ou un administrateur peuvent confier ses patients.")
    _lock_people(absent, stand_in)
    known = Cover.objects.filter(uuid=key).first() if key else None
    if known and known.cancelled_at:
        raise DomainError("Cette absence a été enregistrée, puis annulée : recommencez depuis la page des absences.")
    if known:
        return known
    _refuse_wrong_days(starts_on, ends_on)
    _refuse_wrong_stand_in(absent, stand_in, starts_on, ends_on)
    theirs = patients_of(absent, starts_on, ends_on)
    asked = theirs if pathways is None else [each for each in theirs if each.pk in {one.pk for one in pathways}]
    refusals = why_not_covered(asked, absent, stand_in, starts_on, ends_on)
    handed = [each for each in asked if each.pk not in refusals]
    if not handed:
        raise DomainError("Aucun patient ne peut être confié ainsi : changez de personne ou de dates.")
    cover = Cover.objects.create(
        uuid=key or uuid4(), absent=absent, stand_in=stand_in, starts_on=starts_on, ends_on=ends_on,
        everyone=pathways is None, note=note.strip(), created_by=author,
    )  # fmt: skip
    told = watch or {}
    CoverLine.objects.bulk_create(
        CoverLine(cover=cover, pathway=each, watch=told.get(each.pk, "").strip()[:300]) for each in handed
    )
    _work_out([each.pk for each in handed])
    return cover


@transaction.atomic
def change_return(*, cover: Cover, ends_on: date, author: User) -> Cover:
    """Puts the last day of an absence off or forward. Raises DomainError when it is over, the day is gone by, the
    stand-in is away on the days added, or a patient is handed to someone else on them."""
    locked = _locked(cover, author)
    if ends_on < max(locked.starts_on, timezone.localdate()):
        raise DomainError("Ce jour est déjà passé, ou précède le début de l’absence.", field="ends_on")
    _refuse_wrong_days(locked.starts_on, ends_on, known=True)
    if ends_on > locked.ends_on:
        added = locked.ends_on + ONE_DAY
        _refuse_wrong_stand_in(locked.absent, locked.stand_in, added, ends_on)
        held = list(Pathway.objects.active().filter(cover_lines__cover=locked).select_related("team").order_by("pk"))
        lost = out_of_reach(held, locked.stand_in)  # asked for by `settle_covers`; the others may stay longer
        held = [each for each in held if each not in lost]
        for reason in why_not_covered(held, locked.absent, locked.stand_in, added, ends_on, locked).values():
            raise DomainError(
                sentence(f"Un patient ne peut pas être confié plus longtemps : {reason}"), field="ends_on"
            )
    locked.ends_on, locked.returned_at = ends_on, None
    locked.save(update_fields=["ends_on", "returned_at"])
    _work_out(_pathways_of(locked))
    return locked


@transaction.atomic
def come_back(*, cover: Cover, author: User) -> Cover:
    """The person is back today: the absence ends yesterday, or never was when it has not lasted a day.

    Raises DomainError when it is already over.
    """
    locked = _locked(cover, author)
    today = timezone.localdate()
    with because("Retour anticipé"):
        if locked.starts_on < today:
            locked.ends_on = today - ONE_DAY
            locked.save(update_fields=["ends_on"])
        else:
            locked.cancelled_at = timezone.now()
            locked.save(update_fields=["cancelled_at"])
    _work_out(_pathways_of(locked))
    return locked


@transaction.atomic
def mark_read(*, cover: Cover, user: User) -> None:
    """The person back has read what happened meanwhile. Raises DomainError for the absence of somebody else."""
    if cover.absent_id != user.pk:
        raise DomainError("Ce relais est celui d’une autre personne.")
    Cover.objects.filter(pk=cover.pk, seen_at__isnull=True).update(seen_at=timezone.now())


@transaction.atomic
def follow_owner(*, pathway: Pathway) -> None:
    """A patient given to somebody who is away, or soon will be, joins those handed over; so on along the chain."""
    waiting, met, changed = [pathway.owner_id], set(), False
    while waiting:
        person = waiting.pop()
        if person is None or person in met:
            continue
        met.add(person)
        covers = Cover.objects.standing().not_over(timezone.localdate()).filter(absent=person, everyone=True)
        for cover in covers.select_related("absent", "stand_in__professional").order_by("pk"):
            if why_not_covered([pathway], cover.absent, cover.stand_in, cover.starts_on, cover.ends_on, cover):
                continue
            changed |= CoverLine.objects.get_or_create(cover=cover, pathway=pathway)[1]
            waiting.append(cover.stand_in_id)
    if changed:
        _work_out([pathway.pk])


def interrupt(*, cover: Cover) -> None:
    """Nobody stands in any more: the stand-in has left. Part of `settle_covers`."""
    cover.interrupted_at = timezone.now()
    with because("La personne qui remplaçait n’est plus de l’équipe"):
        cover.save(update_fields=["interrupted_at"])
    _work_out(_pathways_of(cover))


def out_of_reach(pathways: Iterable[Pathway], stand_in: User) -> list[Pathway]:
    """Those of ``pathways`` whose desk is not, or no longer, one of ``stand_in``'s."""
    desks = {each.team_id for each in stand_in.current_memberships if each.role in DESK}
    return [each for each in pathways if each.team_id not in desks]


def let_go(*, cover: Cover, pathways: Sequence[Pathway]) -> None:
    """The absence no longer holds these patients. Part of `settle_covers`."""
    with because("La personne qui remplace n’est pas à la coordination de cette équipe"):
        for line in CoverLine.objects.filter(cover=cover, pathway__in=pathways):
            line.delete()
    _work_out([each.pk for each in pathways])


def _work_out(pathways: Sequence[int]) -> None:
    """Writes down who acts on which day on these pathways, from all the absences not over that touch them."""
    today = timezone.localdate()
    lines = CoverLine.objects.filter(
        pathway__in=pathways, cover__in=Cover.objects.standing().not_over(today)
    ).select_related("cover")
    absences: dict[int, list[Absence]] = defaultdict(list)
    for line in lines:
        cover = line.cover
        absences[line.pathway_id].append(
            Absence(cover.pk, cover.absent_id, cover.stand_in_id, cover.starts_on, cover.ends_on)
        )
    found = {
        pathway: [Acting(each.replaced, each.acting, each.first, each.last, each.until) for each in spans(known)]
        for pathway, known in absences.items()
    }
    set_stand_ins(pathways=pathways, found=found)


def _pathways_of(cover: Cover) -> list[int]:
    return list(cover.lines.order_by("pathway").values_list("pathway_id", flat=True))


def _lock_people(*people: User) -> None:
    keys = [each.pk for each in people]
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def _locked(cover: Cover, author: User) -> Cover:
    """The absence under lock, once ``author`` is allowed to change it and it is not over."""
    if not may_cover(author, cover.absent):
        raise DomainError("Seuls la personne, le chef de son équipe ou un administrateur peuvent changer ce relais.")
    _lock_people(cover.absent, cover.stand_in)
    locked = Cover.objects.select_for_update(of=("self",)).select_related("absent", "stand_in").get(pk=cover.pk)
    if locked.cancelled_at or locked.ends_on < timezone.localdate():
        raise DomainError("Cette absence est déjà terminée.")
    return locked


def _refuse_wrong_days(first: date, last: date, *, known: bool = False) -> None:
    if last < first:
        raise DomainError("Le dernier jour ne peut pas précéder le premier.", field="ends_on")
    if not known and first < timezone.localdate():
        raise DomainError("Le premier jour est déjà passé.", field="starts_on")
    if last - first > LONGEST:
        raise DomainError("Une absence dure un an au plus : au-delà, confiez les patients.", field="ends_on")


def _refuse_wrong_stand_in(absent: User, stand_in: User, first: date, last: date) -> None:
    if absent.pk == stand_in.pk:
        raise DomainError("Personne ne se remplace soi-même.", field="stand_in")
    at_work = Membership.objects.current().filter(user=stand_in, role__in=DESK)
    if not stand_in.is_active or not at_work.exists():
        raise DomainError("Cette personne ne travaille pas à la coordination.", field="stand_in")
    away = Cover.objects.filter(cancelled_at__isnull=True, absent=stand_in).overlapping(first, last).first()
    if away:
        days = _days(away.starts_on, away.ends_on)
        raise DomainError(f"{stand_in} est en absence {days} : choisissez quelqu’un d’autre.", field="stand_in")


def _days(first: date, last: date) -> str:
    """« du 2 au 9 déc. »."""
    today = timezone.localdate()
    return f"du {short_day(first, today)} au {short_day(last, today)}"
