"""What the API says of the desk: the very rows, reasons and slots that the pages show."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from coordination.models import Booking, Channel, HalfDay, OfferAnswer, Slot, WaitingPlace
from coordination.querysets.worklist import ALL, filters
from coordination.readings.worklist import Row
from coordination.rules.slots import look
from coordination.services.cancel_codes import MOVED, OTHER
from directory.rest import InstantField


class WorklistFilterSerializer(serializers.Serializer[dict[str, Any]]):
    """What to list: one of the counters, whose pathways, of which target."""

    list = serializers.ChoiceField(choices=filters(), default=ALL, help_text="l’un des compteurs")
    mine = serializers.BooleanField(default=False, help_text="seulement mes parcours")
    target = serializers.SlugField(default="", allow_blank=True, help_text="clé d’un parcours cible")
    page = serializers.IntegerField(default=1, min_value=1)


class FreeSlotFilterSerializer(serializers.Serializer[dict[str, Any]]):
    """Which free slots to list."""

    exam_type = serializers.SlugField(required=False, help_text="code d’un type d’examen")
    pathway = serializers.UUIDField(required=False, help_text="seulement les créneaux gardés pour ce parcours")


class WorklistRowSerializer(serializers.Serializer[Row]):
    """One line of the worklist, in its order. `margin_days` is signed; `reason` is the sentence shown on screen."""

    pathway = serializers.UUIDField(source="pathway.uuid")
    reference = serializers.CharField(source="pathway.reference")
    patient = serializers.UUIDField(source="pathway.patient.uuid")
    patient_name = serializers.CharField(source="pathway.patient.__str__")
    target = serializers.CharField(source="pathway.version.target.key")
    day = serializers.IntegerField(source="course.day", help_text="J+n of the overall objective, pauses left out")
    raw_day = serializers.IntegerField(source="course.raw", help_text="the same with the pauses")
    target_days = serializers.IntegerField(source="course.target", allow_null=True)
    next_step = serializers.CharField(source="step.key", default=None, allow_null=True)
    next_step_label = serializers.CharField(source="step.label", default=None, allow_null=True)
    due_at = serializers.DateTimeField(source="pathway.next_due_at", allow_null=True)
    margin_days = serializers.IntegerField(source="margin", allow_null=True)
    owner = serializers.CharField(source="owner.email", default=None, allow_null=True)
    last_contact_at = serializers.DateTimeField(source="pathway.last_contact_at", allow_null=True)
    call_back_on = serializers.DateField(source="state.call_back_on", default=None, allow_null=True)
    reason = serializers.CharField(source="reason.text")


class WorklistSerializer(serializers.Serializer[dict[str, Any]]):
    """A page of the worklist with the counters of the same scope."""

    counters = serializers.DictField(child=serializers.IntegerField())
    count = serializers.IntegerField(help_text="rows of the list asked for")
    page = serializers.IntegerField()
    rows = WorklistRowSerializer(many=True)


class SlotSerializer(serializers.ModelSerializer[Slot]):
    """One slot. `look` is how the board shows it: free, part, held, full, released, cancelled, past."""

    exam_type = serializers.CharField(source="exam_type.code")
    platform = serializers.UUIDField(source="platform.uuid")
    platform_name = serializers.CharField(source="platform.name")
    look = serializers.SerializerMethodField()

    class Meta:
        model = Slot
        fields = (
            "uuid", "exam_type", "platform", "platform_name", "room", "starts_at", "ends_at", "release_at",
            "capacity", "booked", "status", "look",
        )  # fmt: skip

    def get_look(self, slot: Slot) -> str:
        return look(
            status=slot.status,
            capacity=slot.capacity,
            booked=slot.booked,
            starts_at=slot.starts_at,
            now=self.context["now"],
            held=getattr(slot, "held", 0),
            release_at=slot.release_at,
            given_up=getattr(slot, "given_up", False),
        ).value


class BookingRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """A booking to make. The same `request_key` twice books once."""

    slot = serializers.UUIDField()
    starts_at = InstantField(
        default=None, allow_null=True, help_text="heure à laquelle le créneau a été vu : refusé s’il a été déplacé"
    )
    pathway = serializers.UUIDField()
    step_key = serializers.CharField(max_length=60, default="", allow_blank=True)
    request_key = serializers.UUIDField()


class CancelSerializer(serializers.Serializer[dict[str, Any]]):
    """Why an appointment is given up, and how the patient was told when they know already."""

    code = serializers.SlugField(default=OTHER, help_text="code d’une cause d’annulation")
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)
    told_how = serializers.ChoiceField(choices=Channel.choices, default=None, allow_null=True)


class MoveSerializer(CancelSerializer):
    """Where an appointment goes. The same `request_key` twice moves once."""

    code = serializers.SlugField(default=MOVED, help_text="code d’une cause d’annulation")
    slot = serializers.UUIDField()
    starts_at = InstantField(
        source="seen", default=None, allow_null=True,
        help_text="heure à laquelle le créneau a été vu : refusé s’il a été déplacé",
    )  # fmt: skip
    request_key = serializers.UUIDField()


class WaitingRequestSerializer(serializers.Serializer[dict[str, Any]]):
    """A place to wait for. Asked twice for the same need, the rank is kept."""

    pathway = serializers.UUIDField()
    exam_type = serializers.SlugField(help_text="code d’un type d’examen")
    step_key = serializers.CharField(max_length=60, default="", allow_blank=True)
    earliest_on = serializers.DateField(default=None, allow_null=True)
    half_day = serializers.ChoiceField(HalfDay.choices, default="", allow_blank=True, help_text="quand le patient peut")
    note = serializers.CharField(max_length=200, default="", allow_blank=True)


class WaitingSerializer(serializers.ModelSerializer[WaitingPlace]):
    """Who waits for what; `rank` and `rank_words` say who comes first and why, `offer` what is proposed now."""

    pathway = serializers.UUIDField(source="pathway.uuid")
    exam_type = serializers.CharField(source="exam_type.code")
    rank = serializers.SerializerMethodField()
    rank_words = serializers.SerializerMethodField()
    offer = serializers.SerializerMethodField()

    class Meta:
        model = WaitingPlace
        fields = (
            "uuid", "pathway", "exam_type", "step_key", "earliest_on", "half_day", "latest_at", "note", "status",
            "asked_at", "rank", "rank_words", "offer",
        )  # fmt: skip

    def get_rank(self, place: WaitingPlace) -> int | None:
        rank = self.context["ranks"].get(place.pk)
        return rank[0].place if rank else None

    def get_rank_words(self, place: WaitingPlace) -> str:
        rank = self.context["ranks"].get(place.pk)
        return rank[1] if rank else ""

    def get_offer(self, place: WaitingPlace) -> str | None:
        return next((str(each.uuid) for each in place.offers.all() if each.answer == OfferAnswer.OPEN), None)


class LeaveSerializer(serializers.Serializer[dict[str, Any]]):
    """Why a patient waits no more."""

    reason = serializers.CharField(max_length=200, default="", allow_blank=True)


class AnswerSerializer(serializers.Serializer[dict[str, Any]]):
    """What the patient says of a place proposed; `why` when they do not take it."""

    accept = serializers.BooleanField()
    why = serializers.CharField(max_length=200, default="", allow_blank=True)


class BookingSerializer(serializers.ModelSerializer[Booking]):
    """A booking made."""

    slot = serializers.UUIDField(source="slot.uuid")
    pathway = serializers.UUIDField(source="pathway.uuid")
    exam_type = serializers.CharField(source="slot.exam_type.code")
    starts_at = serializers.DateTimeField(source="slot.starts_at")
    ends_at = serializers.DateTimeField(source="slot.ends_at")

    class Meta:
        model = Booking
        fields = ("uuid", "slot", "pathway", "exam_type", "starts_at", "ends_at", "seat", "status", "request_key")


class RefusalSerializer(serializers.Serializer[dict[str, Any]]):
    """Why a booking was refused, and the next free slots when the place is gone."""

    code = serializers.CharField(help_text="slot_full, slot_held, slot_released, slot_cancelled or slot_past")
    detail = serializers.CharField(help_text="the reason, in French")
    field = serializers.CharField(allow_null=True)
    alternatives = SlotSerializer(many=True, required=False)
