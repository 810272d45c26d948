"""How exams are obtained: policies, conventions, their papers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms.policies import ConventionForm, EndForm, FileForm, PolicyForm
from coordination.models import CommitmentFile, Convention, SlotPolicy
from coordination.papers.commitment import print_commitment
from coordination.perms import manages_series, may_confirm, reads_series
from coordination.readings.series import Preview, managed_platforms
from coordination.views.confirming import seen, tell
from coordination.views.shared import insist, user_of
from directory.errors import DomainError
from directory.models import Role, User
from directory.perms import allow


@require_safe
@allow(reads_series)
def policies(request: HttpRequest) -> HttpResponse:
    """The policies and conventions the user may read, those that run counted."""
    user, today = user_of(request), timezone.localdate()
    conventions = Convention.objects.visible_to(user).select_related("holder", "partner").prefetch_related("exam_types")
    context = {
        "policies": SlotPolicy.objects.visible_to(user).with_list_data(),
        "conventions": conventions,
        "running": conventions.running(today).count(),
        "today": today,
        "manages": manages_series(user),
    }
    return render(request, "coordination/policies/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def policy_new(request: HttpRequest) -> HttpResponse:
    """Writes a policy down."""
    user = user_of(request)
    form = PolicyForm(request.POST or None, platforms=managed_platforms(user))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.decide_policy(**form.given(), user=user)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Engagement enregistré.")
            return redirect("coordination:policy", made.uuid)
    return _form(request, form, "Nouvel engagement")


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_series)
def policy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One policy with its papers; whoever manages its platform ends it or adds a paper."""
    user = user_of(request)
    found = get_object_or_404(SlotPolicy.objects.visible_to(user).with_list_data(), uuid=uuid)
    manages = any(each.pk == found.platform_id for each in managed_platforms(user))
    manages = manages or found.target.team.establishment_id in user.establishments_as(Role.ADMINISTRATOR)

    def end(last_on: date | None, digest: str) -> None:
        services.end_policy(policy=found, last_on=last_on or timezone.localdate(), user=user, seen=digest)

    return _one(request, found, manages, end, {"policy": found})


@require_safe
@allow(reads_series)
def policy_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The written commitment, to print and sign."""
    found = get_object_or_404(SlotPolicy.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)
    printed = print_commitment(found, at=timezone.now())
    response = HttpResponse(printed.content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="Engagement-{found.valid_from:%Y-%m-%d}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def convention_new(request: HttpRequest) -> HttpResponse:
    """Writes a convention down."""
    places = [each.establishment_id for each in managed_platforms(user_of(request))]
    places += user_of(request).establishments_as(Role.ADMINISTRATOR)
    form = ConventionForm(request.POST or None, places=places)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_convention(**form.given())
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Convention enregistrée.")
            return redirect("coordination:convention", made.uuid)
    return _form(request, form, "Nouvelle convention")


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_series)
def convention(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One convention with its papers; its holder's administrators and heads extend it or add a paper."""
    user = user_of(request)
    rows = Convention.objects.visible_to(user).select_related("holder", "partner", "confirmed_by")
    found = get_object_or_404(rows, uuid=uuid)

    def extend(valid_until: date | None, digest: str) -> None:
        services.extend_convention(convention=found, valid_until=valid_until, user=user, seen=digest)

    runs = found in Convention.objects.running(timezone.localdate())
    context = {"convention": found, "runs": runs, "may_confirm": found.awaits_partner and may_confirm(user, found)}
    return _one(request, found, _holds(user, found), extend, context)


@require_POST
@allow(manages_series)
def convention_confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The partner says that it is right."""
    user = user_of(request)
    found = get_object_or_404(Convention.objects.visible_to(user).select_related("partner"), uuid=uuid)
    insist(may_confirm(user, found))
    services.confirm_convention(convention=found, user=user)
    messages.success(request, "Convention confirmée.")
    return redirect("coordination:convention", uuid)


@require_safe
@allow(reads_series)
def commitment_file(request: HttpRequest, uuid: UUID) -> HttpResponse | FileResponse:
    """A signed paper, for whoever reads what it belongs to."""
    user = user_of(request)
    theirs = Q(convention__in=Convention.objects.visible_to(user)) | Q(policy__in=SlotPolicy.objects.visible_to(user))
    found = get_object_or_404(CommitmentFile.objects.filter(theirs), uuid=uuid)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, content_type=found.content_type, filename=found.name, as_attachment=True)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _holds(user: User, found: Convention) -> bool:
    places = {each.establishment_id for each in managed_platforms(user)}
    return found.holder_id in places | set(user.establishments_as(Role.ADMINISTRATOR))


def _one(
    request: HttpRequest, found: Convention | SlotPolicy, manages: bool, end: Any, context: dict[str, Any]
) -> HttpResponse:
    """The page of one, its last day and its papers. A last day that takes slots away is shown with them first."""
    adds = request.POST.get("do") == "file"
    posted = request.method == "POST"
    ends = EndForm(request.POST if posted and not adds else None, initial={"valid_until": found.valid_until})
    preview = None
    file = FileForm(*((request.POST, request.FILES) if posted and adds else ()))
    if posted:
        insist(manages)
        form = file if adds else ends
        if form.is_valid():
            try:
                if adds:
                    sent: UploadedFile[Any] = form.cleaned_data["file"]
                    services.add_file(
                        owner=found, name=sent.name or "", source=sent.open(), size=sent.size, user=user_of(request)
                    )
                else:
                    preview = _ending(request, found, form.cleaned_data["valid_until"], end)
            except DomainError as error:
                tell(form, error)
            if not form.errors and preview is None:
                messages.success(request, "Enregistré.")
                return redirect(request.path)
    kind = "convention" if isinstance(found, Convention) else "policy"
    context |= {
        "ends": ends,
        "file": file,
        "preview": preview,
        "manages": manages,
        "files": found.files.select_related("added_by"),
    }
    status = 422 if ends.errors or file.errors else 200
    place = found.partner if isinstance(found, Convention) else found.platform.establishment
    context["zone"] = place.time_zone
    return render(request, f"coordination/policies/{kind}.html", context, status=status)


def _ending(request: HttpRequest, found: Convention | SlotPolicy, last: date | None, end: Any) -> Preview | None:
    """Gives the last day; or, until it was confirmed, what that takes away."""
    if isinstance(found, SlotPolicy):
        last = last or timezone.localdate()
    change = services.change_of_end(found, last)
    if change.drafts and (request.POST.get("do") != "apply" or request.POST.get("seen") != change.digest):
        return seen(request, change)
    end(last, change.digest)
    return None


def _form(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    context = {"form": form, "title": title}
    return render(request, "coordination/policies/form.html", context, status=422 if form.errors else 200)
