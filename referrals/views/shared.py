"""What several views of the front door do alike: keep the files that came, draw in the establishment's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from directory.models import Establishment
from referrals import services
from referrals.forms import FormKey
from referrals.models import ReferralDraftDocument
from referrals.throttle import too_many

UNPROCESSABLE = 422
TOO_MANY = 429


def fresh_key() -> UUID:
    """The key of a form about to be shown."""
    return uuid4()


def keep_files(request: HttpRequest, form: FormKey, key: UUID, *, joined: int = 0) -> None:
    """Keeps the files sent with the form, whether or not the rest of it is right; refused ones become errors."""
    sent = [(file.name or "document", file, file.size) for file in request.FILES.getlist("papers")]
    for reason in services.keep_draft_files(form_key=key, files=sent, joined=joined):
        form.add_error("papers", reason)
    kept = {str(uuid) for uuid in drafts_of(key).values_list("uuid", flat=True)}
    if not set(request.POST.getlist("kept")) <= kept:
        form.add_error("papers", "Un document déjà joint a expiré : joignez-le de nouveau.")


def drafts_of(key: UUID | None) -> Any:
    """The files kept under a form's key."""
    return ReferralDraftDocument.objects.of_form(key)


def discard_asked(request: HttpRequest, form: FormKey, key: UUID) -> bool:
    """True when the button "remove this file" was pressed: the file is gone, the form comes back without reproach."""
    try:
        uuid = UUID(request.POST["discard"])
    except (KeyError, ValueError):
        return False
    services.discard_draft_file(form_key=key, uuid=uuid)
    form.without_errors()
    return True


def throttled(request: HttpRequest, form: FormKey, phone: str) -> bool:
    """Counts the sending; true, with a message on the form, when the address has sent too many."""
    if not too_many(request, "send"):
        return False
    # Files are not kept for an address that sends too much: the message must not say that they are.
    kept = "Votre texte est gardé, les documents sont à joindre de nouveau" if request.FILES else "Rien n’est perdu"
    form.add_error(
        None, f"Trop d’envois depuis votre connexion. {kept} : réessayez dans une heure, ou appelez le {phone}."
    )
    return True


@contextmanager
def local_time(establishment: Establishment) -> Iterator[None]:
    """Dates inside are shown on the wall clock of ``establishment``."""
    with timezone.override(ZoneInfo(establishment.time_zone)):
        yield


def draw(
    request: HttpRequest, template: str, context: dict[str, Any], establishment: Establishment, status: int = 200
) -> HttpResponse:
    """`render` in the establishment's time zone."""
    with local_time(establishment):
        return render(request, template, context, status=status)
