"""The workbench of whoever writes a target pathway: open the draft, show a form, save it, or say who was faster.

Two people may write the same draft. Each form carries the revision it was shown from; when another one has been saved
since, nothing is taken: the form comes back with what was typed, laid over what the other saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from directory.errors import DomainError
from directory.models import User
from pathways import services
from pathways.forms.fields import refuse
from pathways.forms.target_fields import DurationWidget, RowsWidget
from pathways.models import TargetDraft, TargetPathway
from pathways.perms import may_edit_target
from pathways.rules.comparison import Change, compare
from pathways.rules.target import StepDef, Target, check, from_draft
from pathways.services.drafts import GONE, STALE
from pathways.views.opening import user_of
from pathways.views.targets import open_target

FormOf = Callable[[Target, QueryDict | None], forms.Form]


@dataclass
class Bench:
    """A target pathway opened to be written, or to see it written."""

    target: TargetPathway
    user: User
    may_edit: bool
    draft: TargetDraft | None = None

    def url(self, name: str, *args: Any) -> str:
        """The address of one of the pages of this target."""
        return reverse(f"pathways:{name}", args=[self.target.establishment.uuid, self.target.key, *args])

    def step_url(self, step: StepDef) -> str:
        """Where a step is written: its form; the form on screen, for one that is not saved yet."""
        saved = step.key in self.content.graph.index
        return self.url("target-draft-step", step.key) if saved else "#id_label"

    @property
    def content(self) -> Target:
        """What the draft says; without draft, what the current version says, else the draft that was given up."""
        if self.draft:
            return self.draft.content
        given_up = None if self.target.versions.exists() else services.as_given_up(self.target)
        return given_up or self.target.current_version.content


def open_bench(request: HttpRequest, site: UUID, key: str, *, write: bool = True) -> Bench:
    """The bench of that target. Raises Http404, or PermissionDenied for who may read and not ``write``."""
    target, user = open_target(request, site, key), user_of(request)
    may_edit = may_edit_target(user, target)
    if write and not may_edit:
        raise PermissionDenied
    return Bench(target, user, may_edit, getattr(target, "draft", None))


def faults_of(bench: Bench, content: Target) -> list[dict[str, Any]]:
    """What makes the draft impossible to follow: each fault with the step it names and where to mend it."""
    found = []
    for problem in check(content):
        step = content.steps[problem.step] if problem.step is not None else None
        place = bench.step_url(step) if step else bench.url("target-draft-head")
        found.append({"message": problem.message, "step": step, "position": problem.step, "href": place})
    return found


def changes_of(draft: TargetDraft) -> list[Change]:
    """What the draft changes in the version it starts from; nothing when it is the first."""
    return compare(draft.base.content, draft.content) if draft.base else []


def edit(
    request: HttpRequest,
    bench: Bench,
    form_of: FormOf,
    apply: Callable[[Target, Any], Target],
    *,
    template: str,
    back: str,
    saved: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Shows the form of a part of the draft and saves it: a page without JavaScript.

    What was typed is never lost: a refusal, another editor or a draft gone meanwhile all show the form again.
    """
    if bench.draft is None and request.method == "POST" and "restart" in request.POST:
        bench.draft = services.start_draft(target=bench.target, author=bench.user)
        return _take(request, bench, form_of, apply, template, back, saved, context, bench.draft.revision)
    if bench.draft is None:
        if request.method != "POST":
            messages.info(request, "Il n’y a plus de brouillon : commencez-en un pour modifier ce parcours.")
            return redirect(bench.url("target"))
        form = form_of(bench.content, request.POST)
        return _shown(request, bench, form, template, context, 409, gone=True)
    if request.method != "POST":
        return _shown(request, bench, form_of(bench.content, None), template, context, 200)
    return _take(request, bench, form_of, apply, template, back, saved, context, revision_of(request))


