"""Exams asked of platforms, over REST: the desk asks, follows and withdraws, the platform answers. Same services, same
rules as the pages; no identity in an answer, the pathway's reference only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coordination import services
from coordination.models import Channel, ExamRequest, ExamType, RequestStatus
from coordination.perms import may_book, runs_platform
from coordination.readings.offer import Need
from coordination.readings.otherwise import otherwise_of
from coordination.views.shared import log_team_reads, open_files
from directory.errors import DomainError
from directory.models import Role, User
from directory.perms import works_at_desk
from directory.rest import InstantField
from pathways.api.paging import Pages
from pathways.models import Pathway

RUNNING, ALL = "running", "all"
READ = "Demandes d’examen (API)"
REFUSED = OpenApiResponse(description="Refus motivé : code, detail, field.")


class AsksOrAnswers(BasePermission):
    """The desk and the platforms."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = cast(User, request.user)
        return works_at_desk(user) or runs_platform(user)


class ExamRequestFilterSerializer(serializers.Serializer[dict[str, Any]]):
    """Which requests to list."""

    status = serializers.ChoiceField(
        choices=[(RUNNING, "en cours"), (ALL, "toutes"), *RequestStatus.choices], default=RUNNING
    )
    exam_type = serializers.SlugField(required=False, help_text="code d’un type d’examen")
    pathway = serializers.UUIDField(required=False)


class AskExamSerializer(serializers.Serializer[dict[str, Any]]):
    """An exam to ask of a platform, within the delay agreed with it. The same `request_key` twice asks once."""

    pathway = serializers.UUIDField()
    exam_type = serializers.SlugField(help_text="code d’un type d’examen")
    addressed_to = serializers.UUIDField(help_text="plateau à qui l’examen peut être demandé pour ce parcours")
    step_key = serializers.CharField(max_length=60, default="", allow_blank=True)
    urgent = serializers.BooleanField(default=False)
    question = serializers.CharField(max_length=500, default="", allow_blank=True)
    request_key = serializers.UUIDField()


class SeenSerializer(serializers.Serializer[dict[str, Any]]):
    """The version that whoever acts has read; when it is no more, the act is refused (``outdated``)."""

    version = serializers.CharField(
        source="seen", max_length=200, default=None, allow_null=True, trim_whitespace=False,
        help_text="`version` de la demande lue : refusé (`outdated`) si elle a changé depuis",
    )  # fmt: skip


class ProposeSerializer(SeenSerializer):
    """The date that a platform gives."""

    starts_at = InstantField()
    place = serializers.CharField(max_length=120, default="", allow_blank=True)


class ReasonSerializer(SeenSerializer):
    """Why."""

    reason = serializers.CharField(max_length=200)


class GiveUpSerializer(ReasonSerializer):
    """Why, and how the patient was told when they know of the date already."""

    told_how = serializers.ChoiceField(choices=Channel.choices, default=None, allow_null=True)


class ConfirmSerializer(SeenSerializer):
    """How the patient was told, and of which version: when it is no more, `to_tell_since` says that they are to be told
    of what it became."""

    how = serializers.ChoiceField(choices=Channel.choices)


class NothingSerializer(serializers.Serializer[dict[str, Any]]):
    """Nothing to send."""


class ExamRequestSerializer(serializers.ModelSerializer[ExamRequest]):
    """One request. `promised_at` is the end of the agreed delay, `proposed_at` the date given, `known_at` the date that
    the patient knows of, `to_tell_since` since when they are to be told of another or of its end. `version` names what
    was read: sent back by whoever acts on it."""

    pathway = serializers.UUIDField(source="pathway.uuid")
    reference = serializers.CharField(source="pathway.reference")
    exam_type = serializers.CharField(source="exam_type.code")
    addressed_to = serializers.UUIDField(source="addressed_to.uuid")
    addressed_to_name = serializers.CharField(source="addressed_to.name")
    version = serializers.CharField()

    class Meta:
        model = ExamRequest
        fields = (
            "uuid", "pathway", "reference", "exam_type", "step_key", "addressed_to", "addressed_to_name", "mode",
            "urgent", "question", "within", "asked_at", "promised_at", "status", "proposed_at", "place", "reason",
            "known_at", "told_at", "told_how", "to_tell_since", "request_key", "version",
        )  # fmt: skip


