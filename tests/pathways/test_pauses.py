"""Pauses: reasons as data, overlapping, to come, ended early, cancelled; the raw wait beside the adjusted one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import DelayCode, Pathway, Pause, PauseCode, PauseExclusion, Step
from pathways.papers.facts import collect
from pathways.papers.pps import pps_context
from pathways.rules.clock import days_off, waits
from pathways.services import calendar_of
from pathways.services.codes import DELAYS, PAUSES, install_codes
from pathways.views.sheet import sheet_rows
from tests.factories import EstablishmentFactory, PathwayFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db


def today() -> date:
    return timezone.localdate()


def pause(pathway: Pathway, starts: int, ends: int | None = None, kind: str = "medical") -> Pause:
    """Days counted from today."""
    day = today()
    return services.add_pause(
        pathway=pathway,
        kind=kind,
        starts_on=day + timedelta(days=starts),
        ends_on=None if ends is None else day + timedelta(days=ends),
        author=None,
    )


def dues(pathway: Pathway) -> dict[str, Any]:
    return dict(Step.objects.filter(pathway=pathway).values_list("key", "due_at"))


def raw(pathway: Pathway) -> dict[str, Any]:
    return dict(Step.objects.filter(pathway=pathway).values_list("key", "raw_due_at"))


# Codes


def test_the_codes_ship_once_and_an_administrator_s_words_stay() -> None:
    PauseCode.objects.filter(code="medical").update(label="Contre-indication", is_active=False)
    DelayCode.objects.filter(code="transport").delete()
    install_codes()
    assert PauseCode.objects.count() == len(PAUSES)
    assert DelayCode.objects.count() == len(DELAYS)
    kept = PauseCode.objects.get(code="medical")
    assert (kept.label, kept.is_active) == ("Contre-indication", False)


def test_the_kinds_of_before_are_those_that_ship() -> None:
    before = import_module("pathways.migrations.0006_pauses_causes_links").KINDS
    shipped = {row["code"]: (row["label"], row["family"], row.get("source")) for row in PAUSES}
    for code, label, family, _order, source in before:
        assert shipped[code][:2] == (label, family)
        assert source in (shipped[code][2], "Proposition Jalon, à valider par l’établissement")
    assert apps.get_model("pathways", "PauseCode") is PauseCode


def test_a_reason_its_establishment_does_not_admit_is_refused_and_not_proposed(scene: Scene) -> None:
    code = PauseCode.objects.get(code="medical")
    PauseExclusion.objects.create(code=code, establishment=EstablishmentFactory())
    assert code in services.pause_codes_for(pathway=scene.pathway, user=scene.coordinator)
    PauseExclusion.objects.create(code=code, establishment=scene.team.establishment)
    assert code not in services.pause_codes_for(pathway=scene.pathway, user=scene.physician)
    with pytest.raises(DomainError) as refused:
        pause(scene.pathway, 0)
    assert refused.value.field == "kind"
    page = soup(scene.client().get(reverse("pathways:pause-add", args=[scene.pathway.uuid])))
    assert not page.select("input[value=medical]")
    assert page.select("input[value=patient_choice]")


def test_a_retired_reason_is_refused_and_stays_on_the_pauses_that_have_it(scene: Scene) -> None:
    given = pause(scene.pathway, 0, 1)
    PauseCode.objects.filter(code="medical").update(is_active=False)
    with pytest.raises(DomainError):
        pause(scene.pathway, 3)
    assert Pause.objects.get(pk=given.pk).kind.label == "Raison médicale"


def test_a_reason_for_physicians_is_not_the_desk_s(scene: Scene) -> None:
    PauseCode.objects.filter(code="medical").update(open_to_desk=False)
    day = today()
    with pytest.raises(DomainError):
        services.add_pause(pathway=scene.pathway, kind="medical", starts_on=day, author=scene.coordinator)
    services.add_pause(pathway=scene.pathway, kind="medical", starts_on=day, author=scene.physician)
    url = reverse("pathways:pause-add", args=[scene.pathway.uuid])
    assert not soup(scene.client().get(url)).select("input[value=medical]")
    assert soup(scene.client(scene.physician).get(url)).select("input[value=medical]")


def test_a_reason_that_is_only_noted_moves_nothing() -> None:
    pathway = PathwayFactory(days_ago=2)
    before = dues(pathway)
    noted = pause(pathway, -1, 2, kind="organisation")
    assert not noted.stops_clock
    assert dues(pathway) == before


def test_changing_a_code_changes_no_pause_already_given() -> None:
    pathway = PathwayFactory(days_ago=2)
    pause(pathway, -1, 2)
    stopped = dues(pathway)
    PauseCode.objects.filter(code="medical").update(stops_clock=False)
    services.rebuild_plan(pathway=pathway)
    assert dues(pathway) == stopped


# Days


def test_overlapping_pauses_count_their_days_once() -> None:
    one, two = PathwayFactory(days_ago=2), PathwayFactory(days_ago=2)
    Pathway.objects.filter(pk=two.pk).update(opened_at=one.opened_at)
    first = two.milestones.get()
    services.correct_milestone(milestone=first, occurred_at=one.milestones.get().occurred_at, author=None)
    pause(one, -1, 6)
    for starts, ends in ((-1, 3), (0, 2), (2, 5), (4, 6), (6, 6)):
        pause(two, starts, ends)
    assert dues(one) == dues(two)
    assert dues(one) != raw(one)


def test_a_pause_to_come_moves_only_what_it_reaches() -> None:
    pathway = PathwayFactory(days_ago=0)
    before = dues(pathway)
    pause(pathway, 7, 20)
    after = dues(pathway)
    assert after["first_response"] == before["first_response"]
    assert after["treatment"] > before["treatment"]


def test_a_pause_ended_early_gives_its_days_back() -> None:
    ended, short = PathwayFactory(days_ago=2), PathwayFactory(days_ago=2)
    services.correct_milestone(
        milestone=short.milestones.get(), occurred_at=ended.milestones.get().occurred_at, author=None
    )
    long = pause(ended, -1, 9)
    pause(short, -1, 1)
    assert dues(ended) != dues(short)
    services.end_pause(pause=long, ends_on=today() + timedelta(days=1), author=None)
    assert dues(ended) == dues(short)
    with pytest.raises(DomainError) as refused:
        services.end_pause(pause=long, ends_on=today() - timedelta(days=5), author=None)
    assert refused.value.field == "ends_on"


def test_a_cancelled_pause_counts_no_more_and_says_why(scene: Scene) -> None:
    pathway = scene.pathway
    before = dues(pathway)
    given = pause(pathway, -2)
    assert dues(pathway) != before
    with pytest.raises(DomainError) as refused:
        services.cancel_pause(pause=given, author=scene.coordinator, reason=" ")
    assert refused.value.field == "reason"
    services.cancel_pause(pause=given, author=scene.coordinator, reason="Saisie sur un autre patient")
    services.cancel_pause(pause=given, author=scene.physician, reason="encore")
    assert dues(pathway) == before
    row = Pause.objects.get(pk=given.pk)
    assert (row.cancelled_by, row.cancel_reason) == (scene.coordinator, "Saisie sur un autre patient")
    with pytest.raises(DomainError):
        services.end_pause(pause=given, ends_on=today(), author=None)
    history = words(soup(scene.client().get(reverse("pathways:history", args=[pathway.uuid]))))
    assert "Décompte en pause : Raison médicale" in history
    assert "motif : Saisie sur un autre patient" in history


# Pages


def test_a_pause_is_cancelled_and_its_end_changed_from_the_page(scene: Scene) -> None:
    given = pause(scene.pathway, 1, 5)
    client = scene.client()
    page = soup(client.get(reverse("pathways:detail", args=[scene.pathway.uuid])))
    card = words(page.select_one("#pauses"))
    assert "Raison médicale à venir" in card
    assert "Changer la fin" in card
    end = reverse("pathways:pause-end", args=[scene.pathway.uuid, given.uuid])
    assert client.post(end, {"ends_on": (today() + timedelta(days=2)).isoformat()}).status_code == 302
    assert Pause.objects.get(pk=given.pk).ends_on == today() + timedelta(days=2)
    cancel = reverse("pathways:pause-cancel", args=[scene.pathway.uuid, given.uuid])
    assert client.post(cancel, {"reason": ""}).status_code == 422
    assert client.post(cancel, {"reason": "Erreur de patient"}).status_code == 302
    assert not Pause.objects.in_force().exists()


def test_both_waits_are_on_one_line_of_the_page_the_summary_and_the_list(scene: Scene) -> None:
    pathway = scene.pathway
    pause(pathway, -9, -6)
    pause(pathway, -7, -4)
    pause(pathway, -3, -2, kind="organisation")
    calendar = calendar_of(pathway.team.establishment)
    start, now = pathway.opened_at, timezone.now()
    stop = days_off(today() - timedelta(days=9), today() - timedelta(days=4), calendar)
    waited = waits(start, now, [stop], calendar)
    assert waited.raw_days == waited.adjusted_days + 6
    client = scene.client()
    page = soup(client.get(reverse("pathways:detail", args=[pathway.uuid])))
    wait = words(page.select_one("section[aria-labelledby=decompte]"))
    assert f"J{waited.adjusted_days}" in wait
    assert f"Attente vécue {waited.raw_days} j" in wait
    whole = words(page.select("section[aria-labelledby=temps-passe] tbody tr")[-1])
    assert f"{waited.raw_days} j vécus, {waited.adjusted_days} j comptés" in whole
    summary = words(soup(client.get(reverse("pathways:summary", args=[pathway.uuid]))))
    assert f"{waited.raw_days} jours vécus, {waited.adjusted_days} comptés hors pauses" in summary
    desk = words(soup(client.get(reverse("coordination:worklist"))))
    assert f"J+{waited.adjusted_days}" in desk
    assert f"J+{waited.raw_days} avec les pauses" in desk
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT kind FROM pathways_pause ORDER BY kind")
        assert [row[0] for row in cursor.fetchall()] == ["medical", "organisation"]


def test_the_pps_of_a_patient_whose_clock_is_stopped_without_end_is_made() -> None:
    """Two undated steps that run, one of which follows a stopped one: found by the ten thousand histories."""
    pathway = PathwayFactory(days_ago=9)
    facts = collect(sheet_rows(timezone.now()).get(pk=pathway.pk))
    first, second, *_ = [replace(step, state="open", due_at=None, raw_due_at=None) for step in facts.steps[-3:]]
    now = timezone.now()
    steps = (replace(first, anchor_at=None), replace(second, anchor_at=now))
    shown = pps_context(replace(facts, steps=steps), version=1, at=now, author="")
    assert shown["next"]["title"] == second.title
