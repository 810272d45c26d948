"""What a series does not do as usual: weeks left out or moved, and slots that wait for a person's decision."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from coordination.models.series import Resource, SlotSeries
from coordination.models.slots import Slot
from coordination.querysets.slots import UnmadeWeekQuerySet
from directory.history import tracked
from directory.models import Professional, Team, User
from directory.typography import NBSP


class ExceptionKind(models.TextChoices):
    LEAVE = "leave", "Absence d’un praticien"
    DOWN = "down", "Appareil ou salle hors service"
    CLOSED = "closed", "Fermeture du plateau"
    ONE_WEEK = "one_week", "Une seule semaine"


SHORT = {
    ExceptionKind.LEAVE: "Absence",
    ExceptionKind.DOWN: "Hors service",
    ExceptionKind.CLOSED: "Fermeture",
    ExceptionKind.ONE_WEEK: "Pas cette semaine",
}
WEEK = timedelta(days=7)
_SCOPES = ("series", "resource", "professional", "platform")


@tracked()
class SlotException(models.Model):
    """Days without slots, both ends included, on the calendar of the slots' establishment.

    Exactly one of ``professional`` (everywhere they are expected), ``resource``, ``platform``, ``series``. A series
    may also be held at another hour for one week: ``moved_to``, an instant of the same week as ``first_on``.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField("nature", max_length=8, choices=ExceptionKind)
    series = models.ForeignKey(SlotSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="exceptions")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, null=True, blank=True, related_name="exceptions")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    platform = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    first_on = models.DateField("du")
    last_on = models.DateField("au")
    moved_to = models.DateTimeField("tenu le", null=True, blank=True)
    reason = models.CharField("raison", max_length=160)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField("levée le", null=True, blank=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "exception"
        verbose_name_plural = "exceptions"
        ordering = ["first_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="slot_exception_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
            models.CheckConstraint(
                condition=Q(
                    *(Q(**{f"{scope}__isnull": scope != only for scope in _SCOPES}) for only in _SCOPES),
                    _connector=Q.OR,
                ),
                name="slot_exception_about_one",
                violation_error_message="Une exception porte sur une seule chose.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="slot_exception_with_reason",
                violation_error_message="Indiquez la raison.",
            ),
            models.CheckConstraint(
                condition=Q(moved_to__isnull=True) | Q(series__isnull=False),
                name="slot_exception_moves_one_series",
                violation_error_message="Seul un créneau d’une série se déplace.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} : {self.about}"

    @property
    def label(self) -> str:
        """Its kind, in a list."""
        return "Suspendu" if self.nature == "Suspendu" else self.get_kind_display()

    @property
    def nature(self) -> str:
        """« Hors service », « Pas cette semaine »; of a series left out for longer, « Suspendu »."""
        if self.kind == ExceptionKind.ONE_WEEK and self.last_on - self.first_on >= WEEK:
            return "Suspendu"
        return SHORT[ExceptionKind(self.kind)]

    @property
    def words(self) -> str:
        """« Hors service : Scanner 1 », beside a slot."""
        return f"{self.nature}{NBSP}: {self.about}"

    @property
    def brief(self) -> str:
        """The same at the head of a day, which says itself the day of a series."""
        return f"{self.nature}{NBSP}: {self.series.exam_type}" if self.series else self.words

    @property
    def about(self) -> str:
        """What it is about, by name."""
        return str(self.series or self.resource or self.professional or self.platform)


@tracked()
class DisturbedSlot(models.Model):
    """A slot with patients that its series no longer gives: it takes nobody more, and stays until a person has called
    them. ``settled_at``: the patients have left it, it was kept as it is, or its series gives it again."""

    slot = models.OneToOneField(Slot, on_delete=models.PROTECT, related_name="disturbed")
    reason = models.CharField("raison", max_length=200)
    since = models.DateTimeField("depuis le")
    settled_at = models.DateTimeField("réglé le", null=True, blank=True)
    kept_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "créneau à régler"
        verbose_name_plural = "créneaux à régler"
        ordering = ["slot", "id"]

    def __str__(self) -> str:
        return f"{self.slot} : {self.reason}"


@tracked()
class UntoldSetup(models.Model):
    """What the patient of an appointment still expects: it stands at its hour, in another room or with other
    practitioners, and ``task`` asks to tell them. ``people`` are keys of professionals."""

    booking = models.OneToOneField("coordination.Booking", on_delete=models.PROTECT, related_name="untold_setup")
    room = models.CharField("salle", max_length=60, blank=True)
    people = models.JSONField("praticiens", default=list)
    task = models.ForeignKey("coordination.Task", on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "changement à dire"
        verbose_name_plural = "changements à dire"

    def __str__(self) -> str:
        return str(self.booking)


class UnmadeWeek(models.Model):
    """A week whose slot could not be made: the machine, the room or somebody is taken, or the database refused.

    ``starts_at`` is the hour its series wants. It closes by itself when the week has its slot, or wants none any more.
    """

    series = models.ForeignKey(SlotSeries, on_delete=models.CASCADE, related_name="unmade_weeks")
    week = models.DateField("semaine")
    starts_at = models.DateTimeField("attendu le")
    reason = models.CharField("raison", max_length=300)
    since = models.DateTimeField("depuis le")
    settled_at = models.DateTimeField("réglé le", null=True, blank=True)

    objects = UnmadeWeekQuerySet.as_manager()

    class Meta:
        verbose_name = "semaine sans créneau"
        verbose_name_plural = "semaines sans créneau"
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["series"], condition=Q(settled_at__isnull=True), name="unmade_week_open")]
        constraints = [models.UniqueConstraint(fields=["series", "week"], name="unmade_week_once")]

    def __str__(self) -> str:
        return f"{self.series}, {self.week} : {self.reason}"
