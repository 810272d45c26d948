"""Who: professionals of the directory, accounts, and their roles in teams."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q

from directory.history import tracked
from directory.models.places import Establishment, Team
from directory.querysets import MembershipQuerySet, ProfessionalQuerySet


class Profession(models.TextChoices):
    PHYSICIAN = "physician", "Médecin"
    NURSE = "nurse", "Infirmier"
    PHARMACIST = "pharmacist", "Pharmacien"
    SECRETARY = "secretary", "Secrétaire"
    ADMINISTRATIVE = "administrative", "Administratif"
    TECHNICIAN = "technician", "Manipulateur ou technicien"
    PSYCHOLOGIST = "psychologist", "Psychologue"
    SOCIAL_WORKER = "social_worker", "Assistant social"
    DIETITIAN = "dietitian", "Diététicien"
    OTHER = "other", "Autre"


@tracked()
class Professional(models.Model):
    """A person of the directory, with or without an account (a town GP has none)."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    title = models.CharField("titre", max_length=12, blank=True)
    last_name = models.CharField("nom", max_length=80)
    first_name = models.CharField("prénom", max_length=80, blank=True)
    profession = models.CharField("profession", max_length=16, choices=Profession)
    specialty_code = models.CharField("spécialité (code)", max_length=8, blank=True)
    specialty_label = models.CharField("spécialité", max_length=80, blank=True)
    rpps = models.CharField("numéro RPPS", max_length=11, blank=True)
    establishment = models.ForeignKey(
        Establishment, on_delete=models.PROTECT, null=True, blank=True, related_name="professionals"
    )
    in_town = models.BooleanField("exerce en ville", default=False)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    secure_email = models.EmailField("messagerie sécurisée (MSSanté)", blank=True)
    city = models.CharField("ville", max_length=80, blank=True)

    objects = ProfessionalQuerySet.as_manager()

    class Meta:
        verbose_name = "professionnel"
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rpps"],
                condition=~Q(rpps=""),
                name="professional_rpps_unique",
                violation_error_message="Un professionnel porte déjà ce numéro RPPS.",
            ),
            models.CheckConstraint(
                condition=Q(rpps="") | Q(rpps__regex=r"^\d{11}$"),
                name="professional_rpps_digits",
                violation_error_message="Un numéro RPPS compte 11 chiffres.",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part)

    @property
    def post_address(self) -> str:
        """Where to write: the secure mailbox when there is one."""
        return self.secure_email or self.email


class Role(models.TextChoices):
    COORDINATOR = "coordinator", "Coordination"
    SECRETARY = "secretary", "Secrétariat"
    PHYSICIAN = "physician", "Médecin hospitalier"
    TOWN = "town", "Professionnel de ville"
    PLATFORM = "platform", "Plateau technique"
    QUALITY = "quality", "Qualité (3C)"
    ADMINISTRATOR = "administrator", "Administration"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An account named by its e-mail address; without password it cannot log in by password."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """For the operator of the platform; sees reference data in the admin, no patient."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """An account. What it may see comes from its current memberships and circles of care, never from itself."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    email = models.EmailField("courriel", unique=True)
    professional = models.OneToOneField(
        Professional, on_delete=models.PROTECT, null=True, blank=True, related_name="user"
    )
    is_active = models.BooleanField("actif", default=True)
    is_staff = models.BooleanField("accès à l’administration", default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    second_factor_lost_at = models.DateTimeField("second facteur retiré le", null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "compte"
        ordering = ["email"]

    def __str__(self) -> str:
        return str(self.professional) if self.professional_id else self.email

    @cached_property
    def current_memberships(self) -> list[Membership]:
        """Memberships in force, read once per instance (that is, per request)."""
        return list(self.memberships.current().select_related("team__establishment"))

    @property
    def roles(self) -> set[str]:
        return {membership.role for membership in self.current_memberships}

    def teams_as(self, *roles: str) -> list[int]:
        """Ids of the teams where the user holds one of ``roles``."""
        return [m.team_id for m in self.current_memberships if m.role in roles]

    @property
    def headed_teams(self) -> list[int]:
        """Ids of the teams the user heads."""
        return [m.team_id for m in self.current_memberships if m.is_head]

    def establishments_as(self, *roles: str) -> list[int]:
        """Ids of the establishments where the user holds one of ``roles``."""
        return sorted({m.team.establishment_id for m in self.current_memberships if m.role in roles})

    @property
    def establishment_ids(self) -> list[int]:
        return sorted({m.team.establishment_id for m in self.current_memberships})


@tracked()
class Membership(models.Model):
    """A user's role in a team, for a time."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField("rôle", max_length=16, choices=Role)
    is_head = models.BooleanField("chef de l’équipe", default=False)
    starts_on = models.DateField("depuis", null=True, blank=True)
    ends_on = models.DateField("jusqu’au", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "appartenance"
        ordering = ["team", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "team", "role"],
                name="membership_unique",
                violation_error_message="Ce compte tient déjà ce rôle dans cette équipe.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.team}"
