"""Writing the next version of a target pathway in the browser: nothing typed is lost, nobody writes over another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from directory.errors import DomainError
from pathways import services
from pathways.models import TargetDraft
from pathways.rules.durations import Duration
from pathways.rules.editing import adding_step, free_key, moving_step, with_step, without_step
from pathways.rules.target import Target, TargetError, dump, parse_target
from tests.pathways.pages import field_errors, soup, value_of, words
from tests.pathways.targets import STEP_FORM, Office, filled

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def with_objective(content: Target, key: str, objective: str) -> Target:
    return with_step(content, key, replace(content.step(key), objective=Duration.parse(objective)))


# --- the service ----------------------------------------------------------------------------------------------------
def test_a_draft_starts_as_the_current_version_and_is_only_one(office: Office) -> None:
    assert office.draft.content == office.target.current_version.content
    assert services.start_draft(target=office.target, author=office.other_editor) == office.draft
    assert office.draft.edited_by == office.editor


def test_a_change_from_an_old_reading_is_refused(office: Office) -> None:
    draft = office.draft
    saved = services.save_draft(
        draft=draft, revision=1, content=with_objective(draft.content, "rcp", "6 days"), author=office.editor
    )
    assert (saved.revision, saved.content.step("rcp").objective) == (2, Duration.parse("6 days"))
    with pytest.raises(DomainError, match="a modifié ce brouillon") as refused:
        services.save_draft(
            draft=draft, revision=1, content=with_objective(draft.content, "rcp", "9 days"), author=office.other_editor
        )
    assert refused.value.code == "stale"
    assert TargetDraft.objects.get().content == saved.content


def test_saying_the_same_again_is_no_revision(office: Office) -> None:
    assert (
        services.save_draft(draft=office.draft, revision=1, content=office.draft.content, author=office.editor).revision
        == 1
    )


def test_a_draft_keeps_the_key_of_its_pathway(office: Office) -> None:
    with pytest.raises(DomainError, match="clé du parcours"):
        services.save_draft(
            draft=office.draft, revision=1, content=replace(office.draft.content, key="autre"), author=office.editor
        )


def test_a_dropped_draft_takes_nothing_more(office: Office) -> None:
    draft = office.draft
    services.drop_draft(draft=TargetDraft.objects.get(pk=draft.pk), revision=1, author=office.editor)
    with pytest.raises(DomainError) as refused:
        services.save_draft(
            draft=draft, revision=1, content=with_objective(draft.content, "rcp", "6 days"), author=office.editor
        )
    assert refused.value.code == "gone"


# --- steps added, moved, renamed (pure) ---
def test_steps_are_ordered_added_and_taken_out(office: Office) -> None:
    content = office.target.current_version.content
    first, second, *_ = [step.key for step in content.steps]
    assert [step.key for step in moving_step(content, second, -1).steps][:2] == [second, first]
    assert moving_step(content, first, -1) == content
    assert [step.key for step in moving_step(content, first, 99).steps][-1] == first
    added = adding_step(content, replace(content.steps[0], key="neuve"), first)
    assert [step.key for step in added.steps][1] == "neuve"
    assert without_step(added, "neuve") == content
    assert free_key(content, first) == f"{first}-2"


def test_those_who_waited_for_a_renamed_step_still_do() -> None:
    content = Office(key="prostate").target.current_version.content
    renamed = with_step(content, "mri", replace(content.step("mri"), key="irm_prostate"))
    assert [part.step for part in renamed.step("biopsy").anchors if part.step] == ["irm_prostate"]
    assert with_step(renamed, "irm_prostate", content.step("mri")) == content


# --- the pages ---
def step_form(office: Office, key: str, user: Any = None) -> Any:
    response = office.client(user).get(office.url("target-draft-step", key))
    assert response.status_code == 200
    return filled(soup(response), STEP_FORM)


def test_modify_change_one_objective_and_save(office: Office) -> None:
    client = office.client()
    assert "Modifier" in words(client.get(office.url("target")))
    assert client.post(office.url("target-draft-start")).url == office.url("target-draft")
    data = step_form(office, "rcp")
    data["objective_0"] = "5"
    response = client.post(office.url("target-draft-step", "rcp"), data)
    assert response.status_code == 302
    before = office.target.current_version.content
    assert TargetDraft.objects.get().content == with_objective(before, "rcp", "5 days")
    assert office.target.current_version.number == 1


def test_a_wrong_value_comes_back_as_typed(office: Office) -> None:
    office.draft  # noqa: B018
    data = step_form(office, "rcp")
    data["objective_0"], data["label"] = "-4", "RCP de recours"
    response = office.client().post(office.url("target-draft-step", "rcp"), data)
    assert response.status_code == 422
    assert "négatif" in field_errors(response)
    assert (value_of(response, "objective_0"), value_of(response, "label")) == ("-4", "RCP de recours")
    assert TargetDraft.objects.get().revision == 1


def test_two_editors_of_one_step_lose_nothing(office: Office) -> None:
    office.draft  # noqa: B018
    mine, theirs = step_form(office, "rcp"), step_form(office, "rcp", office.other_editor)
    mine["label"], mine["objective_0"] = "RCP de recours", "5"
    theirs["objective_0"], theirs["warn_before_0"] = "6", "3"
    url = office.url("target-draft-step", "rcp")
    assert office.client(office.other_editor).post(url, theirs).status_code == 302
    response = office.client().post(url, mine)
    assert response.status_code == 409
    said = words(response)
    assert str(office.other_editor) in said
    assert "Vous avez tous deux changé : Objectif." in said
    kept = {name: value_of(response, name) for name in ("label", "objective_0", "warn_before_0")}
    assert kept == {"label": "RCP de recours", "objective_0": "5", "warn_before_0": "3"}
    again = filled(soup(response), STEP_FORM)
    assert office.client().post(url, again).status_code == 302
    step = TargetDraft.objects.get().content.step("rcp")
    assert (step.label, str(step.objective), str(step.warn_before)) == ("RCP de recours", "5 days", "3 days")


def test_a_step_taken_out_meanwhile_is_offered_again(office: Office) -> None:
    office.draft  # noqa: B018
    mine = step_form(office, "rcp")
    mine["label"] = "RCP de recours"
    services.save_draft(
        draft=office.draft, revision=1, content=without_step(office.draft.content, "rcp"), author=office.other_editor
    )
    response = office.client().post(office.url("target-draft-step", "rcp"), mine)
    assert response.status_code == 409
    assert "retiré entre-temps" in words(response)
    again = filled(soup(response), STEP_FORM)
    assert office.client().post(office.url("target-draft-step-add"), again).status_code == 302
    assert TargetDraft.objects.get().content.steps[-1].label == "RCP de recours"


def test_a_draft_gone_meanwhile_keeps_what_was_typed(office: Office) -> None:
    office.draft  # noqa: B018
    mine = step_form(office, "rcp")
    mine["label"] = "RCP de recours"
    services.drop_draft(draft=TargetDraft.objects.get(), revision=1, author=office.other_editor)
    url = office.url("target-draft-step", "rcp")
    response = office.client().post(url, mine)
    assert response.status_code == 409
    assert value_of(response, "label") == "RCP de recours"
    assert office.client().post(url, filled(soup(response), STEP_FORM)).status_code == 302
    assert TargetDraft.objects.get().content.step("rcp").label == "RCP de recours"


def test_the_preview_draws_what_is_typed_and_writes_nothing(office: Office) -> None:
    office.draft  # noqa: B018
    data = step_form(office, "rcp")
    data["objective_0"], data["anchor-0-0"] = "12", "s:announcement"
    response = office.client().post(office.url("target-draft-preview"), data)
    page = soup(response)
    assert response.status_code == 200
    assert "12 jours" in words(page.select_one("a[aria-current]"))
    fault = page.select_one(".t-faults li")
    assert "s’attendent l’une l’autre" in words(fault)
    assert fault.a["href"] in (office.url("target-draft-step", key) for key in ("rcp", "announcement"))  # type: ignore[union-attr]
    assert TargetDraft.objects.get().revision == 1


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("cycle", {"anchor-0-0": "s:announcement"}, "s’attendent l’une l’autre"),
        ("no anchor", {"anchor-0-0": ""}, "L’ancre manque"),
        ("unreachable", {"anchor-0-0": "m:palliative_entry"}, "inatteignable"),
        ("no source", {"source": ""}, "ne cite pas sa source"),
        ("nothing tells it", {"when-0-0": "announcement", "when-0-1": "perdu"}, "aucun examen ni choix"),
    ],
)
def test_the_faults_name_their_step(office: Office, name: str, change: dict[str, str], told: str) -> None:
    office.draft  # noqa: B018
    data = step_form(office, "rcp")
    for field, value in change.items():
        data[field] = value
    assert office.client().post(office.url("target-draft-step", "rcp"), data).status_code == 302
    page = soup(office.client().get(office.url("target-draft")))
    faults = [words(fault) for fault in page.select(".t-faults li")]
    assert any(told in fault for fault in faults), name
    assert page.select("svg .is-faulty")


def test_a_step_is_added_moved_and_taken_out_by_buttons(office: Office) -> None:
    office.draft  # noqa: B018
    client = office.client()
    page = soup(client.get(office.url("target-draft-step-add"), {"apres": "rcp"}))
    data = filled(page, STEP_FORM)
    for name, value in {
        "label": "Staff",
        "key": "staff",
        "done_by-0-0": "rcp_registered",
        "anchor-0-0": "s:rcp",
    }.items():
        data[name] = value
    assert client.post(f"{office.url('target-draft-step-add')}?apres=rcp", data).status_code == 302
    order = [step.key for step in TargetDraft.objects.get().content.steps]
    assert order[order.index("rcp") + 1] == "staff"
    client.post(office.url("target-draft-order"), {"revision": 2, "up": "staff"})
    order = [step.key for step in TargetDraft.objects.get().content.steps]
    assert order[order.index("rcp") - 1] == "staff"
    client.post(office.url("target-draft-order"), {"revision": 2, "remove": "staff"})
    assert "staff" in TargetDraft.objects.get().content.graph.index, "an old page takes nothing out"
    client.post(office.url("target-draft-order"), {"revision": 3, "remove": "staff"})
    assert "staff" not in TargetDraft.objects.get().content.graph.index


def test_a_choice_is_added_and_used_as_a_branch(office: Office) -> None:
    office.draft  # noqa: B018
    client = office.client()
    added = client.post(
        office.url("target-draft-entry-add", "choix"), {"revision": 1, "key": "abstention", "label": "Abstention"}
    )
    assert added.status_code == 302
    twice = client.post(
        office.url("target-draft-entry-add", "choix"), {"revision": 2, "key": "abstention", "label": "Bis"}
    )
    assert twice.status_code == 422
    data = step_form(office, "treatment")
    data["unless-0-0"], data["unless-0-1"] = "announcement", "abstention"
    assert client.post(office.url("target-draft-step", "treatment"), data).status_code == 302
    assert "Sauf Abstention" in words(client.get(office.url("target-draft")))
    client.post(office.url("target-draft-entry", "choix", "abstention"), {"revision": 3, "remove": "1"})
    assert "aucun examen ni choix" in words(client.get(office.url("target-draft")))


def test_an_entry_taken_out_meanwhile_is_offered_again(office: Office) -> None:
    office.draft  # noqa: B018
    client, url = office.client(), office.url("target-draft-entry", "creneaux", "irm")
    mine = filled(soup(client.get(url)), STEP_FORM)
    mine["label"] = "IRM du matin"
    client.post(url, {"revision": 1, "remove": "1"})
    response = client.post(url, mine)
    assert response.status_code == 409
    again = filled(soup(response), STEP_FORM)
    assert client.post(office.url("target-draft-entry-add", "creneaux"), again).status_code == 302
    assert TargetDraft.objects.get().content.slot_types[-1].label == "IRM du matin"


def test_the_file_of_a_draft_loads_back(office: Office) -> None:
    office.draft  # noqa: B018
    client = office.client()
    text = client.get(office.url("target-draft-file")).content.decode()
    assert parse_target(text) == office.draft.content
    changed = with_objective(office.draft.content, "rcp", "5 days")
    file = SimpleUploadedFile("p.yaml", dump(changed).encode())
    assert client.post(office.url("target-draft-load"), {"revision": 1, "file": file}).status_code == 302
    assert TargetDraft.objects.get().content == changed


def test_a_bad_file_is_refused_whole_with_its_lines(office: Office) -> None:
    text = dump(office.draft.content).replace("objective: 7 days", "objective: sept jours", 1) + "nouveau: oui\n"
    with pytest.raises(TargetError) as refused:
        parse_target(text)
    response = office.client().post(office.url("target-draft-load"), {"revision": 1, "pasted": text})
    assert response.status_code == 422
    said = words(response)
    for line, message in refused.value.faults:
        assert f"Ligne {line} : " in said
        assert message.split("«")[0].strip() in said
    assert len(refused.value.faults) == 2
    assert value_of(response, "pasted").strip() == text.strip()
    assert TargetDraft.objects.get().content == office.draft.content


def test_readers_see_the_draft_and_write_nothing(office: Office) -> None:
    office.draft  # noqa: B018
    client = office.client(office.coordinator)
    page = soup(client.get(office.url("target-draft")))
    assert not page.select("main button[name], main a[href*='brouillon/etapes']")
    assert client.post(office.url("target-draft-order"), {"revision": 1, "remove": "rcp"}).status_code == 403
    head = office.client(office.head)
    assert head.post(office.url("target-draft-order"), {"revision": 1, "down": "rcp"}).status_code == 302
    assert TargetDraft.objects.get().revision == 2
