"""Pathways over REST: who reads and who writes is decided exactly as on the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from directory.models import User
from directory.perms import reads_patients
from pathways import services
from pathways.access import open_file
from pathways.api.paging import Pages
from pathways.api.serializers import (
    FilterSerializer,
    MilestoneSerializer,
    NewMilestoneSerializer,
    PathwayDetailSerializer,
    PathwaySerializer,
)
from pathways.models import DelayCause, Pathway, Step
from pathways.perms import may_write
from pathways.views.listing import narrowed
from pathways.views.sheet import day_count, delay_between


class ReadsPatients(BasePermission):
    """As `directory.perms.reads_patients`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and reads_patients(request.user)


class _PathwayView(APIView):
    permission_classes = [IsAuthenticated, ReadsPatients]

    def pathway(self, uuid: UUID, rows: Any) -> Pathway:
        """The pathway when the user may read it, else 404."""
        found: Pathway = get_object_or_404(rows.visible_to(self.request.user), uuid=uuid)
        return found


class PathwayList(_PathwayView):
    @extend_schema(
        operation_id="pathways_list",
        summary="Parcours visibles, les plus urgents d’abord",
        parameters=[FilterSerializer],
        responses=PathwaySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Pathways the user reads, most urgent first, with the lateness of each next step."""
        filters = FilterSerializer(data=request.query_params)
        filters.is_valid(raise_exception=True)
        chosen = dict(filters.validated_data)
        target = chosen.pop("target", None)
        user: User = request.user  # type: ignore[assignment]
        rows = narrowed(Pathway.objects.visible_to(user), chosen, user)
        if target:
            rows = rows.filter(version__target__key=target)
        steps = Step.objects.with_lateness(timezone.now()).select_related("assignee")
        shown = (
            rows.select_related("patient", "version__target", "team", "owner")
            .defer("version__definition")
            .prefetch_related(Prefetch("next_step", steps))
            .order_by("status", "next_due_at", "id")
        )
        paginator = Pages()
        page = paginator.paginate_queryset(shown, request, view=self)
        return paginator.get_paginated_response(PathwaySerializer(page, many=True).data)


class PathwayDetail(_PathwayView):
    @extend_schema(
        operation_id="pathways_read", summary="Un parcours, ses étapes et ses jalons", responses=PathwayDetailSerializer
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        """One pathway with its steps and their lateness; the read is logged as on the page."""
        now = timezone.now()
        causes = Prefetch("delay_causes", DelayCause.objects.in_force().select_related("code"))
        rows = Pathway.objects.with_page_data(now).with_open_alerts()
        pathway = self.pathway(uuid, rows.prefetch_related(causes))
        open_file(request._request, pathway, "Dossier (API)")
        if pathway.next_step_id:
            pathway.next_step = next((step for step in pathway.steps.all() if step.pk == pathway.next_step_id), None)
        calendar = services.calendar_of(pathway.team.establishment)
        count = day_count(pathway, now, calendar)
        delay = delay_between(pathway, list(pathway.steps.all()), calendar, count)
        proposed = delay.proposed.phase.value if delay.proposed else None
        pathway.wait = vars(count) | {"parts": delay.parts, "proposed_cause_in": proposed}  # type: ignore[attr-defined]
        pathway.follows = self._follows(pathway)  # type: ignore[attr-defined]
        return Response(PathwayDetailSerializer(pathway).data)

    def _follows(self, pathway: Pathway) -> UUID | None:
        """The pathway this one follows, when the caller reads that one too."""
        if pathway.linked_to_id is None:
            return None
        readable = Pathway.objects.visible_to(self.request.user)  # type: ignore[arg-type]
        return readable.filter(pk=pathway.linked_to_id).values_list("uuid", flat=True).first()


class MilestoneList(_PathwayView):
    @extend_schema(
        operation_id="milestones_create",
        summary="Enregistrer un jalon",
        request=NewMilestoneSerializer,
        responses={
            201: MilestoneSerializer,
            403: OpenApiResponse(description="Lecture seule."),
            422: OpenApiResponse(description="Refus motivé : code, detail, field."),
        },
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """Records a milestone of the pathway; the plan follows at once."""
        user: User = request.user  # type: ignore[assignment]
        pathway = self.pathway(uuid, Pathway.objects.select_related("patient", "team"))
        if not may_write(user, pathway):
            raise PermissionDenied
        sent = NewMilestoneSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = dict(sent.validated_data)
        key = data.pop("dedup_key", None)
        milestone = services.record_milestone(
            pathway=pathway, author=user, dedup_key=f"api-{pathway.pk}-{key}" if key else None, **data
        )
        return Response(MilestoneSerializer(milestone).data, status=201)
