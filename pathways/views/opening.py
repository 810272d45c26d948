"""How every view of the patient's file starts: find the pathway, check, log the read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from directory.models import AccessLog, BreakGlass, User
from pathways.access import open_file
from pathways.models import Pathway
from pathways.perms import may_coordinate, may_write
from pathways.querysets import PathwayQuerySet

Predicate = Callable[[User, Pathway], bool]


@dataclass(frozen=True)
class OpenFile:
    """A patient's file opened by a user, with the ground of the access."""

    pathway: Pathway
    user: User
    why: str
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The establishment's time zone: what a date typed here means."""
        return ZoneInfo(self.pathway.team.establishment.time_zone)

    @property
    def may_write(self) -> bool:
        return may_write(self.user, self.pathway)

    @property
    def may_coordinate(self) -> bool:
        return may_coordinate(self.user, self.pathway)

    @property
    def emergency_until(self) -> datetime | None:
        """When the emergency access ends; None when the file is open for another reason."""
        if self.why != AccessLog.Why.BREAK_GLASS:
            return None
        running = BreakGlass.objects.open_for(self.user, self.now).filter(patient_uuid=self.pathway.patient.uuid)
        return running.values_list("expires_at", flat=True).order_by("-expires_at").first()


def user_of(request: HttpRequest) -> User:
    """The logged-in user; the login middleware lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def read(request: HttpRequest, uuid: UUID, what: str, rows: PathwayQuerySet | None = None) -> OpenFile:
    """The pathway, when the user may read it (else 404), and the trace that ``what`` was read."""
    user = user_of(request)
    if rows is None:
        rows = Pathway.objects.select_related("patient", "version__target", "team__establishment", "owner")
    pathway = get_object_or_404(rows.visible_to(user), uuid=uuid)
    return OpenFile(pathway, user, open_file(request, pathway, what), timezone.now())


def write(request: HttpRequest, uuid: UUID, what: str, allowed: Predicate = may_write) -> OpenFile:
    """As `read`, for those who may also change it: 404 for a stranger, 403 for a mere reader."""
    user = user_of(request)
    rows = Pathway.objects.select_related("patient", "version__target", "team__establishment", "owner")
    pathway = get_object_or_404(rows.visible_to(user), uuid=uuid)
    if not allowed(user, pathway):
        raise PermissionDenied
    return OpenFile(pathway, user, open_file(request, pathway, what), timezone.now())
