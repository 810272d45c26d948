"""One action, one form: a page without JavaScript, a dialog with it, the sheet redrawn when it is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from directory.errors import DomainError
from pathways.forms.fields import refuse
from pathways.views.identity import identity_of
from pathways.views.opening import OpenFile
from pathways.views.sheet import sheet_context

Do = Callable[[dict[str, Any]], str]


def act(
    request: HttpRequest,
    file: OpenFile,
    form: forms.Form,
    do: Do,
    *,
    title: str,
    submit: str,
    intro: str = "",
    danger: bool = False,
    names: dict[str, str] | None = None,
) -> HttpResponse:
    """Shows ``form``; when it is sent and right, calls ``do`` with its data and tells the sentence it returns.

    A refusal of the form or of the service shows it again with what was typed (422). ``names`` maps a service's
    field names to the form's.
    """
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                message = do(form.cleaned_data)
            except DomainError as error:
                refuse(form, error, names)
            else:
                return done(request, file, message)
        status = 422
    context = {
        "form": form,
        "title": title,
        "submit": submit,
        "intro": intro,
        "danger": danger,
        "pathway": file.pathway,
        "p": identity_of(file.pathway.patient, url=reverse("pathways:detail", args=[file.pathway.uuid])),
    }
    template = "pathways/action.html#dialog" if request.htmx else "pathways/action.html"  # type: ignore[attr-defined]
    with timezone.override(file.zone):
        return render(request, template, context, status=status)


def done(request: HttpRequest, file: OpenFile, message: str) -> HttpResponse:
    """After an action: the sheet redrawn in place when it is on screen, else back to the file with a message."""
    page = reverse("pathways:detail", args=[file.pathway.uuid])
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, message)
        return redirect(page)
    if request.htmx.current_url_abs_path != page:  # type: ignore[attr-defined]
        messages.success(request, message)
        return HttpResponse(headers={"HX-Refresh": "true"})
    with timezone.override(file.zone):
        response = render(request, "pathways/detail.html#sheet", sheet_context(file))
    response["HX-Retarget"], response["HX-Reswap"] = "#sheet", "outerHTML"
    toast = {"jalon:toast": {"message": message, "tone": "ok"}, "jalon:close-dialog": None}
    response["HX-Trigger"] = json.dumps(toast)
    return response


def refused(request: HttpRequest, file: OpenFile, error: DomainError) -> HttpResponse:
    """A button that could not do its work says why: a toast, or a message on the file."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.error(request, error.message)
        return redirect("pathways:detail", file.pathway.uuid)
    toast = {"jalon:toast": {"message": error.message, "tone": "late"}}
    return HttpResponse(status=422, headers={"HX-Reswap": "none", "HX-Trigger": json.dumps(toast)})
