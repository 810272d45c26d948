"""The team's side of the laboratory: the enriched request, where each part of a sample stands, what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms import LabRequestForm
from coordination.forms.lab import prefill
from coordination.links import file_url
from coordination.models import LabForm, LabRequest, SampleShare
from coordination.models.lab import last_forms
from coordination.papers.lab_sheet import print_sheet
from coordination.perms import may_answer_lab, may_ask_lab, may_book, reads_lab, reads_tasks
from coordination.readings.lab import early_lines, file_line, file_lines, laboratory_steps
from coordination.rules.lab import sheet_for
from coordination.services.lab_post import address_of
from coordination.views.shared import find_pathway, insist, is_htmx, log_team_reads, open_files, user_of
from directory.clock import follow_clock_of
from directory.errors import DomainError
from directory.perms import allow, reads_patients
from pathways.access import open_file
from pathways.models import Pathway
from pathways.views.identity import identity_of

MOST_LISTED = 100


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_tasks)
def lab_request(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The enriched form of the pathway's target, prefilled from the file; POST asks the laboratories."""
    pathway = find_pathway(request, uuid)
    insist(may_ask_lab(user_of(request), pathway))
    now, zone = timezone.now(), ZoneInfo(pathway.team.establishment.time_zone)
    lab_form = _form_for(pathway, request.POST.get("form_key") or request.GET.get("bon", ""))
    twin = False
    with timezone.override(zone):
        if request.method == "POST":
            form = LabRequestForm(request.POST, pathway=pathway, lab_form=lab_form, now=now)
            if form.is_valid():
                try:
                    asked = services.send_lab_request(
                        pathway=pathway,
                        user=user_of(request),
                        request_key=form.cleaned_data["key"],
                        at=now,
                        **form.given(),
                    )
                except DomainError as error:
                    form.place_error(error)
                    twin = error.code == "twin"
                else:
                    return _asked(request, asked)
            return _form_page(request, pathway, form, status=422, twin=twin or "insist" in request.POST)
        open_file(request, pathway, "Demande au laboratoire")
        initial = {**prefill(pathway, lab_form, zone), "key": uuid4()}
        return _form_page(
            request, pathway, LabRequestForm(initial=initial, pathway=pathway, lab_form=lab_form, now=now)
        )


def _form_for(pathway: Pathway, wanted: str) -> LabForm:
    """The form asked for by its key, else that of the pathway's target."""
    forms = last_forms()
    if wanted in forms:
        return forms[wanted]
    return forms[sheet_for(pathway.version.target.key, [each.sheet for each in forms.values()]).key]


def _asked(request: HttpRequest, asked: LabRequest) -> HttpResponse:
    silent = [
        str(share.laboratory)
        for share in asked.sample.shares.select_related("laboratory__establishment")
        if not address_of(share.laboratory)
    ]
    messages.success(request, "Demande enregistrée : imprimez un bon par laboratoire.")
    if silent:
        messages.warning(request, f"Sans adresse dans l’annuaire, prévenu par le bon seulement : {', '.join(silent)}.")
    return redirect("coordination:lab-file", asked.uuid)


def _form_page(
    request: HttpRequest, pathway: Pathway, form: LabRequestForm, status: int = 200, *, twin: bool = False
) -> HttpResponse:
    """``twin``: the same is asked already, and may be asked again knowingly."""
    context = {
        "pathway": pathway,
        "p": identity_of(pathway.patient, url=file_url(pathway)),
        "form": form,
        "forms": last_forms().values(),
        "running": LabRequest.objects.running().filter(pathway=pathway).order_by("-requested_at").first(),
        "file_url": file_url(pathway),
        "twin": twin,
    }
    return render(request, "coordination/lab/request.html", context, status=status)


