"""Reference data of the slots: exam types and series. Slots and bookings are never edited here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from coordination.models import ExamType, LabAgreement, SlotSeries
from coordination.services import generate_slots


@admin.register(ExamType)
class ExamTypeAdmin(admin.ModelAdmin):
    list_display = ("label", "code", "modality", "booked_as", "done_as", "sampling")
    list_filter = ("modality",)
    search_fields = ("label", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: ExamType | None = None) -> tuple[str, ...]:
        """The code is written in milestones and target pathways: it never changes once given."""
        return ("code",) if obj else ()


@admin.register(LabAgreement)
class LabAgreementAdmin(admin.ModelAdmin):
    """Which laboratory does which exam, and within what delay: a change holds for the requests to come."""

    list_display = ("laboratory", "exam", "within", "is_active", "source")
    list_filter = ("is_active", "exam")
    autocomplete_fields = ("laboratory",)


@admin.register(SlotSeries)
class SlotSeriesAdmin(admin.ModelAdmin):
    """A change here applies to the slots still to be made; those that exist stay as they are."""

    list_display = ("exam_type", "platform", "weekday", "starts_at", "capacity", "valid_from", "valid_until")
    list_filter = ("exam_type", "platform", "weekday")
    autocomplete_fields = ("exam_type", "platform")
    filter_horizontal = ("targets",)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The slots of a new series are there at once, without waiting for the night."""
        super().save_related(request, form, formsets, change)
        generate_slots()

    def has_delete_permission(self, request: HttpRequest, obj: SlotSeries | None = None) -> bool:
        """A series ends by its date; its slots keep their history."""
        return False
