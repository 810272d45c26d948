"""Reference data for the platform's administrators; no patient is ever shown here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from directory.models import ClosingDay, Establishment, Membership, Professional, Team, User

admin.site.site_header = "Jalon, administration"
admin.site.site_title = "Jalon"
admin.site.index_title = "Annuaire et réglages"


class ClosingDayInline(admin.TabularInline):
    model = ClosingDay
    extra = 0


@admin.register(Establishment)
class EstablishmentAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "city", "finess", "holiday_zone")
    list_filter = ("kind", "holiday_zone")
    search_fields = ("name", "finess", "city")
    inlines = (ClosingDayInline,)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("team",)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ("name", "establishment", "kind", "phone")
    list_filter = ("kind",)
    search_fields = ("name", "establishment__name")
    autocomplete_fields = ("establishment",)


@admin.register(Professional)
class ProfessionalAdmin(admin.ModelAdmin):
    list_display = ("last_name", "first_name", "profession", "specialty_label", "rpps", "in_town")
    list_filter = ("profession", "in_town")
    search_fields = ("last_name", "first_name", "rpps")
    autocomplete_fields = ("establishment",)


class UserForm(forms.ModelForm):
    """An account opened here has no password: its holder asks for one by e-mail on the login page."""

    class Meta:
        model = User
        fields = ("email", "professional", "is_active")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    form = UserForm
    list_display = ("email", "professional", "is_active", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("email", "professional__last_name", "professional__rpps")
    autocomplete_fields = ("professional",)
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
