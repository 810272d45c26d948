"""What absences do by themselves. Who acts on which day needs no job: this only tells people, and sees that nobody is
left alone when somebody leaves the team meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import uuid5

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from coordination.models import Cover
from coordination.services.covers import follow_owner, interrupt, let_go, out_of_reach, patients_of
from coordination.services.new_tasks import create_task
from directory.clock import zone_of
from directory.models import Membership, User
from directory.services import post
from pathways.models import Pathway
from pathways.querysets import PathwayQuerySet

TOLD, RETURNED = "alerts_cover", "alerts_cover_end"
"""Personal messages: see `directory.querysets.PERSONAL`."""


def settle_covers(*, now: datetime) -> int:
    """Takes each absence one step further when its time has come; returns how many moved. Safe to run at any time,
    any number of times at once: each absence is locked, and what is told is told once."""
    today = timezone.localdate(now)  # only tells which to look at first
    living = Cover.objects.filter(cancelled_at__isnull=True, interrupted_at__isnull=True, returned_at__isnull=True)
    waiting = list(living.filter(starts_on__lte=today).order_by("pk").values_list("pk", flat=True))
    coming = list(living.filter(starts_on__gt=today).order_by("pk").values_list("pk", flat=True))
    return sum(_settle(pk, now) for pk in [*waiting, *coming])


@transaction.atomic
def _settle(pk: int, now: datetime) -> bool:
    people = ("absent__professional", "stand_in__professional")
    rows = Cover.objects.select_for_update(of=("self",), skip_locked=True).select_related(*people)
    cover = rows.filter(pk=pk, cancelled_at__isnull=True, interrupted_at__isnull=True, returned_at__isnull=True).first()
    if cover is None:
        return False
    with timezone.override(zone_of(cover.absent)):  # days of absence are those of where the person works
        return _step(cover, now)


def _step(cover: Cover, now: datetime) -> bool:
    """Of a locked absence, on the clock of the person."""
    today = timezone.localdate(now)
    if cover.ends_on < today:
        return _end(cover, now)
    lost = out_of_reach(_handed(cover), cover.stand_in)
    if not _is_there(cover.stand_in) or (lost and len(lost) == _handed(cover).count()):
        return _leave(cover, today)
    if lost:
        _ask_for_lost(cover, lost)
    _take_in(cover, today)
    if cover.starts_on <= today and cover.told_at is None:
        cover.told_at = now
        cover.save(update_fields=["told_at"])
        _tell(cover, cover.stand_in, TOLD)
        return True
    return False


def _end(cover: Cover, now: datetime) -> bool:
    """Everything is as before already: the person is told, unless they have left, and then someone must take over."""
    cover.returned_at = now
    cover.save(update_fields=["returned_at"])
    if _is_there(cover.absent):
        _tell(cover, cover.absent, RETURNED)
    else:
        left = _handed(cover).filter(owner=cover.absent)
        _ask(cover, left, "Confier ce patient", f"{cover.absent}, en absence jusqu’ici, n’est plus de l’équipe.", "end")
    return True


def _leave(cover: Cover, today: date) -> bool:
    """The stand-in has left the team: nobody acts any more, and the team is asked to."""
    why = f"{cover.stand_in}, qui remplaçait {cover.absent}, n’est plus de l’équipe."
    handed = list(_handed(cover))
    interrupt(cover=cover)
    _ask(cover, handed, "Reprendre ce patient", why, "left")
    return True


def _ask_for_lost(cover: Cover, lost: Sequence[Pathway]) -> None:
    """Patients no longer of a desk of the stand-in (either has changed team): nobody would see their alerts."""
    let_go(cover=cover, pathways=lost)
    why = f"{cover.stand_in}, qui remplaçait {cover.absent}, n’est pas à la coordination de cette équipe."
    _ask(cover, lost, "Reprendre ce patient", why, "left")


def _take_in(cover: Cover, today: date) -> None:
    """What the absence should hold and does not: a patient given to the person while it was being declared."""
    if not cover.everyone:
        return
    held = set(cover.lines.values_list("pathway_id", flat=True))
    for pathway in patients_of(cover.absent, max(cover.starts_on, today), cover.ends_on):
        if pathway.pk not in held and pathway.owner_id == cover.absent_id:
            follow_owner(pathway=pathway)


def _handed(cover: Cover) -> PathwayQuerySet:
    return Pathway.objects.active().filter(cover_lines__cover=cover).select_related("team").order_by("pk")


def _ask(cover: Cover, pathways: Iterable[Pathway], title: str, why: str, what: str) -> None:
    """One task per patient in the team's pool, made once."""
    for pathway in pathways:
        origin = uuid5(cover.uuid, f"{what}:{pathway.uuid}")
        create_task(pathway=pathway, title=title, note=why, due_at=timezone.now(), origin=origin)


def _is_there(user: User) -> bool:
    return user.is_active and Membership.objects.current().filter(user=user).exists()


def _tell(cover: Cover, user: User, kind: str) -> None:
    """A mail without any patient's name: how many, until when, and where to read the rest."""
    membership = next(iter(user.current_memberships), None)
    if membership is None or not user.email:
        return
    count = cover.lines.count()
    several = f"{count} patient{'s' if count > 1 else ''}"
    body = render_to_string(
        "coordination/post/cover.txt",
        {
            "cover": cover,
            "count": several,
            "starts": kind == TOLD,
            "link": settings.BASE_URL + reverse("coordination:cover", args=[cover.uuid]),
            "establishment": membership.team.establishment.name,
        },
    )
    post(
        kind=kind,
        dedup_key=f"{kind}:{cover.uuid}:{cover.ends_on if kind == RETURNED else cover.starts_on}",
        establishment=membership.team.establishment,
        recipient=user.email,
        professional=user.professional,
        subject=f"Jalon : {several} {'vous sont confiés' if kind == TOLD else 'vous reviennent'}"
        if count > 1
        else f"Jalon : 1 patient {'vous est confié' if kind == TOLD else 'vous revient'}",
        body=body,
    )
