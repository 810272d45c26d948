"""Letters to the GP: read before they leave, sent, followed; and what the GP reads behind the link, without account."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms import NoticeWordsForm
from coordination.links import file_url
from coordination.models import Notice, NoticeStatus
from coordination.perms import may_notify
from coordination.querysets.worklist import DESK
from coordination.readings.letter import letter_of
from coordination.readings.panel import notice_row
from coordination.services.notice_letters import LINK_LASTS, Link, LinkError
from coordination.services.notice_post import mail_of
from coordination.views.shared import back_url, insist, user_of
from directory.errors import DomainError
from directory.forms import BirthDateForm
from directory.perms import allow, works_at_desk
from directory.tries import LockedError
from pathways.access import open_file
from pathways.views.identity import identity_of

MOST_LISTED = 100
OWN_LINK = "[le lien personnel du médecin, fait à l’envoi]"


@require_safe
@allow(works_at_desk)
def notices_inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the desk: to be read before it leaves, refused by the mail servers, without an address."""
    found = Notice.objects.filter(pathway__team__in=user_of(request).teams_as(*DESK)).with_letter_data()
    sections = [
        ("À valider", "mail-forward", found.proposed().order_by("created_at", "id")),
        ("Non remises", "mail-x", found.undelivered().order_by("created_at", "id")),
        ("Sans adresse", "at", found.unsent().filter(pathway__status="active").order_by("created_at", "id")),
    ]
    context = {
        "sections": [
            {"title": title, "icon": icon, "rows": [_listed(each) for each in rows.defer(*LIGHT)[:MOST_LISTED]]}
            for title, icon, rows in sections
        ],
        "most": MOST_LISTED,
        "back": request.get_full_path(),
    }
    return render(request, "coordination/notices_inbox.html", context)


LIGHT = ("pathway__version__definition", "words")


def _listed(notice: Notice) -> dict[str, Any]:
    return {"notice": notice, "pathway": notice.pathway, **notice_row(notice)}


@require_safe
@allow(works_at_desk)
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One notice: what leaves, word for word, and what is read behind the link."""
    return _page(request, _find(request, uuid))


def _page(request: HttpRequest, found: Notice, form: NoticeWordsForm | None = None, refusal: str = "") -> HttpResponse:
    pathway = found.pathway
    open_file(request, pathway, "Information au médecin traitant")
    waits, now = found.status == NoticeStatus.PROPOSED, timezone.now()
    context = {
        "notice": found,
        "row": notice_row(found),
        "pathway": pathway,
        "p": identity_of(pathway.patient, url=file_url(pathway)),
        "mail": _mail(found),
        "letter": letter_of(found, now),
        "now": now,
        "form": (form or NoticeWordsForm(initial={"words": found.words})) if waits else None,
        "refusal": refusal,
        "may_notify": may_notify(user_of(request), pathway),
        "lasts_days": LINK_LASTS.days,
        "file_url": file_url(pathway),
    }
    with timezone.override(ZoneInfo(pathway.team.establishment.time_zone)):
        refused = bool(refusal or (form and form.errors))
        return render(request, "coordination/notice.html", context, status=422 if refused else 200)


def _mail(found: Notice) -> dict[str, str] | None:
    """The mail as it left, else as it would leave; None for a GP who is unknown. The reader's own link is not shown."""
    if found.message is not None:
        body = re.sub(r"https?://\S+/information/\S+", OWN_LINK, found.message.body)
        return {"to": found.message.recipient, "channel": "", "subject": found.message.subject, "body": body}
    gp = found.pathway.patient.gp
    if gp is None:
        return None
    mail = mail_of(found, gp, OWN_LINK)
    return {"to": mail.to, "channel": mail.channel, "subject": mail.subject, "body": mail.body}


@require_POST
@allow(works_at_desk)
def notice_send(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Lets a proposed notice leave, as it stands or with the words typed; or keeps these for later."""
    found = _find(request, uuid)
    insist(may_notify(user_of(request), found.pathway))
    if "words" not in request.POST:  # the one click of the list
        return _sent(request, found, found.words)
    form = NoticeWordsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    if "keep" in request.POST:
        try:
            services.keep_words(notice=found, words=form.cleaned_data["words"])
        except DomainError as error:
            return _page(request, _find(request, uuid), refusal=error.message)
        messages.success(request, "Texte gardé, rien n’est parti.")
        return redirect("coordination:notice", uuid)
    return _sent(request, found, form.cleaned_data["words"])


def _sent(request: HttpRequest, found: Notice, words: str) -> HttpResponse:
    try:
        accepted = services.accept_notice(notice=found, user=user_of(request), words=words)
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        if accepted.message:
            messages.success(request, "Information en cours d’envoi au médecin traitant.")
        else:
            messages.warning(request, "Validée ; elle partira quand l’annuaire aura une adresse pour ce médecin.")
    return redirect(back_url(request, "coordination:notice", found.uuid))


@require_POST
@allow(works_at_desk)
def notice_drop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Sets a proposed notice aside, with a reason."""
    found = _find(request, uuid)
    insist(may_notify(user_of(request), found.pathway))
    try:
        services.drop_notice(notice=found, user=user_of(request), reason=request.POST.get("reason", ""))
    except DomainError as error:
        return _page(request, _find(request, uuid), refusal=error.message)
    messages.success(request, "Information écartée : rien n’est parti.")
    return redirect(back_url(request, "coordination:notice", found.uuid))


@require_POST
@allow(works_at_desk)
def notice_again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Posts a notice again, with a fresh link."""
    found = _find(request, uuid)
    insist(may_notify(user_of(request), found.pathway))
    try:
        services.send_notice_again(notice=found, message=UUID(request.POST.get("message", "")))
    except ValueError:
        messages.warning(request, "Cette information a changé entre-temps : relisez la page.")
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, "Nouvel envoi en cours, avec un nouveau lien.")
    return redirect(back_url(request, "coordination:notice", found.uuid))


def _find(request: HttpRequest, uuid: UUID) -> Notice:
    visible = Notice.objects.visible_to(user_of(request)).with_letter_data().with_first_reading()
    return get_object_or_404(visible, uuid=uuid)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """Asks for the patient's birth date, then shows the letter. The link alone opens nothing."""
    try:
        link = services.read_link(token)
    except LinkError as error:
        return render(request, "coordination/letter_refused.html", {"reason": error.message}, status=410)
    form = BirthDateForm(request.POST or None)
    with timezone.override(ZoneInfo(link.notice.pathway.team.establishment.time_zone)):
        if request.method == "POST" and form.is_valid():
            try:
                return _shown(request, link, form)
            except LockedError as error:
                context = {"reason": error.message, "team": link.notice.pathway.team}
                return render(request, "coordination/letter_refused.html", context, status=429)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
        context = {"form": form, "link": link, "pathway": link.notice.pathway}
        return render(request, "coordination/letter_ask.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, link: Link, form: BirthDateForm) -> HttpResponse:
    opened = services.open_notice(
        link=link, birth_date=form.cleaned_data["birth_date"], ip_address=request.META.get("REMOTE_ADDR")
    )
    now = timezone.now()
    context = {
        "notice": opened,
        "letter": letter_of(opened, now),
        "now": now,
        "pathway": opened.pathway,
        "p": identity_of(opened.pathway.patient),
    }
    return render(request, "coordination/letter.html", context)
