"""The desk's API: read the worklist and the free slots, book one. Same queries, same services as the pages."""

from __future__ import annotations

from collections.abc import Sequence
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
    AnswerSerializer,
    BookingRequestSerializer,
    BookingSerializer,
    CancelSerializer,
    FreeSlotFilterSerializer,
    LeaveSerializer,
    MoveSerializer,
    RefusalSerializer,
    SlotSerializer,
    WaitingRequestSerializer,
    WaitingSerializer,
    WorklistFilterSerializer,
    WorklistSerializer,
)
from coordination.errors import SlotFull
from coordination.models import Booking, ExamType, Slot, WaitingOffer, WaitingPlace
from coordination.perms import may_book, reads_slots
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.worklist import worklist_rows
from coordination.rules.waiting import Rank
from coordination.services.offers import ranks
from coordination.views.shared import open_files
from directory.models import User
from directory.perms import works_at_desk
from pathways.api.paging import Pages
from pathways.models import Pathway
from pathways.rules.search import normalise
from pathways.services.calendars import calendars_of

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
            pathway = _pathway(user, data["pathway"])
            found = found.serving(pathway).agreed(pathway)
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
        slot = get_object_or_404(Slot.objects.open_to(user, pathway), uuid=data["slot"])
        again = Booking.objects.filter(request_key=data["request_key"]).exists()
        try:
            booking = services.book_slot(
                slot=slot,
                pathway=pathway,
                user=user,
                step_key=data["step_key"],
                request_key=data["request_key"],
                seen=data["starts_at"],
            )
        except SlotFull as refused:
            return Response(_refusal(refused), status=409)
        fresh = Booking.objects.with_list_data().get(pk=booking.pk)
        return Response(BookingSerializer(fresh).data, status=200 if again else 201)