class ExamRequests(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_list",
        summary="Demandes d’examen, la promesse la plus proche d’abord",
        parameters=[ExamRequestFilterSerializer],
        responses=ExamRequestSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Those of the user's pathways, and those asked of their platform."""
        asked = ExamRequestFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        found = ExamRequest.objects.visible_to(cast(User, request.user)).with_list_data()
        if data["status"] == RUNNING:
            found = found.running()
        elif data["status"] != ALL:
            found = found.filter(status=data["status"])
        if "exam_type" in data:
            found = found.filter(exam_type__code=data["exam_type"])
        if "pathway" in data:
            found = found.filter(pathway__uuid=data["pathway"])
        paginator = Pages()
        page = paginator.paginate_queryset(found.order_by("promised_at", "asked_at", "id"), request, view=self)
        _log(request, page or [])
        return paginator.get_paginated_response(ExamRequestSerializer(page, many=True).data)

    @extend_schema(
        operation_id="exam_requests_ask",
        summary="Demander un examen à un plateau, qui répond par une date",
        request=AskExamSerializer,
        responses={
            200: OpenApiResponse(ExamRequestSerializer, description="Déjà demandé par cette même demande."),
            201: ExamRequestSerializer,
            422: REFUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Asked within the delay agreed with the platform; the platform is told without any identity."""
        user = cast(User, request.user)
        if not works_at_desk(user):
            raise PermissionDenied
        asked = AskExamSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = dict(asked.validated_data)
        seen = Pathway.objects.visible_to(user).select_related("version__target", "team__establishment", "patient")
        pathway = get_object_or_404(seen, uuid=data.pop("pathway"))
        if not may_book(user, pathway):
            raise PermissionDenied
        again = ExamRequest.objects.filter(request_key=data["request_key"]).exists()
        exam_type = get_object_or_404(ExamType, code=data.pop("exam_type"))
        now = timezone.now()
        other = otherwise_of(pathway, Need(exam_type, None, None), now, timezone.localdate(now))
        askable = {each.uuid: each for each in [*other.priority.platforms, *other.sites]}
        platform = askable.get(data.pop("addressed_to"))
        if platform is None:
            raise DomainError(
                "Cet examen ne se demande pas à ce plateau pour ce parcours.", field="addressed_to", code="not_askable"
            )
        mode, within = other.terms(platform)
        made = services.ask_exam(
            pathway=pathway, exam_type=exam_type, addressed_to=platform, mode=mode, within=within, user=user, **data
        )
        return Response(_said(made), status=200 if again else 201)


class OneExamRequest(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(operation_id="exam_requests_read", summary="Une demande d’examen", responses=ExamRequestSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        """The request as it stands."""
        found = _found(request, uuid)
        _log(request, [found])
        return Response(ExamRequestSerializer(found).data)


class ExamRequestPropose(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_propose",
        summary="Donner une date, ou en changer (plateau)",
        request=ProposeSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The platform answers with a date; the desk confirms it with the patient."""
        return _act(request, uuid, services.propose_date, ProposeSerializer, _answers)


class ExamRequestRefuse(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_refuse",
        summary="Refuser la demande, avec un motif (plateau)",
        request=ReasonSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The platform cannot do it: the desk looks elsewhere."""
        return _act(request, uuid, services.refuse_request, ReasonSerializer, _answers)


class ExamRequestTakeBack(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_take_back",
        summary="Reprendre la date donnée, une autre suivra (plateau)",
        request=ReasonSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The date cannot be kept; the delay first promised stands."""
        return _act(request, uuid, services.take_back_date, ReasonSerializer, _answers)


class ExamRequestDone(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_done",
        summary="L’examen a eu lieu (plateau ou coordination)",
        request=None,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """Recorded in the patient's file, once its hour has come."""
        return _act(request, uuid, services.close_request, NothingSerializer, _knows)


class ExamRequestConfirm(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_confirm",
        summary="Le patient est prévenu de la date, ou de sa fin (coordination)",
        request=ConfirmSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """Closes the task that asks to tell the patient."""
        return _act(request, uuid, services.confirm_date, ConfirmSerializer, _follows)


class ExamRequestDecline(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_decline",
        summary="La date ne convient pas : en demander une autre (coordination)",
        request=GiveUpSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The agreed delay runs again from now."""
        return _act(request, uuid, services.decline_date, GiveUpSerializer, _follows)


class ExamRequestWithdraw(APIView):
    permission_classes = (IsAuthenticated, AsksOrAnswers)

    @extend_schema(
        operation_id="exam_requests_withdraw",
        summary="Retirer la demande, avec un motif (coordination)",
        request=GiveUpSerializer,
        responses={200: ExamRequestSerializer, 422: REFUSED},
    )
    def post(self, request: Request, uuid: UUID) -> Response:
        """The exam is asked no more; the platform is told."""
        return _act(request, uuid, services.cancel_request, GiveUpSerializer, _follows)


def _answers(user: User, found: ExamRequest) -> bool:
    """The people of the platform it is asked of."""
    return found.addressed_to_id in user.teams_as(Role.PLATFORM)


def _follows(user: User, found: ExamRequest) -> bool:
    """The desk of its pathway."""
    return works_at_desk(user) and may_book(user, found.pathway)


def _knows(user: User, found: ExamRequest) -> bool:
    """Either of them."""
    return _answers(user, found) or _follows(user, found)


def _act(
    request: Request,
    uuid: UUID,
    act: Callable[..., ExamRequest],
    fields: type[serializers.Serializer[dict[str, Any]]],
    allowed: Callable[[User, ExamRequest], bool],
) -> Response:
    """Does ``act`` with the fields sent; 404 for a stranger, 403 for who may only read the request."""
    user, found = cast(User, request.user), _found(request, uuid)
    if not allowed(user, found):
        raise PermissionDenied
    sent = fields(data=request.data)
    sent.is_valid(raise_exception=True)
    return Response(_said(act(request=found, user=user, **sent.validated_data)))


def _found(request: Request, uuid: UUID) -> ExamRequest:
    rows = ExamRequest.objects.visible_to(cast(User, request.user)).with_list_data()
    return get_object_or_404(rows, uuid=uuid)


def _said(made: ExamRequest) -> dict[str, Any]:
    return ExamRequestSerializer(ExamRequest.objects.with_list_data().get(pk=made.pk)).data


def _log(request: Request, read: Sequence[ExamRequest]) -> None:
    """Reading what is asked for a patient is reading their file, as on the pages."""
    own = cast(User, request.user).teams_as(Role.PLATFORM)
    asked = {each.pathway.patient.uuid for each in read if each.addressed_to_id in own}
    log_team_reads(request._request, asked, READ)
    others = {each.pathway_id: each.pathway for each in read if each.pathway.patient.uuid not in asked}
    open_files(request._request, others.values(), READ)
