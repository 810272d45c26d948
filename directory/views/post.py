"""Sent and waiting messages of the user's establishments."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from directory.models import OutboxMessage
from directory.perms import allow, reads_post


@allow(reads_post)
def post(request: HttpRequest) -> HttpResponse:
    """The outgoing post, newest first, with its delivery state."""
    messages = OutboxMessage.objects.visible_to(request.user).select_related("professional")  # type: ignore[arg-type]
    page = Paginator(messages, 50).get_page(request.GET.get("page"))
    return render(request, "directory/post.html", {"page": page})


@allow(reads_post)
def message(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One message as it was or will be sent."""
    found = get_object_or_404(OutboxMessage.objects.visible_to(request.user), uuid=uuid)  # type: ignore[arg-type]
    return render(request, "directory/message.html", {"message": found})
