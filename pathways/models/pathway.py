"""A patient's pathway and the circle of care allowed to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from directory.history import tracked
from directory.models import Professional, Team, User
from pathways.models.patient import Patient
from pathways.models.target import TargetPathwayVersion
from pathways.querysets import CareCircleQuerySet, PathwayQuerySet, stand_ins_on

if TYPE_CHECKING:
    from pathways.models.stand_in import StandIn


class PathwayStatus(models.TextChoices):
    ACTIVE = "active", "En cours"
    CLOSED = "closed", "Clos"


class ClosingReason(models.TextChoices):
    COMPLETED = "completed", "Parcours terminé"
    NO_CANCER = "no_cancer", "Pas de cancer"
    TRANSFERRED = "transferred", "Transféré"
    REFUSED = "refused", "Refus du patient"
    DIED = "died", "Décès"
    LOST = "lost", "Perdu de vue"


class LinkKind(models.TextChoices):
    """What a later pathway is to the earlier one it names."""

    SECOND_PRIMARY = "second_primary", "Second cancer primitif"
    RELAPSE = "relapse", "Rechute"


@tracked()
class Pathway(models.Model):
    """One patient on one target pathway.

    ``next_step`` and ``next_due_at`` (UTC instant) are, like the steps, the stored result of the plan: only
    `pathways.services.plan` writes them. An active pathway without a next step is an alert (continuity).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    reference = models.CharField("référence", max_length=20, unique=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="pathways")
    version = models.ForeignKey(TargetPathwayVersion, on_delete=models.PROTECT, related_name="pathways")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="pathways")
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="owned_pathways", verbose_name="responsable"
    )
    status = models.CharField("statut", max_length=8, choices=PathwayStatus, default=PathwayStatus.ACTIVE)
    opened_at = models.DateTimeField("ouvert le")
    closed_at = models.DateTimeField("clos le", null=True, blank=True)
    closing_reason = models.CharField("motif de clôture", max_length=12, choices=ClosingReason, blank=True)
    closing_note = models.CharField("précision", max_length=300, blank=True)
    suspicion = models.TextField("motif de la demande", blank=True)
    diagnosis = models.CharField("diagnostic", max_length=200, blank=True)
    who_status = models.PositiveSmallIntegerField("état général (OMS)", null=True, blank=True)
    next_step = models.ForeignKey("pathways.Step", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    next_due_at = models.DateTimeField(null=True, blank=True)
    last_contact_at = models.DateTimeField("dernier contact", null=True, blank=True)
    linked_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name="fait suite à"
    )
    link_kind = models.CharField("lien", max_length=14, choices=LinkKind, blank=True, default="", db_default="")
    plan_version = models.PositiveIntegerField(default=0)

    objects = PathwayQuerySet.as_manager()

    class Meta:
        verbose_name = "parcours"
        verbose_name_plural = "parcours"
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["team", "next_due_at", "id"], condition=Q(status="active"), name="pathway_active_due"),
            models.Index(fields=["owner", "next_due_at"], condition=Q(status="active"), name="pathway_owner_due"),
        ]
        constraints = [
            # What a row elsewhere that names a pathway and its patient is tied to.
            models.UniqueConstraint(fields=["id", "patient"], name="pathway_of_its_patient"),
            models.UniqueConstraint(
                fields=["patient", "version"],
                condition=Q(status="active") & ~Q(link_kind="second_primary"),
                name="pathway_one_active_per_version",
                violation_error_message="Ce patient suit déjà ce parcours.",
            ),
            models.UniqueConstraint(
                fields=["linked_to", "version"],
                condition=Q(status="active", link_kind="second_primary"),
                name="pathway_one_second_primary_each",
                violation_error_message="Ce second cancer a déjà son parcours.",
            ),
            models.CheckConstraint(
                condition=Q(status="active", closed_at__isnull=True, closing_reason="")
                | (Q(status="closed", closed_at__isnull=False) & ~Q(closing_reason="")),
                name="pathway_closing_coherent",
                violation_error_message="Un parcours clos porte une date et un motif.",
            ),
            models.CheckConstraint(
                condition=Q(linked_to__isnull=True, link_kind="") | (Q(linked_to__isnull=False) & ~Q(link_kind="")),
                name="pathway_link_has_kind",
                violation_error_message="Dites si c’est un second cancer ou une rechute.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="pathway_closed_after_opened",
                violation_error_message="La clôture ne peut pas précéder l’ouverture.",
            ),
            models.CheckConstraint(
                condition=Q(who_status__isnull=True) | Q(who_status__lte=4),
                name="pathway_who_status_range",
                violation_error_message="L’état général OMS va de 0 à 4.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_active(self) -> bool:
        return self.status == PathwayStatus.ACTIVE

    def acting_for(self, person: Any) -> StandIn | None:
        """Who acts here today for ``person`` (a user, or anyone else) while they are away; many rows are read
        `with_stand_ins`."""
        if not hasattr(self, "standing_in"):
            models.prefetch_related_objects([self], stand_ins_on())
        away: list[StandIn] = self.standing_in  # type: ignore[attr-defined]
        return next((each for each in away if isinstance(person, User) and each.replaced_id == person.pk), None)


class CircleRole(models.TextChoices):
    GP = "gp", "Médecin traitant"
    REQUESTER = "requester", "Médecin demandeur"
    REFERENT = "referent", "Médecin référent"
    RCP = "rcp", "Participant de RCP"
    OTHER = "other", "Autre intervenant"


@tracked()
class CareCircleMember(models.Model):
    """A professional of the patient's circle of care (CSP L1110-12); reads the pathway while a member."""

    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="circle")
    professional = models.ForeignKey(Professional, on_delete=models.PROTECT, related_name="circles")
    role = models.CharField("rôle", max_length=12, choices=CircleRole)
    since = models.DateTimeField("depuis")
    until = models.DateTimeField("jusqu’au", null=True, blank=True)

    objects = CareCircleQuerySet.as_manager()

    class Meta:
        verbose_name = "membre du cercle de soins"
        verbose_name_plural = "membres du cercle de soins"
        ordering = ["role", "id"]
        indexes = [models.Index(fields=["professional", "pathway"], name="circle_professional")]
        constraints = [
            models.UniqueConstraint(
                fields=["pathway", "professional", "role"],
                name="circle_member_unique",
                violation_error_message="Ce professionnel fait déjà partie du cercle de soins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.professional} ({self.get_role_display()})"
