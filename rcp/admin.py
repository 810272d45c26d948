"""Reference data of the meeting room: the weekly series. Patients' files are never in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from rcp.models import RcpSeries

QUORUM_HELP = (
    "Liste de groupes de codes de spécialité ; un présent par groupe suffit. "
    'Exemple : [["SM14"], ["SM36"], ["SM37", "SM45"]] pour chirurgie viscérale, oncologie médicale, radiothérapie.'
)
PRESETS_HELP = (
    "Suites proposées avec l’avis. « days » : jours après la séance ; « closes_on » : jalon qui les prouve ; "
    "« default » : cochée d’avance."
)


@admin.register(RcpSeries)
class RcpSeriesAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "team", "weekday", "starts_at", "place", "valid_until")
    list_filter = ("kind", "team__establishment")
    search_fields = ("name",)
    autocomplete_fields = ("team", "members")
    filter_horizontal = ("targets",)
    readonly_fields = ("uuid",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:  # type: ignore[type-arg]
        help_texts = {"required_specialties": QUORUM_HELP, "action_presets": PRESETS_HELP}
        return super().get_form(request, obj, change, **{**kwargs, "help_texts": help_texts})