class BookingCancel(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="bookings_cancel",
        summary="Annuler un rendez-vous",
        request=CancelSerializer,
        responses={200: BookingSerializer, 422: OpenApiResponse(description="Refus motivé : code, detail, field.")},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """Gives the place back, for a cause of the list; the platform is told."""
        user, booking = cast(User, request.user), _booking(request, uuid)
        asked = CancelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        gone = services.cancel_booking(booking=booking, user=user, **asked.validated_data)
        return Response(BookingSerializer(Booking.objects.with_list_data().get(pk=gone.pk)).data)


class BookingMove(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="bookings_move",
        summary="Déplacer un rendez-vous vers un autre créneau du même examen",
        request=MoveSerializer,
        responses={
            201: BookingSerializer,
            409: OpenApiResponse(RefusalSerializer, description="La place n’est plus libre : créneaux suivants."),
            422: OpenApiResponse(description="Refus motivé : code, detail, field."),
        },
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """Gives up one place and books the other in one go; refused, the first appointment stands."""
        user, booking = cast(User, request.user), _booking(request, uuid)
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        slot = get_object_or_404(Slot.objects.open_to(user, booking.pathway), uuid=data.pop("slot"))
        try:
            moved = services.move_booking(booking=booking, to=slot, user=user, **data)
        except SlotFull as refused:
            return Response(_refusal(refused), status=409)
        return Response(BookingSerializer(Booking.objects.with_list_data().get(pk=moved.pk)).data, status=201)


class Waiting(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="waiting_list",
        summary="Liste d’attente des examens, par examen puis par rang",
        responses=WaitingSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Who waits, with their rank and what is proposed to them."""
        waiting = WaitingPlace.objects.visible_to(cast(User, request.user)).waiting()
        places = list(waiting.with_list_data().prefetch_related("offers"))
        ranks = _ranks(places)
        places = [each for each in places if each.pk in ranks]  # who left since has no rank any more
        open_files(request._request, [each.pathway for each in places], "Liste d’attente")
        places.sort(key=lambda each: (normalise(each.exam_type.label), ranks[each.pk][0].place))
        return Response(WaitingSerializer(places, many=True, context={"ranks": ranks}).data)

    @extend_schema(
        operation_id="waiting_join",
        summary="Inscrire un patient sur la liste d’attente d’un examen",
        request=WaitingRequestSerializer,
        responses={201: WaitingSerializer, 422: OpenApiResponse(description="Refus motivé : code, detail, field.")},
    )
    def post(self, request: Request) -> Response:
        """The patient waits for a place; asked twice, the rank is kept."""
        asked = WaitingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data, user = dict(asked.validated_data), cast(User, request.user)
        pathway = _pathway(user, data.pop("pathway"))
        if not may_book(user, pathway):
            raise PermissionDenied
        exam_type = get_object_or_404(ExamType, code=data.pop("exam_type"))
        place = services.ask_to_wait(pathway=pathway, exam_type=exam_type, user=user, **data)
        return Response(_waiting(place), status=201)


class WaitingLeave(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="waiting_leave",
        summary="Retirer un patient de la liste d’attente",
        request=LeaveSerializer,
        responses={200: WaitingSerializer, 422: OpenApiResponse(description="Refus motivé : code, detail, field.")},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The patient waits no more, for a reason."""
        user = cast(User, request.user)
        place = get_object_or_404(WaitingPlace.objects.visible_to(user).with_list_data(), uuid=uuid)
        if not may_book(user, place.pathway):
            raise PermissionDenied
        asked = LeaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(_waiting(services.leave_waiting(place=place, user=user, **asked.validated_data)))


class OfferAnswered(APIView):
    permission_classes = (IsAuthenticated, AtDesk)

    @extend_schema(
        operation_id="offers_answer",
        summary="Répondre à une place proposée : acceptée, elle est réservée",
        request=AnswerSerializer,
        responses={
            200: OpenApiResponse(WaitingSerializer, description="Refusée par le patient : il garde son rang."),
            201: BookingSerializer,
            409: OpenApiResponse(RefusalSerializer, description="La place n’est plus libre : créneaux suivants."),
            422: OpenApiResponse(description="Refus motivé : code, detail, field."),
        },
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The patient takes the place or not; when it is gone meanwhile, they go on waiting."""
        user = cast(User, request.user)
        seen = WaitingPlace.objects.visible_to(user)
        offers = WaitingOffer.objects.filter(place__in=seen.values("pk")).select_related("place__pathway", "slot")
        offer = get_object_or_404(offers, uuid=uuid)
        if not may_book(user, offer.place.pathway):
            raise PermissionDenied
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            booking = services.answer_offer(offer=offer, user=user, **asked.validated_data)
        except SlotFull as refused:
            return Response(_refusal(refused), status=409)
        if booking is None:
            return Response(_waiting(offer.place))
        return Response(BookingSerializer(Booking.objects.with_list_data().get(pk=booking.pk)).data, status=201)


def _booking(request: Request, uuid: UUID) -> Booking:
    """The booking, if the user may give it up: 404 for a stranger, 403 for its platform."""
    user = cast(User, request.user)
    booking = get_object_or_404(Booking.objects.visible_to(user).with_list_data(), uuid=uuid)
    if not may_book(user, booking.pathway):
        raise PermissionDenied
    return booking


def _ranks(places: Sequence[WaitingPlace]) -> dict[int, tuple[Rank, str]]:
    """The rank of each place and its words, on the calendar of its own team; one query for each exam and site."""
    now = timezone.now()
    calendars = calendars_of([each.pathway.team.establishment for each in places])
    orders: dict[tuple[int, int], dict[int, Rank]] = {}
    found = {}
    for each in places:
        site = each.pathway.team.establishment_id
        if (each.exam_type_id, site) not in orders:
            orders[each.exam_type_id, site] = ranks(each.exam_type_id, calendars[site], now)
        rank = orders[each.exam_type_id, site].get(each.pk)
        if rank:
            found[each.pk] = (rank, rank.words(calendars[site], now))
    return found


def _waiting(place: WaitingPlace) -> dict[str, object]:
    fresh = WaitingPlace.objects.with_list_data().prefetch_related("offers").get(pk=place.pk)
    return WaitingSerializer(fresh, context={"ranks": _ranks([fresh])}).data


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
