"""The patient and the strict traits of the national health identity (INS)."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import Establishment, Professional
from pathways.querysets import PatientQuerySet


class Sex(models.TextChoices):
    FEMALE = "F", "Féminin"
    MALE = "M", "Masculin"
    UNKNOWN = "I", "Indéterminé"


class IdentityStatus(models.TextChoices):
    """RNIV statuses (french-standards 5.1, EXI SI 07). The matricule travels outside only when QUALIFIED."""

    PROVISIONAL = "PROV", "Provisoire"
    VALIDATED = "VALI", "Validée"
    RETRIEVED = "RECUP", "Récupérée"
    QUALIFIED = "QUAL", "Qualifiée"


@tracked()
class Patient(models.Model):
    """A person cared for by an establishment. Strict traits are those of the identity document."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    establishment = models.ForeignKey(Establishment, on_delete=models.PROTECT, related_name="patients")
    file_number = models.CharField("numéro de dossier", max_length=20)
    birth_name = models.CharField("nom de naissance", max_length=100)
    first_name = models.CharField("premier prénom de naissance", max_length=100)
    given_names = models.CharField("liste des prénoms de naissance", max_length=200, blank=True)
    used_name = models.CharField("nom utilisé", max_length=100, blank=True)
    used_first_name = models.CharField("prénom utilisé", max_length=100, blank=True)
    birth_date = models.DateField("date de naissance")
    sex = models.CharField("sexe", max_length=1, choices=Sex)
    birth_place_code = models.CharField("code INSEE du lieu de naissance", max_length=5, blank=True)
    ins_matricule = models.CharField("matricule INS", max_length=15, blank=True)
    ins_oid = models.CharField("OID de l’INS", max_length=30, blank=True)
    identity_status = models.CharField(
        "statut de l’identité", max_length=5, choices=IdentityStatus, default=IdentityStatus.PROVISIONAL
    )
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    address = models.CharField("adresse", max_length=200, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("ville", max_length=80, blank=True)
    gp = models.ForeignKey(
        Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="médecin traitant"
    )
    deceased_on = models.DateField("décès", null=True, blank=True)
    search_text = models.CharField(max_length=420, editable=False, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = "patient"
        ordering = ["birth_name", "first_name", "id"]
        indexes = [
            GinIndex(fields=["search_text"], name="patient_search", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["birth_date"], name="patient_birth_date"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "file_number"],
                name="patient_file_number_unique",
                violation_error_message="Ce numéro de dossier est déjà utilisé.",
            ),
            models.UniqueConstraint(
                fields=["establishment", "ins_oid", "ins_matricule"],
                condition=~Q(ins_matricule=""),
                name="patient_ins_unique",
                violation_error_message="Un patient porte déjà ce matricule INS.",
            ),
            models.CheckConstraint(
                condition=Q(ins_matricule="", ins_oid="") | (~Q(ins_matricule="") & ~Q(ins_oid="")),
                name="patient_ins_whole",
                violation_error_message="Le matricule INS et son OID vont ensemble.",
            ),
            models.CheckConstraint(
                condition=~Q(identity_status__in=["QUAL", "RECUP"]) | ~Q(ins_matricule=""),
                name="patient_retrieved_has_ins",
                violation_error_message="Une identité qualifiée ou récupérée porte un matricule INS.",
            ),
            models.CheckConstraint(
                condition=~Q(identity_status="QUAL") | ~Q(birth_place_code=""),
                name="patient_qualified_has_birth_place",
                violation_error_message="Une identité qualifiée porte le code du lieu de naissance.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} {self.display_first_name}"

    @property
    def display_name(self) -> str:
        return (self.used_name or self.birth_name).upper()

    @property
    def display_first_name(self) -> str:
        return self.used_first_name or self.first_name

    @property
    def civil_name(self) -> str:
        """« LABROUSSEAU Nicole », the birth traits: the name two sites are sure to have in common (RNIV)."""
        return f"{self.birth_name.upper()} {self.first_name}"

    @property
    def used_beside(self) -> str:
        """« utilisé : MOURGOUX Nicole », to read beside `civil_name`; nothing when both are one."""
        return f"utilisé : {self}" if self.used_name or self.used_first_name else ""

    @property
    def both_names(self) -> str:
        """« LABROUSSEAU Nicole, utilisé : MOURGOUX Nicole », in one line: titles, names of buttons."""
        return ", ".join(filter(None, (self.civil_name, self.used_beside)))
