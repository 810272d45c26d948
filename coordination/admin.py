"""Reference data of the slots: exam types and series. Slots and bookings are never edited here."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from coordination.models import ExamType, LabAgreement, SlotSeries


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
    """Read only: a series is changed from its page, which shows whom to call first."""

    list_display = ("exam_type", "platform", "weekday", "starts_at", "capacity", "valid_from", "valid_until")
    list_filter = ("exam_type", "platform", "weekday")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SlotSeries | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SlotSeries | None = None) -> bool:
        return False
