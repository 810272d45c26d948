"""The coordinator's desk: tasks and contacts."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import Q

from coordination.querysets import ContactQuerySet, TaskQuerySet
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Milestone, Pathway
from pathways.models.ledger import KIND_CHOICES


class TaskStatus(models.TextChoices):
    OPEN = "open", "À faire"
    DONE = "done", "Faite"
    CANCELLED = "cancelled", "Annulée"


@tracked()
class Task(models.Model):
    """One thing to do for one patient, owned by a person or waiting in a team's pool (COO-06).

    ``closes_on`` (with ``closes_on_detail``) names the milestone that closes it by evidence; only a fact that
    happened after ``evidence_after`` counts, so that a second biopsy is not closed by the first. ``origin`` is the
    public id of what made it (a follow-up action, a booking…), unique so that making it again doubles nothing.
    ``about`` is the fact it follows from; ``series`` and ``number`` place it in what comes back.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField("tâche", max_length=200)
    note = models.TextField("précision", blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="tasks")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    due_on = models.DateField("pour le", null=True, blank=True)
    status = models.CharField("état", max_length=10, choices=TaskStatus, default=TaskStatus.OPEN)
    closes_on = models.CharField("close par", max_length=32, choices=KIND_CHOICES, blank=True)
    closes_on_detail = models.CharField(max_length=40, blank=True)
    evidence_after = models.DateTimeField()
    origin = models.UUIDField(null=True, blank=True, unique=True)
    about = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    series = models.ForeignKey(
        "coordination.TaskSeries", on_delete=models.PROTECT, null=True, blank=True, related_name="occurrences"
    )
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField("résultat", max_length=200, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "tâche"
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(fields=["team", "due_on"], condition=Q(status="open"), name="task_open_team"),
            models.Index(fields=["owner", "due_on"], condition=Q(status="open"), name="task_open_owner"),
            models.Index(fields=["pathway"], name="task_pathway"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="task_closing_coherent",
            ),
            models.UniqueConstraint(
                fields=["series", "number"], condition=Q(series__isnull=False), name="task_occurrence_once"
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True, number__isnull=True) | Q(series__isnull=False, number__isnull=False),
                name="task_occurrence_numbered",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(outcome=""),
                name="task_cancelled_with_reason",
                violation_error_message="Indiquez pourquoi cette tâche est annulée.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def needs_outcome(self) -> bool:
        """True when closing it by hand asks what came of it: a fact is awaited, or its checklist is not all ticked
        (as read by `with_list_data`)."""
        unticked = getattr(self, "points", 0) > getattr(self, "ticked", 0)
        return bool(self.closes_on) or unticked


class Channel(models.TextChoices):
    PHONE = "phone", "Téléphone"
    MAIL = "mail", "Courriel"
    SECURE_MAIL = "secure_mail", "Messagerie sécurisée"
    VISIT = "visit", "Sur place"
    LETTER = "letter", "Courrier"


class ContactOutcome(models.TextChoices):
    REACHED = "reached", "Joint"
    CALL_BACK = "call_back", "À rappeler"
    MESSAGE = "message", "Message laissé"
    UNREACHABLE = "unreachable", "Injoignable"
    POSTPONED = "postponed", "Rappel reporté"


class Contact(models.Model):
    """A call or message with the patient, a relative or a professional. Never changed, never erased (SEC-02).

    A promised call put off to another day stands among them, without a channel: nobody was called. One noted by mistake
    is withdrawn (`ContactWithdrawal`): it stays readable and counts for nothing.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="contacts")
    at = models.DateTimeField("le")
    channel = models.CharField("moyen", max_length=12, choices=Channel, blank=True)
    outcome = models.CharField("résultat", max_length=12, choices=ContactOutcome)
    whom = models.CharField("avec", max_length=80, blank=True)
    next_on = models.DateField("à rappeler le", null=True, blank=True)
    note = models.CharField("note", max_length=500, blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = "contact"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["pathway", "-at"], name="contact_pathway")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome="call_back") | Q(next_on__isnull=False),
                name="contact_call_back_has_date",
                violation_error_message="Indiquez quand rappeler.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="postponed", channel="", next_on__isnull=False)
                | (~Q(outcome="postponed") & ~Q(channel="")),
                name="contact_has_channel_unless_postponed",
                violation_error_message="Choisissez le moyen de contact.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.at:%d/%m/%Y}"


class ContactWithdrawal(models.Model):
    """Says that a contact was noted by mistake, who says so and why. Never changed, never erased."""

    contact = models.OneToOneField(Contact, on_delete=models.PROTECT, related_name="withdrawal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("le", auto_now_add=True)
    reason = models.CharField("motif", max_length=200)

    class Meta:
        verbose_name = "retrait d’un contact"
        verbose_name_plural = "retraits de contacts"
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="contact_withdrawal_has_reason",
                violation_error_message="Indiquez pourquoi ce contact est retiré.",
            )
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.reason


class ContactState(models.Model):
    """Where the contacts of a pathway stand: the result of its contacts, kept for the lists.

    `record_contact` writes it under the pathway's lock, as `rules.contacts.standing` says, and a test checks that the
    two agree; a death takes the promised call away. ``attempts`` counts the calls without an answer since the last one.
    """

    pathway = models.OneToOneField(Pathway, on_delete=models.CASCADE, related_name="contact_state")
    last = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    attempts = models.PositiveSmallIntegerField("essais sans réponse", default=0)
    call_back_on = models.DateField("à rappeler le", null=True, blank=True)

    class Meta:
        verbose_name = "état des contacts"
        indexes = [
            models.Index(
                fields=["call_back_on", "pathway"], condition=Q(call_back_on__isnull=False), name="contact_to_call_back"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempts} essai(s)"
