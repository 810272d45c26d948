"""Who may do what: named predicates over a user, and the decorator that applies one to a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from directory.models import Profession, Role, User

Predicate = Callable[[User], bool]
View = Callable[..., HttpResponseBase]


def has_role(*roles: str) -> Predicate:
    """A predicate true for users who currently hold one of ``roles`` in any team."""

    def predicate(user: User) -> bool:
        return bool(user.roles & set(roles))

    predicate.__name__ = "has_role_" + "_".join(sorted(roles))
    return predicate


is_coordinator = has_role(Role.COORDINATOR)
is_administrator = has_role(Role.ADMINISTRATOR)
is_quality = has_role(Role.QUALITY)
is_platform = has_role(Role.PLATFORM)
is_physician = has_role(Role.PHYSICIAN)
works_at_desk = has_role(Role.COORDINATOR, Role.SECRETARY)
reads_patients = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.TOWN)
may_break_glass = has_role(Role.COORDINATOR, Role.PHYSICIAN)
reviews_break_glass = has_role(Role.QUALITY, Role.ADMINISTRATOR)
reads_post = has_role(Role.COORDINATOR, Role.SECRETARY)


def gives_clinical_judgement(user: User) -> bool:
    """True for a nurse or a physician; an administrative coordinator is never asked (DESIGN.md 1, COO-02)."""
    professional = user.professional
    return professional is not None and professional.profession in {Profession.NURSE, Profession.PHYSICIAN}


def allow(predicate: Predicate) -> Callable[[View], View]:
    """View decorator: 403 when ``predicate`` refuses the logged-in user. Objects are filtered by `visible_to`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not predicate(request.user):  # type: ignore[arg-type]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
