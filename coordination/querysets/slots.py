"""Reads of protected slots and bookings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Cast, Coalesce, ExtractIsoWeekDay, Greatest, Least, Mod, RowNumber

from coordination.querysets.policies import ends_after, runs_on
from coordination.rules.slots import USUAL_LENGTH
from coordination.rules.trips import TRAVEL, Stay
from coordination.rules.waiting import AFTERNOON, MORNING, NOON
from directory.models import Role, Team
from pathways.models import Pause, Step
from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from coordination.models import (  # noqa: F401 (named in the bases below)
        Booking,
        ExamRequest,
        Hold,
        SeriesProposal,
        Slot,
        SlotSeries,
        UnmadeWeek,
        WaitingPlace,
    )
    from directory.models import User
    from pathways.models import Pathway


LOCAL_START = Func(
    F("platform__establishment__time_zone"), F("starts_at"), function="TIMEZONE", output_field=DateTimeField()
)
LOCAL_DAY = Cast(LOCAL_START, DateField())
"""The day on which a slot begins, where it takes place."""
LOCAL_HOUR = Func(Value("hour"), LOCAL_START, function="DATE_PART", output_field=FloatField())
HALF_DAY = Case(When(hour__lt=NOON, then=Value(MORNING)), default=Value(AFTERNOON))
"""The half of the day in which it begins, as `rules.waiting.half_day_of`; ``hour`` is `LOCAL_HOUR`."""


def given_up(prefix: str = "pk") -> Exists:
    """The slot stands only for the patients in it, until somebody has called them."""
    from coordination.models import DisturbedSlot

    return Exists(DisturbedSlot.objects.filter(slot=OuterRef(prefix), settled_at__isnull=True))


def doubt(prefix: str) -> Subquery:
    """Why nobody knows yet whether the slot is held for the patients in it; None when it is, or held all the same."""
    from coordination.models import DisturbedSlot

    rows = DisturbedSlot.objects.filter(slot=OuterRef(prefix), settled_at__isnull=True, kept_by__isnull=True)
    return Subquery(rows.order_by().values("reason")[:1])


class SlotSeriesQuerySet(models.QuerySet["SlotSeries"]):
    def running(self, day: date) -> Self:
        """Those that still make slots on ``day`` or after."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))

    def kept_for(self, pathway: Pathway, day: date) -> Self:
        """Those that still make slots for the pathway's target: without any, nobody can be given a place."""
        target, home = pathway.version.target_id, pathway.team.establishment_id
        return self.giving_from(Value(day)).filter(targets=target).lent_to(target, home, Value(day))

    def giving_from(self, day: Combinable) -> Self:
        """Those with one of their weekdays to come, ``day`` included, before they end."""
        first = Greatest(F("valid_from"), day, output_field=DateField())
        ahead = Cast(Mod(F("weekday") + 8 - ExtractIsoWeekDay(first), Value(7)), IntegerField())
        next_on = ExpressionWrapper(first + ahead, DateField())
        return self.alias(next_on=next_on).filter(Q(valid_until__isnull=True) | Q(valid_until__gte=F("next_on")))

    def lent_to(self, target: int | OuterRef, home: int | OuterRef, day: Combinable) -> Self:
        """Without those of a partner whose conventions for the target, all written down, have all ended before
        ``day``; ``target`` and ``day`` are read two queries deeper, ``home`` one. See `SlotQuerySet.agreed_for` for one
        slot."""
        from coordination.models import SlotPolicy

        ours = SlotPolicy.objects.filter(
            mode="partner", target=target, platform=OuterRef("platform"), exam_type=OuterRef("exam_type")
        )
        to_come = ours.filter(ends_after(day), ends_after(day, "convention__"), convention__exam_types=F("exam_type"))
        return self.exclude(~Q(platform__establishment=home) & Exists(ours) & ~Exists(to_come))

    def visible_to(self, user: User) -> Self:
        """Series of the user's platform, and those serving the target pathways of the teams they care with."""
        serving = self.model.targets.through.objects.filter(
            targetpathway__team__in=user.teams_as(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
        )
        return self.filter(Q(platform__in=user.teams_as(Role.PLATFORM)) | Q(pk__in=serving.values("slotseries_id")))

    def managed_by(self, user: User) -> Self:
        """Those a head of the platform or an administrator of its establishment changes."""
        return self.filter(
            Q(platform__in=user.headed_teams)
            | Q(platform__establishment__in=user.establishments_as(Role.ADMINISTRATOR))
        )

    def readable_by(self, user: User) -> Self:
        """Those the user sees at the desk or on their platform, and those they manage."""
        seen = self.model.objects.visible_to(user).values("pk")
        return self.filter(Q(pk__in=seen) | Q(pk__in=self.model.objects.managed_by(user).values("pk")))

    def to_look_at(self, user: User, at: datetime) -> Self:
        """Those the user reads with a week that could not be made, and those they manage with a proposal to answer."""
        from coordination.models import SeriesProposal, UnmadeWeek

        readable = self.model.objects.readable_by(user).values("pk")
        lacking = UnmadeWeek.objects.waiting(at).filter(series__in=readable).order_by().values("series")
        asked = SeriesProposal.objects.waiting().managed_by(user).order_by().values("series")
        return self.filter(Q(pk__in=asked) | Q(pk__in=lacking))

    def with_list_data(self) -> Self:
        return self.select_related("exam_type", "platform__establishment", "resource").prefetch_related(
            "targets", "practitioners__establishment"
        )


class SeriesProposalQuerySet(models.QuerySet["SeriesProposal"]):
    def waiting(self) -> Self:
        """Without an answer."""
        return self.filter(state="open")

    def managed_by(self, user: User) -> Self:
        """Those the user answers."""
        from coordination.models import SlotSeries

        return self.filter(series__in=SlotSeries.objects.managed_by(user).values("pk"))

    def visible_to(self, user: User) -> Self:
        """One's own, and those about the series the user sees or manages: they name no patient."""
        from coordination.models import SlotSeries

        seen = SlotSeries.objects.visible_to(user).values("pk")
        return self.filter(
            Q(proposed_by=user) | Q(series__in=seen) | Q(series__in=SlotSeries.objects.managed_by(user).values("pk"))
        )

    def with_list_data(self) -> Self:
        return self.select_related(
            "series__exam_type", "series__platform__establishment", "proposed_by__professional",
            "answered_by__professional", "made__exam_type",
        )  # fmt: skip


class UnmadeWeekQuerySet(models.QuerySet["UnmadeWeek"]):
    def waiting(self, at: datetime) -> Self:
        """Still without a slot, to come, and of a series that has not ended before."""
        wanted = Q(series__valid_until__isnull=True) | Q(series__valid_until__gte=F("week"))
        return self.filter(wanted, settled_at__isnull=True, starts_at__gt=at)

    def with_list_data(self) -> Self:
        return self.select_related("series__exam_type", "series__platform__establishment")


class SlotQuerySet(models.QuerySet["Slot"]):
    def visible_to(self, user: User) -> Self:
        """Slots of the series the user sees (a subquery, so that the join never doubles a slot)."""
        from coordination.models import SlotSeries

        return self.filter(series__in=SlotSeries.objects.visible_to(user).values("pk"))

    def open_to(self, user: User, pathway: Pathway) -> Self:
        """Those the user sees, and those kept for a pathway they book for, whoever runs its target now."""
        from coordination.models import SlotSeries

        seen = SlotSeries.objects.visible_to(user).values("pk")
        return self.filter(Q(series__in=seen) | Q(pk__in=self.model.objects.serving(pathway).values("pk")))

    def free(self, at: datetime, but: Pathway | None = None) -> Self:
        """What may be booked at ``at``: `not_full`, with a place that nobody else keeps for a few minutes.

        The only definition of a free place; those kept for ``but`` are free for it. A page that shows the others as
        kept reads `not_full` and `with_held`.
        """
        return self.not_full(at).unheld(at, but)

    def not_full(self, at: datetime) -> Self:
        """Still protected, in the future, with at least one place not taken, and not due to the platform yet: what is
        promised to it does not wait for the job that says so. Nobody more enters a slot that its series gives up."""
        rows = self.filter(status="protected", starts_at__gt=at, release_at__gt=at, booked__lt=F("capacity"))
        return rows.exclude(given_up())

    def protected_full(self, at: datetime) -> Self:
        """Still protected and to come, with no place left; those whose patients are to be called left out."""
        rows = self.filter(status="protected", starts_at__gt=at, release_at__gt=at, booked__gte=F("capacity"))
        return rows.exclude(given_up())

    def with_held(self, at: datetime, but: Pathway | None = None) -> Self:
        """Adds ``held``: how many of its places others keep for a few minutes, those kept for ``but`` left out; and
        ``given_up``, whether the slot takes nobody more."""
        from coordination.models import Hold

        held = Hold.objects.living(at).filter(slot=OuterRef("pk")).order_by().values("slot")
        held = held.exclude(pathway=but) if but else held
        count = Coalesce(Subquery(held.annotate(count=Count("pk")).values("count")), 0)
        return self.annotate(held=count, given_up=given_up())

    def with_offers(self, but: Pathway | None = None) -> Self:
        """Adds ``offered``: how many of its places are proposed to who waits, without an answer; they stay free. Those
        proposed on the pathway ``but`` are left out."""
        from coordination.models import WaitingOffer

        offers = WaitingOffer.objects.filter(slot=OuterRef("pk"), answer="open").order_by().values("slot")
        if but is not None:
            offers = offers.exclude(place__pathway=but)
        return self.annotate(offered=Coalesce(Subquery(offers.annotate(count=Count("pk")).values("count")), 0))

    def unheld(self, at: datetime, but: Pathway | None = None) -> Self:
        """Those with a place that is neither taken nor kept for somebody else."""
        return self.with_held(at, but).filter(booked__lt=F("capacity") - F("held"))

    def with_places(self, at: datetime) -> Self:
        """Adds what became at ``at`` of the places that nobody took, the one definition for the board, the proof of use
        and the figures (SLT-10, « reserved / used / released in time / lost »).

        ``left``: how many, as `Slot.free`, and none in a slot that takes nobody more. ``late``: of these,
        once the slot is released or due, those freed by a cancellation after its release instant: the platform had not
        the notice it was promised, whether the job released them afterwards or not. Given back in time: ``left`` less
        ``late`` of a slot that went back; lost: ``late``, and all that is left of a slot that never went back.
        """
        from coordination.models import Booking

        after = Booking.objects.filter(
            slot=OuterRef("pk"),
            status="cancelled",
            cancelled_at__gt=OuterRef("release_at"),
            booked_at__lte=OuterRef("release_at"),  # added since, it lived on places that had gone back in time
        )
        freed = Coalesce(Subquery(after.order_by().values("slot").annotate(count=Count("pk")).values("count")), 0)
        due = Q(status="released") | Q(status="protected", release_at__lte=at)
        places = Greatest(F("capacity") - F("booked"), Value(0))
        return self.annotate(
            left=Case(When(given_up(), then=Value(0)), default=places, output_field=IntegerField()),
        ).annotate(late=Case(When(due, then=Least(F("left"), freed)), default=Value(0), output_field=IntegerField()))

    def serving(self, pathway: Pathway) -> Self:
        """Slots kept for the pathway's target."""
        return self.filter(series__targets=pathway.version.target_id)

    def agreed(self, pathway: Pathway) -> Self:
        """Less those of a partner whose convention does not run on their day, or does not cover their exam (SLT-07):
        `services.policies.refuse_without_convention` for many slots."""
        return self.agreed_for(pathway.version.target_id, pathway.team.establishment_id)

    def agreed_for(self, target: int | OuterRef, home: int | OuterRef) -> Self:
        """As `agreed`, for a target and an establishment; ``target`` is read two queries deeper, ``home`` one."""
        from coordination.models import SlotPolicy

        ours = SlotPolicy.objects.filter(
            mode="partner", target=target, platform=OuterRef("platform"), exam_type=OuterRef("exam_type")
        )
        running = ours.filter(
            runs_on(OuterRef("local_day")), runs_on(OuterRef("local_day"), "convention__"),
            convention__exam_types=F("exam_type"),
        )  # fmt: skip
        elsewhere = ~Q(platform__establishment=home)
        return self.alias(local_day=LOCAL_DAY).exclude(elsewhere & Exists(ours) & ~Exists(running))

    def at_leisure_of(self, patient: OuterRef) -> Self:
        """At hours when the patient, read two queries deeper, is expected nowhere."""
        from coordination.models import Booking, ExamRequest

        booked = Booking.objects.standing().filter(
            patient=patient, slot__starts_at__lt=OuterRef("ends_at"), slot__ends_at__gt=OuterRef("starts_at")
        )
        given = ExamRequest.objects.at_hours(OuterRef("starts_at"), OuterRef("ends_at"))
        return self.exclude(Exists(booked.order_by())).exclude(
            Exists(given.filter(pathway__patient=patient).order_by())
        )

    def awaited(self, at: datetime) -> Self:
        """Those by which somebody without a place to answer may gain: `WaitingPlaceQuerySet.soon_enough` says who, of
        each. The others, nearly all, need not be looked at one by one."""
        from coordination.models import SlotChange, WaitingOffer, WaitingPlace

        answering = WaitingOffer.objects.filter(place=OuterRef("pk"), answer="open")
        changed = SlotChange.objects.filter(
            slot=OuterRef(OuterRef("pk")), what__in=CAME_BACK, at__gte=OuterRef("asked_at")
        )
        waiting = WaitingPlace.objects.waiting().alias(due=due_now()).filter(
            Q(due__isnull=True) | Q(due__gte=OuterRef("starts_at")) | Q(due__lt=at)
            | Q(asked_at__lte=OuterRef("made_at")) | Exists(changed.order_by()),
            exam_type=OuterRef("exam_type"), pathway__version__target__slot_series=OuterRef("series"),
            pathway__status="active",
        )  # fmt: skip
        return self.filter(Exists(waiting.exclude(Exists(answering.order_by())).order_by()))

    def spread_over_the_day(self, count: int) -> Self:
        """Of each exam, at most ``count`` of each day at each site, the first, the last and some between; each with
        how many there are (``of_the_day``)."""
        day: list[BaseExpression | F | str] = ["exam_type", LOCAL_DAY, "platform__establishment"]
        rank = Window(RowNumber(), partition_by=day, order_by=["starts_at", "id"]) - Value(1)
        counted = self.annotate(rank=rank, of_the_day=Window(Count("pk"), partition_by=day))
        step = Mod(F("rank") * (count - 1), Greatest(F("of_the_day") - 1, 1))
        return counted.annotate(step=step).filter(step__lt=count - 1)

    def within_reach(self, taken: Sequence[Stay]) -> Self:
        """Those that somebody who is expected at ``taken`` can come to."""
        found = self
        for stay in taken:
            near = Q(starts_at__lt=stay.ends_at, ends_at__gt=stay.starts_at)
            far = Q(starts_at__lt=stay.ends_at + TRAVEL, ends_at__gt=stay.starts_at - TRAVEL)
            found = found.exclude(near | far & ~Q(platform__establishment=stay.site))
        return found

    def between(self, start: datetime, end: datetime) -> Self:
        """Slots that begin in [start, end)."""
        return self.filter(starts_at__gte=start, starts_at__lt=end)

    def to_release(self, at: datetime) -> Self:
        """Still protected, at or past their release instant, with at least one place left. The platform is not given a
        place at an hour, on a machine or with somebody that its series no longer has."""
        due = self.filter(status="protected", release_at__lte=at, starts_at__gt=at, booked__lt=F("capacity"))
        return due.exclude(given_up())

    def given_back(self, at: datetime) -> Self:
        """Released slots that have not begun: the platform may give them to anyone, but for one that its series has
        given up since, at an hour or on a machine that it no longer has."""
        rows = self.filter(status="released", starts_at__gt=at, booked__lt=F("capacity"))
        return rows.exclude(given_up())

    def with_list_data(self) -> Self:
        return self.select_related("exam_type", "platform__establishment", "series")

    def with_board_data(self) -> Self:
        """The same for hundreds of slots of few types and platforms: each of these is made once."""
        platforms = Team.objects.select_related("establishment")
        return self.prefetch_related("exam_type", Prefetch("platform", queryset=platforms))

    def with_bookings(self) -> Self:
        """Adds ``standing_bookings``: the places taken, with their patient."""
        from coordination.models import Booking

        bookings = Booking.objects.standing().select_related("patient", "pathway").order_by("seat")
        return self.prefetch_related(Prefetch("bookings", bookings, to_attr="standing_bookings"))


class HoldQuerySet(models.QuerySet["Hold"]):
    def living(self, at: datetime) -> Self:
        """Those that have not ended at ``at``."""
        return self.filter(until__gt=at)

    def ended(self, at: datetime) -> Self:
        return self.filter(until__lte=at)


CAME_BACK = ("freed", "let_go", "moved", "changed", "reopened")
"""The events after which a slot may be had by who could not have it before."""


def due_now() -> Coalesce:
    """When the step of a waiting place is due, as the plan has it now; as it was when asked, outside the plan."""
    steps = Step.objects.filter(
        pathway=OuterRef("pathway"), key=OuterRef("step_key"), state__in=["open", "waiting"], due_at__isnull=False
    )
    return Coalesce(Subquery(steps.order_by().values("due_at")[:1]), F("latest_at"))


class WaitingPlaceQuerySet(models.QuerySet["WaitingPlace"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def waiting(self) -> Self:
        return self.filter(status="waiting")

    def waiters(self) -> Iterable[tuple[int, datetime | None, datetime]]:
        """Of each its key, when its step is due (`due_now`), and when it was asked."""
        return self.annotate(due=due_now()).values_list("pk", "due", "asked_at")

    def not_paused_on(self, day: date) -> Self:
        """Those whose patient is expected that day: no pause covers it."""
        pauses = Pause.objects.counted().filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day), pathway=OuterRef("pathway"), starts_on__lte=day
        )
        return self.exclude(Exists(pauses.order_by()))

    def soon_enough(self, slot: Slot, at: datetime) -> Self:
        """Those who gain something by ``slot``: it meets their objective, or that has passed already, or else it was
        made or came back after they asked (whoever waits has seen what was free) and nothing that they could have
        begins earlier."""
        from coordination.models import Slot, SlotChange, WaitingOffer

        wish = ExpressionWrapper(OuterRef("half_day"), output_field=CharField())
        changed = SlotChange.objects.filter(slot=slot, what__in=CAME_BACK, at__gte=OuterRef("asked_at"))
        came = Exists(changed) | Q(asked_at__lte=slot.made_at)
        earlier = Slot.objects.free(at).filter(
            exam_type=slot.exam_type_id, starts_at__lt=slot.starts_at,
            series__targets=OuterRef("pathway__version__target"),
        )  # fmt: skip
        target, home = OuterRef(OuterRef("pathway__version__target")), OuterRef("pathway__team__establishment")
        earlier = earlier.agreed_for(target, home).at_leisure_of(OuterRef(OuterRef("pathway__patient")))
        earlier = earlier.alias(day=LOCAL_DAY).filter(day__gte=Coalesce(OuterRef("earliest_on"), date.min))
        earlier = earlier.alias(hour=LOCAL_HOUR).alias(half=HALF_DAY, wish=wish).filter(Q(wish="") | Q(half=F("wish")))
        said = WaitingOffer.objects.filter(place=OuterRef(OuterRef("pk")), slot=OuterRef("pk"))
        in_time = Q(due__isnull=True) | Q(due__gte=slot.starts_at) | Q(due__lt=at)
        return self.alias(due=due_now()).filter(in_time | (came & ~Exists(earlier.exclude(Exists(said)))))

    def with_list_data(self) -> Self:
        return self.select_related(
            "exam_type", "pathway__patient", "pathway__version__target", "pathway__team__establishment",
            "asked_by__professional",
        ).defer("pathway__version__definition")  # fmt: skip


class ExamRequestQuerySet(models.QuerySet["ExamRequest"]):
    def visible_to(self, user: User) -> Self:
        """Those of the pathways the user reads, and those asked of their own platform."""
        return self.filter(visible_pathways(user, "pathway__") | Q(addressed_to__in=user.teams_as(Role.PLATFORM)))

    def asked(self) -> Self:
        """Still without an answer."""
        return self.filter(status="asked")

    def running(self) -> Self:
        """Asked, or with a date proposed."""
        return self.filter(status__in=["asked", "proposed"])

    def to_follow(self, at: datetime) -> Self:
        """Those running, and those over of which the patient is still to be told."""
        told = self.model.objects.to_tell(at).values("pk")
        return self.filter(Q(status__in=["asked", "proposed"]) | Q(pk__in=told))

    def dated(self) -> Self:
        """With a date that stands, or on which the exam was done."""
        return self.filter(status__in=["proposed", "done"], proposed_at__isnull=False)

    def at_hours(self, start: datetime | F, end: datetime | F) -> Self:
        """Those with a date proposed whose usual length meets [start, end)."""
        return self.filter(status="proposed", proposed_at__gt=start - USUAL_LENGTH, proposed_at__lt=end)

    def to_tell(self, at: datetime) -> Self:
        """Those of which the patient does not know yet a date to come, or that the date they know fell (PAIN-20)."""
        coming = Q(status="proposed", proposed_at__gt=at) | Q(known_at__gt=at)
        return self.filter(coming, to_tell_since__isnull=False, pathway__patient__deceased_on__isnull=True)

    def with_list_data(self) -> Self:
        return self.select_related(
            "exam_type", "addressed_to__establishment", "pathway__patient", "pathway__version__target",
            "pathway__team__establishment", "asked_by__professional",
        ).defer("pathway__version__definition")  # fmt: skip


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: User) -> Self:
        """Bookings of pathways the user reads, or made on the user's own platform."""
        return self.filter(visible_pathways(user, "pathway__") | Q(slot__platform__in=user.teams_as(Role.PLATFORM)))

    def standing(self) -> Self:
        """Not cancelled."""
        return self.exclude(status="cancelled")

    def to_tell(self, at: datetime) -> Self:
        """Of whom nobody has said that the patient knows: cancelled before their hour, or moved to an hour to come."""
        cancelled = Q(
            status="cancelled", cancel_code__isnull=False, moved_to__isnull=True, cancelled_at__lt=F("slot__starts_at")
        )
        moved = Q(status="booked", moved_from__isnull=False, slot__starts_at__gt=at)
        return self.filter(cancelled | moved, told_at__isnull=True, patient__deceased_on__isnull=True)

    def in_doubt(self) -> Self:
        """Those whose slot may not be held, as long as nobody has decided."""
        return self.alias(why=doubt("slot")).filter(why__isnull=False)

    def certain(self) -> Self:
        """Those whose slot is held."""
        return self.alias(why=doubt("slot")).filter(why__isnull=True)

    def with_doubt(self) -> Self:
        """With ``doubt``: why their slot may not be held, as long as nobody has decided; None when it is."""
        return self.annotate(doubt=doubt("slot"))

    def unmarked(self) -> Self:
        """Booked, and neither done nor missed nor cancelled yet, to come or not."""
        return self.filter(status="booked")

    def expected(self, at: datetime) -> Self:
        """Booked and not begun."""
        return self.unmarked().filter(slot__starts_at__gt=at)

    def between(self, start: datetime, end: datetime) -> Self:
        """Beginning in [start, end)."""
        return self.filter(slot__starts_at__gte=start, slot__starts_at__lt=end)

    def of_day(self, start: datetime, end: datetime) -> Self:
        """Not cancelled, beginning in [start, end), in the order of the day."""
        return (
            self.standing()
            .filter(slot__starts_at__gte=start, slot__starts_at__lt=end)
            .order_by("slot__starts_at", "slot__exam_type__label", "seat", "id")
        )

    def of_pathways(self, ids: Iterable[int]) -> Self:
        return self.filter(pathway__in=ids)

    def with_list_data(self) -> Self:
        return self.select_related(
            "slot__exam_type", "slot__platform__establishment", "slot__series", "patient", "pathway__team"
        )
