"""The draft of a target pathway: seen whole, its steps ordered, its parts written, its file read and given."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.perms import allow
from pathways import services
from pathways.forms.target_file import FileForm
from pathways.forms.target_parts import PARTS, EntryForm, HeadForm, Part
from pathways.forms.target_step import NEW, StepForm
from pathways.perms import reads_targets
from pathways.rules.editing import adding_step, moving_step, with_step, without_step
from pathways.rules.target import StepDef, Target, TargetError, dump
from pathways.rules.words import all_step_words
from pathways.views.bench import Bench, changes_of, edit, faults_of, open_bench, revision_of
from pathways.views.picture import picture
from pathways.views.targets import yaml_file


@allow(reads_targets)
def draft(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """The whole draft: its faults, its flowchart, its steps."""
    bench = open_bench(request, site, key, write=False)
    if bench.draft is None:
        return redirect(bench.url("target"))
    content = bench.content
    faults = faults_of(bench, content)
    context = {
        "bench": bench,
        "target": bench.target,
        "draft": bench.draft,
        "content": content,
        "steps": all_step_words(content),
        "faults": faults,
        "rehearsal": bench.draft.rehearsals.first(),
        "picture": _picture(bench, content, faults),
        "parts": [
            {"slug": slug, "part": part, "entries": getattr(content, part.field)} for slug, part in PARTS.items()
        ],
        "changes": changes_of(bench.draft),
        "overtaken": any(each.pk != bench.draft.base_id for each in bench.target.published[:1]),  # type: ignore[attr-defined]
    }
    return render(request, "pathways/targets/draft.html", context)


@require_POST
@allow(reads_targets)
def draft_start(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Copies the current version into a draft; the one in hand when there is one."""
    bench = open_bench(request, site, key)
    services.start_draft(target=bench.target, author=bench.user)
    return redirect(bench.url("target-draft"))


