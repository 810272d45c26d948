"""The desk's API: read the worklist and the free slots, book one. Same queries, same services as the pages."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coordination import services
from coordination.api.serializers import (
    BookingRequestSerializer,
    BookingSerializer,
    FreeSlotFilterSerializer,
    RefusalSerializer,
    SlotSerializer,
    WorklistFilterSerializer,
    WorklistSerializer,
)
from coordination.errors import SlotFull
from coordination.models import Booking, Slot
from coordination.perms import may_book, reads_slots
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.worklist import worklist_rows
from directory.models import User
from directory.perms import works_at_desk
from pathways.api.paging import Pages
from pathways.models import Pathway

PER_PAGE = 50


class AtDesk(BasePermission):
    """Coordinators and secretaries."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return works_at_desk(cast(User, request.user))


class ReadsSlots(BasePermission):
    """The desk and the platforms."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return reads_slots(cast(User, request.user))


class Worklist(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="worklist_read",
        summary="Ma journée : les parcours de la coordination, les plus urgents d’abord",
        parameters=[WorklistFilterSerializer],
        responses=WorklistSerializer,
    )
    def get(self, request: Request) -> Response:
        """The worklist, fifty rows a page, with its counters."""
        asked = WorklistFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data, now = asked.validated_data, timezone.now()
        today = timezone.localdate(now)
        found = reads.at_desk(cast(User, request.user), Scope(mine=data["mine"], target=data["target"]))
        counters = reads.counters(found, now, today)
        listed = reads.chosen(found, data["list"], now, today)
        rows = worklist_rows(reads.page_of(listed, now, today, (data["page"] - 1) * PER_PAGE, PER_PAGE), now)
        body = {"counters": counters, "count": counters[data["list"]], "page": data["page"], "rows": rows}
        return Response(WorklistSerializer(body).data)


class FreeSlots(APIView):
    permission_classes = (IsAuthenticated, ReadsSlots)

    @extend_schema(
        operation_id="slots_free_list",
        summary="Créneaux sanctuarisés libres, les plus proches d’abord",
        parameters=[FreeSlotFilterSerializer],
        responses=SlotSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Protected slots that can be booked now, soonest first."""
        asked = FreeSlotFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data, now, user = asked.validated_data, timezone.now(), cast(User, request.user)
        found = Slot.objects.visible_to(user).free(now).with_list_data().order_by("starts_at", "id")
        if "exam_type" in data:
            found = found.filter(exam_type__code=data["exam_type"])
        if "pathway" in data:
            found = found.serving(_pathway(user, data["pathway"]))
        paginator = Pages()
        page = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(SlotSerializer(page, many=True, context={"now": now}).data)


class Bookings(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="bookings_create",
        summary="Réserver un créneau pour un parcours",
        request=BookingRequestSerializer,
        responses={
            200: OpenApiResponse(BookingSerializer, description="Déjà réservé par cette même demande."),
            201: BookingSerializer,
            409: OpenApiResponse(RefusalSerializer, description="La place n’est plus libre : créneaux suivants."),
            422: OpenApiResponse(description="Refus motivé : code, detail, field."),
        },
    )
    def post(self, request: Request) -> Response:
        """Books one place for the pathway's patient; the same `request_key` again returns the same booking."""
        asked = BookingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data, user = asked.validated_data, cast(User, request.user)
        pathway = _pathway(user, data["pathway"])
        if not may_book(user, pathway):
            raise PermissionDenied
        slot = get_object_or_404(Slot.objects.visible_to(user), uuid=data["slot"])
        again = Booking.objects.filter(request_key=data["request_key"]).exists()
        try:
            booking = services.book_slot(
                slot=slot,
                pathway=pathway,
                user=user,
                step_key=data["step_key"],
                request_key=data["request_key"],
            )
        except SlotFull as refused:
            return Response(_refusal(refused), status=409)
        fresh = Booking.objects.with_list_data().get(pk=booking.pk)
        return Response(BookingSerializer(fresh).data, status=200 if again else 201)


def _refusal(refused: SlotFull) -> dict[str, object]:
    context = {"now": timezone.now()}
    return {
        "code": refused.code,
        "detail": refused.message,
        "field": refused.field,
        "alternatives": SlotSerializer(refused.alternatives, many=True, context=context).data,
    }


def _pathway(user: User, uuid: UUID) -> Pathway:
    """The pathway, if the user may see it; 404 for a stranger."""
    return get_object_or_404(Pathway.objects.visible_to(user).select_related("version"), uuid=uuid)