@require_safe
@allow(reads_patients)
def lab_panel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The requests of one pathway, as a page or as a fragment of the patient's page."""
    pathway = find_pathway(request, uuid)
    open_file(request, pathway, "Laboratoire")
    rows = LabRequest.objects.filter(pathway=pathway).with_page_data()
    context = {
        "pathway": pathway,
        "files": file_lines(rows, timezone.now()),
        "may_ask": may_ask_lab(user_of(request), pathway) and pathway.is_active,
        "file_url": file_url(pathway),
    }
    template = "coordination/lab/panel.html#panel" if is_htmx(request) else "coordination/lab/panel.html"
    with timezone.override(ZoneInfo(pathway.team.establishment.time_zone)):
        return render(request, template, context)


@require_safe
@allow(reads_tasks)
def lab_requests(request: HttpRequest) -> HttpResponse:
    """Requests of the user's teams: news first, then what is awaited, the oldest first. One that a laboratory has
    answered while another has not is in both."""
    user, now = user_of(request), timezone.now()
    teams = [membership.team_id for membership in user.current_memberships]
    found = LabRequest.objects.visible_to(user).filter(pathway__team__in=teams).standing().with_page_data()
    running = list(found.running().order_by("requested_at", "id")[:MOST_LISTED])
    recent = found.filter(sample__shares__exams__answers__said_at__gte=now - timedelta(days=7)).distinct()
    answered = [each for each in file_lines(recent[:MOST_LISTED], now) if each.answered]
    answered.sort(key=lambda each: each.last_said_at or now, reverse=True)
    waiting = file_lines(running, now)
    pathways = [each.request.pathway for each in (*answered, *waiting)]
    open_files(request, {each.pk: each for each in pathways}.values(), "Demandes au laboratoire")
    context = {
        "answered": answered,
        "waiting": waiting,
        "steps": laboratory_steps(pathways),
        "most": MOST_LISTED,
        "now": now,
    }
    return render(request, "coordination/lab/requests.html", context)


@require_safe
@allow(reads_patients)
def lab_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One request: the state of each laboratory, its answers, and what to do of them."""
    return _file_page(request, _find(request, uuid))


def _file_page(request: HttpRequest, found: LabRequest, **given: Any) -> HttpResponse:
    pathway, user = found.pathway, user_of(request)
    open_file(request, pathway, "Demande au laboratoire")
    line = file_line(found, timezone.now(), LabRequest.objects.replacing(found).first())
    context = {
        "file": line,
        "request_": found,
        "pathway": pathway,
        "p": identity_of(pathway.patient, url=file_url(pathway)),
        "early": early_lines(found) if line.has_result else [],
        "announced": pathway.milestones.in_force().filter(kind="announcement").exists(),
        "new_sample_step": _new_sample_step(pathway) if line.unread and not line.new else "",
        "steps": laboratory_steps([pathway]).get(pathway.pk, []),
        "may_ask": may_ask_lab(user, pathway),
        "may_book": may_book(user, pathway) and pathway.is_active,
        "file_url": file_url(pathway),
        "now": timezone.now(),
        **given,
    }
    with timezone.override(ZoneInfo(pathway.team.establishment.time_zone)):
        status = 422 if given.get("refusal") else 200
        return render(request, "coordination/lab/file.html", context, status=status)


def _new_sample_step(pathway: Pathway) -> str:
    """The step of the plan that waits for another sample, whose free slots the booking page shows."""
    keys = {step.key for step in pathway.version.content.steps if step.done_by and step.exam_type}
    wanted = [
        step.key
        for step in pathway.version.content.steps
        if step.key in keys and any(match.milestone == "biopsy_taken" for match in step.done_by)
    ]
    open_now = pathway.steps.filter(state="open", step_key__in=wanted).order_by("due_at", "id")
    return open_now.values_list("key", flat=True).first() or ""


@require_POST
@allow(reads_tasks)
def lab_sent(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The sample has left, now."""
    found = _mine(request, uuid)
    return _done(
        request,
        found,
        lambda: services.mark_sample_sent(sample=found.sample, sent_at=timezone.now(), user=user_of(request)),
        "Envoi du prélèvement noté.",
    )