def revision_of(request: HttpRequest) -> int:
    """The revision a form was shown from; 0 when it does not tell, which is nobody's."""
    told = request.POST.get("revision", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0


def _take(
    request: HttpRequest,
    bench: Bench,
    form_of: FormOf,
    apply: Callable[[Target, Any], Target],
    template: str,
    back: str,
    saved: str,
    context: dict[str, Any],
    revision: int,
) -> HttpResponse:
    assert bench.draft is not None
    if revision != bench.draft.revision:
        return _overtaken(request, bench, form_of, template, context, revision)
    form = form_of(bench.content, request.POST)
    if form.is_valid():
        try:
            services.save_draft(
                draft=bench.draft, revision=revision, content=apply(bench.content, form), author=bench.user
            )
        except DomainError as error:
            if error.code in (STALE, GONE):  # between our reading and our writing
                bench.draft = TargetDraft.objects.filter(pk=bench.draft.pk).first()
                if bench.draft is None:
                    return _shown(request, bench, form, template, context, 409, gone=True)
                return _overtaken(request, bench, form_of, template, context, revision)
            refuse(form, error)
        else:
            messages.success(request, saved)
            return redirect(back)
    return _shown(request, bench, form, template, context, 422)


def _overtaken(
    request: HttpRequest, bench: Bench, form_of: FormOf, template: str, context: dict[str, Any], revision: int
) -> HttpResponse:
    """What was typed, over what another has saved since: fields left alone show the saved value."""
    assert bench.draft is not None
    before = content_at(bench.draft, revision)
    clashes: list[str] = []
    data: QueryDict = request.POST
    if before is not None:
        data, clashes = laid_over(request.POST, form_of, before, bench.content)
    form = form_of(bench.content, data)
    return _shown(request, bench, form, template, context, 409, overtaken=True, clashes=clashes)


def _shown(
    request: HttpRequest,
    bench: Bench,
    form: forms.Form,
    template: str,
    context: dict[str, Any],
    status: int,
    **more: Any,
) -> HttpResponse:
    faults = faults_of(bench, bench.content)
    shown = {"bench": bench, "target": bench.target, "draft": bench.draft, "form": form, "faults": faults}
    return render(request, template, {**shown, **context, **more}, status=status)


def content_at(draft: TargetDraft, revision: int) -> Target | None:
    """What the draft said at a revision, as the history keeps it."""
    history = apps.get_model("pathways", "TargetDraftHistory")
    row = history.objects.filter(pgh_obj_id=draft.pk, revision=revision).order_by("-pgh_id").first()
    return from_draft(row.definition) if row else None


def laid_over(sent: QueryDict, form_of: FormOf, before: Target, now: Target) -> tuple[QueryDict, list[str]]:
    """What was sent, with the fields its author left alone taken from ``now``; and the names of those both changed."""
    mine, old, new = form_of(before, sent), form_of(before, None), form_of(now, None)
    mine.is_valid()
    touched = set(mine.changed_data)
    theirs = {name for name in new.fields if old.get_initial_for_field(old.fields[name], name)
              != new.get_initial_for_field(new.fields[name], name)}  # fmt: skip
    merged = sent.copy()
    for name in theirs - touched:
        for key in [key for key in merged if key == name or key.startswith((f"{name}-", f"{name}_"))]:
            del merged[key]
        for key, values in _as_sent(new, name).items():
            merged.setlist(key, values)
    return merged, [str(new.fields[name].label) for name in new.fields if name in theirs & touched]


def _as_sent(form: forms.Form, name: str) -> dict[str, list[str]]:
    """What a browser would send of a field left as it is shown."""
    field = form.fields[name]
    value = field.prepare_value(form.get_initial_for_field(field, name))
    widget = field.widget
    if isinstance(widget, RowsWidget):
        rows = [*value, ("",) * len(widget.columns)]
        return {f"{name}-{n}-{m}": [cell] for n, row in enumerate(rows) for m, cell in enumerate(row)}
    if isinstance(widget, DurationWidget):
        return {f"{name}_{n}": ["" if part is None else str(part)] for n, part in enumerate(widget.decompress(value))}
    if isinstance(widget, forms.CheckboxInput):
        return {name: ["on"]} if value else {}
    if isinstance(value, list | tuple):
        return {name: [str(each) for each in value]}
    return {name: ["" if value is None else str(value)]}
