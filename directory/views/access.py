"""Emergency accesses to review."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from directory import services
from directory.errors import DomainError
from directory.models import BreakGlass
from directory.perms import allow, reviews_break_glass


@allow(reviews_break_glass)
def accesses(request: HttpRequest) -> HttpResponse:
    """Accesses waiting for a review first, then those reviewed lately."""
    rows = BreakGlass.objects.visible_to(request.user).select_related("user__professional", "reviewed_by__professional")  # type: ignore[arg-type]
    return render(request, "directory/accesses.html", {"waiting": rows.to_review(), "reviewed": rows.reviewed()[:50]})


@require_POST
@allow(reviews_break_glass)
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Records the review; an empty one is refused and what was typed stays."""
    access = get_object_or_404(BreakGlass.objects.visible_to(request.user), uuid=uuid)  # type: ignore[arg-type]
    text = request.POST.get("review", "")
    try:
        services.review_break_glass(access=access, reviewer=request.user, review=text)  # type: ignore[arg-type]
    except DomainError as error:
        rows = BreakGlass.objects.visible_to(request.user).select_related("user__professional")  # type: ignore[arg-type]
        context = {
            "waiting": rows.to_review(), "reviewed": rows.reviewed()[:50],
            "refused": access, "refusal": error.message, "typed": text,
        }  # fmt: skip
        return render(request, "directory/accesses.html", context, status=422)
    messages.success(request, "Avis enregistré.")
    return redirect("directory:accesses")