@require_POST
@allow(reads_tasks)
def lab_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes a request back before any answer."""
    found = _mine(request, uuid)
    reason = request.POST.get("reason", "")
    return _done(
        request,
        found,
        lambda: services.cancel_lab_request(request=found, reason=reason, user=user_of(request)),
        "Demande annulée : les laboratoires sont prévenus, les liens n’ouvrent plus rien.",
        typed=reason,
    )


@require_POST
@allow(reads_tasks)
def lab_early(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Early actions as tasks, in one click."""
    found = _mine(request, uuid)
    actions = request.POST.getlist("action")
    return _done(
        request,
        found,
        lambda: services.start_early_actions(request=found, actions=actions, user=user_of(request)),
        "Ajouté aux tâches de l’équipe. Le patient n’est informé du résultat qu’à l’annonce.",
    )


@require_POST
@allow(reads_tasks)
def lab_share_link(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes the links of a share back, or sends a new one."""
    share = get_object_or_404(SampleShare.objects.visible_to(user_of(request)).with_page_data(), uuid=uuid)
    found = _mine(request, share.sample.request.uuid)
    if request.POST.get("what") == "renew":
        name = share.laboratory.name
        sent = (
            f"envoyé à {name}" if address_of(share.laboratory) else "à imprimer sur le bon (laboratoire sans adresse)"
        )
        return _done(
            request,
            found,
            lambda: services.renew_lab_link(share=share),
            f"Nouveau lien {sent} : les précédents ne valent plus.",
        )
    return _done(request, found, lambda: services.revoke_lab_link(share=share), "Lien retiré : il n’ouvre plus rien.")


@require_POST
@allow(reads_lab)
def lab_correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes an answer back, for a reason: the laboratory that gave it, or the team."""
    user = user_of(request)
    share = get_object_or_404(SampleShare.objects.visible_to(user).with_page_data(), uuid=uuid)
    mine = may_answer_lab(user, share)
    insist(mine or may_ask_lab(user, share.sample.request.pathway))
    try:
        services.correct_answer(
            share=share,
            act=UUID(request.POST.get("act", "")),
            reason=request.POST.get("reason", ""),
            said_by=str(user),
            user=user,
        )
    except ValueError:
        messages.warning(request, "Cette réponse a changé entre-temps : relisez la page.")
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, "Réponse retirée : ses jalons aussi, l’équipe est prévenue.")
    if mine:
        return redirect("coordination:lab-share", share.uuid)
    return redirect("coordination:lab-file", share.sample.request.uuid)


@require_safe
@csp_exempt()  # a PDF with nosniff, never a page: a policy here only breaks the browsers' PDF readers
@allow(reads_lab)
def lab_sheet(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The request on paper for one laboratory, with the code that opens it without account."""
    user = user_of(request)
    share = get_object_or_404(SampleShare.objects.visible_to(user).with_page_data(), uuid=uuid)
    pathway = share.sample.request.pathway
    if may_answer_lab(user, share):
        log_team_reads(request, [pathway.patient.uuid], "Bon du laboratoire")
    else:
        open_file(request, pathway, "Bon du laboratoire")
    printed = print_sheet(share, timezone.now())
    response = HttpResponse(printed.content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="bon-{pathway.reference}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _find(request: HttpRequest, uuid: UUID) -> LabRequest:
    found = get_object_or_404(LabRequest.objects.visible_to(user_of(request)).with_page_data(), uuid=uuid)
    follow_clock_of(found.pathway.team.establishment)
    return found


def _mine(request: HttpRequest, uuid: UUID) -> LabRequest:
    """The request, if the user is of the team that made it."""
    found = _find(request, uuid)
    insist(may_ask_lab(user_of(request), found.pathway))
    return found


def _done(request: HttpRequest, found: LabRequest, act: Any, said: str, typed: str = "") -> HttpResponse:
    try:
        act()
    except DomainError as error:
        return _file_page(request, _find(request, found.uuid), refusal=error.message, typed=typed)
    messages.success(request, said)
    return redirect("coordination:lab-file", found.uuid)