@allow(reads_targets)
def draft_drop(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Gives the draft up, once asked twice."""
    bench = open_bench(request, site, key)
    if bench.draft is None:
        return redirect(bench.url("target"))
    if request.method == "POST":
        try:
            services.drop_draft(draft=bench.draft, revision=revision_of(request), author=bench.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(bench.url("target-draft"))
        if bench.draft.base is None:
            messages.success(request, "Brouillon abandonné : ce parcours cible n’est plus dans la liste.")
            return redirect("pathways:targets")
        messages.success(request, "Brouillon abandonné. La version en vigueur n’a pas changé.")
        return redirect(bench.url("target"))
    return render(request, "pathways/targets/drop.html", {"bench": bench, "target": bench.target, "draft": bench.draft})


@require_POST
@allow(reads_targets)
def draft_order(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """One step up, down or out, by the button pressed."""
    bench = open_bench(request, site, key)
    if bench.draft is None:
        return redirect(bench.url("target"))
    content, place = _ordered(bench.content, request.POST)
    try:
        services.save_draft(draft=bench.draft, revision=revision_of(request), content=content, author=bench.user)
    except DomainError as error:
        messages.error(request, f"{error.message} Rien n’a été changé : refaites votre geste sur la page à jour.")
    return redirect(f"{bench.url('target-draft')}{place}")


def _ordered(content: Target, asked: QueryDict) -> tuple[Target, str]:
    """The content after the button, and the place of the page to come back to."""
    for name, by in (("up", -1), ("down", 1)):
        if (step := asked.get(name, "")) in content.graph.index:
            return moving_step(content, str(step), by), f"#etape-{step}"
    if (step := asked.get("remove", "")) in content.graph.index:
        return without_step(content, str(step)), "#etapes"
    return content, "#etapes"


@allow(reads_targets)
def draft_head(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Name, doors, overall objective and alerts."""
    bench = open_bench(request, site, key)
    return edit(
        request,
        bench,
        lambda content, data: HeadForm(data, target=content),
        lambda content, form: form.target(),
        template="pathways/targets/form.html",
        back=bench.url("target-draft"),
        saved="En-tête enregistré dans le brouillon.",
        context={"title": "En-tête et alertes"},
    )


@allow(reads_targets)
def draft_step(request: HttpRequest, site: UUID, key: str, step: str) -> HttpResponse:
    """One step of the draft."""
    bench = open_bench(request, site, key)
    if bench.draft is not None and step not in bench.content.graph.index:
        return _lost_step(request, bench, step)
    followed = _followed(bench)

    def form_of(content: Target, data: QueryDict | None) -> StepForm:
        was = content.steps[content.graph.index[step]] if step in content.graph.index else NEW
        return StepForm(data, target=content, was=was, fixed_key=step in followed and was is not NEW)

    def apply(content: Target, form: StepForm) -> Target:
        changed = form.step()
        return with_step(content, step, changed) if step in content.graph.index else adding_step(content, changed)

    return edit(
        request,
        bench,
        form_of,
        apply,
        template="pathways/targets/step.html",
        back=f"{bench.url('target-draft')}#etapes",
        saved="Étape enregistrée dans le brouillon.",
        context=_step_context(bench, bench.content, step),
    )


@allow(reads_targets)
def draft_step_add(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """One more step, after the one named in the address, or at the end."""
    bench = open_bench(request, site, key)
    after = request.GET.get("apres", "")
    return edit(
        request,
        bench,
        lambda content, data: StepForm(data, target=content),
        lambda content, form: adding_step(content, form.step(), after),
        template="pathways/targets/step.html",
        back=f"{bench.url('target-draft')}#etapes",
        saved="Étape ajoutée au brouillon.",
        context={**_step_context(bench, bench.content, ""), "after": after},
    )


@require_POST
@allow(reads_targets)
def draft_preview(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """The flowchart and the faults with the step as it is being typed. POST changes nothing: it sends the form."""
    bench = open_bench(request, site, key)
    was, after = request.POST.get("was", ""), request.POST.get("after", "")
    content = bench.content
    known = was in content.graph.index
    form = StepForm(request.POST, target=content, was=content.step(was) if known else NEW, fixed_key=known)
    form.is_valid()
    typed = form.step()
    content = with_step(content, was, typed) if known else adding_step(content, typed, after)
    place = content.graph.index.get(typed.key)
    faults = faults_of(bench, content)
    context = {"bench": bench, "faults": faults, "picture": _picture(bench, content, faults, place)}
    return render(request, "pathways/targets/_preview.html", context)


@allow(reads_targets)
def draft_entry(request: HttpRequest, site: UUID, key: str, part: str, entry: str) -> HttpResponse:
    """One entry of a list that steps refer to; the button « Retirer » takes it out."""
    bench, which = open_bench(request, site, key), _part(part)
    removing = request.method == "POST" and "remove" in request.POST
    if bench.draft is not None and not any(each.key == entry for each in getattr(bench.content, which.field)):
        return _lost_entry(request, bench, part, entry)

    def form_of(content: Target, data: QueryDict | None) -> EntryForm:
        was = next((each for each in getattr(content, which.field) if each.key == entry), None)
        if was is None:
            raise Http404
        return which.form(data, target=content, was=was)

    def apply(content: Target, form: EntryForm) -> Target:
        return which.replaced(content, entry, form.entry())

    if removing and bench.draft is not None:
        return _remove_entry(request, bench, which, entry)
    return edit(
        request,
        bench,
        form_of,
        apply,
        template="pathways/targets/form.html",
        back=f"{bench.url('target-draft')}#listes",
        saved="Enregistré dans le brouillon.",
        context={"title": which.title, "removable": True},
    )


@allow(reads_targets)
def draft_entry_add(request: HttpRequest, site: UUID, key: str, part: str) -> HttpResponse:
    """One more entry of a list that steps refer to."""
    bench, which = open_bench(request, site, key), _part(part)
    return edit(
        request,
        bench,
        lambda content, data: which.form(data, target=content),
        lambda content, form: which.added(content, form.entry()),
        template="pathways/targets/form.html",
        back=f"{bench.url('target-draft')}#listes",
        saved="Ajouté au brouillon.",
        context={"title": f"{which.title} : ajouter {which.one}"},
    )


@allow(reads_targets)
def draft_file(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """The draft as a YAML file."""
    bench = open_bench(request, site, key, write=False)
    if bench.draft is None:
        raise Http404
    return yaml_file(dump(bench.content), f"{key}-brouillon.yaml")


@allow(reads_targets)
def draft_load(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Replaces the draft by a YAML file, refused whole with each fault on its line."""
    bench = open_bench(request, site, key)
    form = FileForm(request.POST or None, request.FILES or None)
    faults: tuple[Any, ...] = ()
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            current = bench.draft or services.start_draft(target=bench.target, author=bench.user)
            try:
                services.load_draft(
                    draft=current,
                    revision=revision_of(request) if bench.draft else current.revision,
                    text=form.cleaned_data["text"],
                    author=bench.user,
                )
            except TargetError as error:
                faults = error.faults
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, "Le fichier est dans le brouillon. Rien n’est encore publié.")
                return redirect(bench.url("target-draft"))
    context = {"bench": bench, "target": bench.target, "draft": bench.draft, "form": form, "faults": faults}
    return render(request, "pathways/targets/load.html", context, status=status)


def _part(slug: str) -> Part:
    if slug not in PARTS:
        raise Http404
    return PARTS[slug]


def _remove_entry(request: HttpRequest, bench: Bench, which: Part, entry: str) -> HttpResponse:
    assert bench.draft is not None
    content = which.without(bench.content, entry)
    try:
        services.save_draft(draft=bench.draft, revision=revision_of(request), content=content, author=bench.user)
    except DomainError as error:
        messages.error(request, f"{error.message} Rien n’a été retiré.")
    else:
        messages.success(request, "Retiré du brouillon.")
    return redirect(f"{bench.url('target-draft')}#listes")


def _lost_entry(request: HttpRequest, bench: Bench, part: str, entry: str) -> HttpResponse:
    """An entry that another editor took out: what was typed is shown as one to add."""
    if request.method != "POST":
        raise Http404
    which = _part(part)
    data = request.POST.copy()
    data.setdefault("key", entry)
    context = {
        "bench": bench,
        "target": bench.target,
        "draft": bench.draft,
        "form": which.form(data, target=bench.content),
        "title": f"{which.title} : ajouter {which.one}",
        "action": bench.url("target-draft-entry-add", part),
        "removed": True,
    }
    return render(request, "pathways/targets/form.html", context, status=409)


def _lost_step(request: HttpRequest, bench: Bench, step: str) -> HttpResponse:
    """A step that another editor took out: what was typed is shown as a step to add."""
    if request.method != "POST":
        messages.info(request, "Cette étape n’est plus dans le brouillon.")
        return redirect(bench.url("target-draft"))
    data = request.POST.copy()
    data.setdefault("key", step)
    context = {
        "bench": bench,
        "target": bench.target,
        "draft": bench.draft,
        "form": StepForm(data, target=bench.content),
        "faults": faults_of(bench, bench.content),
        **_step_context(bench, bench.content, ""),
        "action": bench.url("target-draft-step-add"),
        "removed": True,
    }
    return render(request, "pathways/targets/step.html", context, status=409)


def _step_context(bench: Bench, content: Target, step: str) -> dict[str, Any]:
    place = content.graph.index.get(step)
    faults = faults_of(bench, content)
    return {
        "step": content.steps[place] if place is not None else None,
        "picture": _picture(bench, content, faults, place),
        "details": sorted(content.details.items()),
        "action": "",
    }


def _picture(bench: Bench, content: Target, faults: list[dict[str, Any]], current: int | None = None) -> dict[str, Any]:
    """The flowchart of the draft: each box leads to the form of its step, for whoever may write."""

    def href(step: StepDef) -> str:
        return bench.step_url(step) if bench.may_edit else f"#etape-{step.key}"

    faulty = {fault["position"] for fault in faults if fault["position"] is not None}
    return picture(content, href=href, faulty=faulty, current=current)


def _followed(bench: Bench) -> set[str]:
    """The keys that published versions already gave to steps: milestones and skips are kept by them."""
    base = bench.draft.base if bench.draft else bench.target.versions.order_by("number").last()
    return {step.key for step in base.content.steps} if base else set()
