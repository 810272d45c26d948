"""Coded reasons of the patients' files. The files themselves are never in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from pathways.models import DelayCode, PauseCode, PauseExclusion


class CodeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A word that files use is retired (« proposé »), never deleted, and its code never changes."""

    search_fields = ("label", "code")
    ordering = ("order", "label")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PauseExclusionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PauseExclusion
    extra = 0
    autocomplete_fields = ("establishment",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(PauseCode)
class PauseCodeAdmin(CodeAdmin):
    list_display = ("label", "code", "family", "stops_clock", "open_to_desk", "is_active", "order")
    list_filter = ("family", "stops_clock", "is_active")
    inlines = (PauseExclusionInline,)


@admin.register(DelayCode)
class DelayCodeAdmin(CodeAdmin):
    list_display = ("label", "code", "phase", "avoidable", "needs_comment", "is_active", "order")
    list_filter = ("phase", "avoidable", "is_active")
