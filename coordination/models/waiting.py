"""Who waits for a place, and what was offered to them; exams asked of a platform with a promise."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coordination.models.bookings import Booking
from coordination.models.desk import Channel
from coordination.models.exam_types import ExamType
from coordination.models.policies import PolicyMode
from coordination.models.slots import Slot
from coordination.querysets import ExamRequestQuerySet, WaitingPlaceQuerySet
from coordination.rules.waiting import AFTERNOON, MORNING
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Milestone, Pathway


class WaitingStatus(models.TextChoices):
    WAITING = "waiting", "En attente"
    SERVED = "served", "Servi"
    WITHDRAWN = "withdrawn", "Retiré"


class HalfDay(models.TextChoices):
    """When the patient can come; nothing when it does not matter."""

    MORNING = MORNING, "Le matin"
    AFTERNOON = AFTERNOON, "L’après-midi"


@tracked()
class WaitingPlace(models.Model):
    """A patient waits for a place of one type, for one step. ``latest_at`` is when the step was due as they asked; its
    due instant of now is read from the plan (`due_now`), and the rank is worked out (`rules.waiting`), never stored.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="waiting_places")
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, related_name="waiting_places")
    step_key = models.CharField(max_length=60, blank=True)
    earliest_on = models.DateField("pas avant le", null=True, blank=True)
    half_day = models.CharField("moment", max_length=9, choices=HalfDay, blank=True, db_default="", default="")
    latest_at = models.DateTimeField("au plus tard", null=True, blank=True)
    note = models.CharField("précision", max_length=200, blank=True)
    status = models.CharField("état", max_length=10, choices=WaitingStatus, default=WaitingStatus.WAITING)
    asked_at = models.DateTimeField("inscrit le")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    end_reason = models.CharField("motif", max_length=200, blank=True)
    served_by = models.OneToOneField(
        Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="served_place"
    )

    objects = WaitingPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = "attente d’une place"
        verbose_name_plural = "attentes d’une place"
        ordering = ["asked_at", "id"]
        indexes = [models.Index(fields=["exam_type", "asked_at"], condition=Q(status="waiting"), name="waiting_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["pathway", "exam_type", "step_key"],
                condition=Q(status="waiting"),
                name="waiting_once",
                violation_error_message="Ce patient attend déjà une place pour cet examen.",
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", ended_at__isnull=True)
                | Q(status="served", ended_at__isnull=False, served_by__isnull=False)
                | (Q(status="withdrawn", ended_at__isnull=False) & ~Q(end_reason="")),
                name="waiting_end_coherent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type}, {self.pathway}"


class OfferAnswer(models.TextChoices):
    OPEN = "open", "À proposer"
    ACCEPTED = "accepted", "Acceptée"
    DECLINED = "declined", "Refusée"
    LAPSED = "lapsed", "Sans suite"
    TAKEN = "taken", "Place prise entre-temps"
    WITHDRAWN = "withdrawn", "Sans objet"


UNHEARD = (OfferAnswer.TAKEN.value, OfferAnswer.WITHDRAWN.value)
"""Neither a person nor the clock answered: the same place may be offered again."""


@tracked()
class WaitingOffer(models.Model):
    """A freed place put before a person, for one who waits: it books nothing and holds no place."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    place = models.ForeignKey(WaitingPlace, on_delete=models.PROTECT, related_name="offers")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="offers")
    offered_at = models.DateTimeField("proposée le")
    answer = models.CharField("réponse", max_length=10, choices=OfferAnswer, default=OfferAnswer.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "proposition à la liste d’attente"
        verbose_name_plural = "propositions à la liste d’attente"
        ordering = ["-offered_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["place"], condition=Q(answer="open"), name="waiting_offer_one_open"),
            models.UniqueConstraint(
                fields=["place", "slot"], condition=~Q(answer__in=UNHEARD), name="waiting_offer_once"
            ),
            models.CheckConstraint(
                condition=Q(answer="open", answered_at__isnull=True)
                | (~Q(answer="open") & Q(answered_at__isnull=False)),
                name="waiting_offer_answer_coherent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} : {self.slot}"


class RequestStatus(models.TextChoices):
    ASKED = "asked", "Demandé"
    PROPOSED = "proposed", "Date proposée"
    DONE = "done", "Réalisé"
    REFUSED = "refused", "Refusé"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class ExamRequest(models.Model):
    """An exam asked of a platform or a laboratory that keeps no slot for it: it answers with a date, before
    ``promised_at`` (the agreed maximum delay counted on its own calendar).

    ``known_at`` and ``known_place`` are the date and the place the patient knows of, ``to_tell_since`` since when they
    are to be told of others or of its end (None: nothing to tell), ``told_at`` and ``told_how`` the last time they were
    (PAIN-20). ``evidence`` is the exam done that closed it.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="exam_requests")
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, related_name="requests")
    step_key = models.CharField(max_length=60, blank=True)
    addressed_to = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="exam_requests")
    mode = models.CharField("mode", max_length=10, choices=PolicyMode, default=PolicyMode.PRIORITY)
    urgent = models.BooleanField("urgent", default=False)
    question = models.CharField("question posée", max_length=500, blank=True)
    within = models.CharField("délai convenu", max_length=24, blank=True)
    asked_at = models.DateTimeField("demandé le")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    promised_at = models.DateTimeField("promis avant", null=True, blank=True)
    status = models.CharField("état", max_length=10, choices=RequestStatus, default=RequestStatus.ASKED)
    proposed_at = models.DateTimeField("date proposée", null=True, blank=True)
    place = models.CharField("lieu", max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField("motif", max_length=200, blank=True)
    request_key = models.UUIDField(unique=True, default=uuid4)
    told_at = models.DateTimeField("patient prévenu le", null=True, blank=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    told_how = models.CharField("comment", max_length=12, choices=Channel, blank=True, db_default="")
    known_at = models.DateTimeField("date connue du patient", null=True, blank=True)
    known_place = models.CharField("lieu connu du patient", max_length=120, blank=True, db_default="")
    to_tell_since = models.DateTimeField("patient à prévenir depuis", null=True, blank=True)
    evidence = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ExamRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande d’examen"
        verbose_name_plural = "demandes d’examen"
        ordering = ["promised_at", "asked_at", "id"]
        indexes = [
            models.Index(
                fields=["addressed_to", "promised_at"], condition=Q(status="asked"), name="exam_request_asked"
            ),
            models.Index(fields=["pathway"], name="exam_request_pathway"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["pathway", "exam_type", "step_key"],
                condition=Q(status__in=["asked", "proposed"]),
                name="exam_request_once",
                violation_error_message="Cet examen est déjà demandé pour cette étape.",
            ),
            models.CheckConstraint(
                condition=~Q(status="proposed") | Q(proposed_at__isnull=False), name="exam_request_proposed_has_date"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["refused", "cancelled"]) | ~Q(reason=""),
                name="exam_request_ended_with_reason",
                violation_error_message="Indiquez pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type}, {self.addressed_to}"

    @property
    def version(self) -> str:
        """« status|date|place »: a page, a program or a call that was about another one is out of date."""
        return f"{self.status}|{self.proposed_at.isoformat() if self.proposed_at else ''}|{self.place}"
