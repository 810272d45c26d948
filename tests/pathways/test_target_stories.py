"""Stories of the experiment in the database: what is due, who is warned and when, by dates (a Monday of June)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from directory.models import Role
from pathways import services
from pathways.models import Alert, Milestone, Pathway, Step, TargetPathway
from pathways.papers.words import delay_words
from pathways.rules.target import EntryChannel
from tests.conftest import StrictClient
from tests.factories import PatientFactory, TargetFactory, TeamFactory, UserFactory, shipped_target

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    """`06-06 08:00` of 2026 in Paris."""
    day, clock = text.split()
    return datetime.combine(date.fromisoformat(f"2026-{day}"), time.fromisoformat(clock), PARIS)


@pytest.fixture(autouse=True)
def _december() -> Iterator[None]:
    """Long after the stories, so that any of their days may be recorded."""
    with time_machine.travel(at("12-01 10:00")):
        yield


def lived(key: str, *story: str) -> Pathway:
    """A pathway on a shipped target; each line of the story as `06-01 09:00 exam_done irm`."""
    target = TargetFactory(team=TeamFactory(), key=key)
    owner = UserFactory(role=Role.COORDINATOR, team=target.team)
    patient = PatientFactory(establishment=target.establishment)
    pathway = services.open_pathway(
        patient=patient, target=target, opened_at=at(" ".join(story[0].split()[:2])), owner=owner
    )
    record(pathway, *story)
    return pathway


def record(pathway: Pathway, *story: str) -> None:
    for line in story:
        day, clock, kind, *detail = line.split()
        services.record_milestone(
            pathway=pathway, kind=kind, detail=detail[0] if detail else "", occurred_at=at(f"{day} {clock}")
        )


def alerts(pathway: Pathway, key: str) -> list[str]:
    return list(
        Alert.objects.open().filter(pathway=pathway, step__key=key).order_by("kind").values_list("kind", flat=True)
    )


def test_s01_silence_of_the_laboratory_warns_is_late_then_turns_red() -> None:
    pathway = lived(
        "creca-h", "06-01 09:00 referral_received", "06-03 10:00 first_care", "06-04 10:00 biopsy_taken",
        "06-04 12:00 lab_requested", "06-04 14:00 sample_sent",
    )  # fmt: skip
    services.scan_delays(now=at("06-05 23:00"))
    assert alerts(pathway, "lab_news") == []
    services.scan_delays(now=at("06-06 08:00"))
    assert alerts(pathway, "lab_news") == ["warning"], "J+2"
    services.scan_delays(now=at("06-08 08:00"))
    assert alerts(pathway, "lab_news") == ["late"], "after J+3"
    assert "late" not in alerts(pathway, "lab_silence")
    services.scan_delays(now=at("06-15 08:00"))
    assert alerts(pathway, "lab_silence") == ["late"], "after ten days"

    record(pathway, "06-15 09:00 lab_noncontributive")
    assert alerts(pathway, "lab_news") == alerts(pathway, "lab_silence") == []
    step = Step.objects.get(pathway=pathway, key="new_sample")
    assert (step.state, step.exam_type) == ("open", "biopsie_echographie")
    assert step.due_at is not None and step.due_at.astimezone(PARIS).date() == date(2026, 6, 19)


def test_s06_the_fourth_day_after_the_request_is_warned_of_before_it_is_missed() -> None:
    pathway = lived(
        "instadiag-poumon", "06-01 09:00 referral_received", "06-02 09:00 first_care", "06-03 10:00 biopsy_taken",
        "06-05 17:30 lab_requested",
    )  # fmt: skip
    services.scan_delays(now=at("06-07 20:00"))
    assert alerts(pathway, "lab_intermediate") == []
    services.scan_delays(now=at("06-08 08:00"))
    assert alerts(pathway, "lab_intermediate") == ["warning"]
    services.scan_delays(now=at("06-10 08:00"))
    assert alerts(pathway, "lab_intermediate") == ["late"]
    record(pathway, "06-10 09:00 lab_intermediate")
    assert alerts(pathway, "lab_intermediate") == []


def test_s05_a_patient_without_next_step_is_told() -> None:
    pathway = lived("fast", "06-01 09:00 referral_received", "06-05 09:00 first_care")
    no_next = Alert.objects.open().filter(pathway=pathway, kind="no_next_step")
    assert not no_next.exists()
    record(pathway, "06-12 13:00 no_cancer")
    assert no_next.exists(), "nothing is expected any more, and nobody has closed the pathway"
    services.close_pathway(pathway=pathway, reason="no_cancer", author=None)
    assert not no_next.exists()


def test_a_pathway_by_phone_and_mail_is_closed_to_the_online_form() -> None:
    team = TeamFactory()
    assert TargetFactory(team=team, key="fast").is_open
    assert not TargetFactory(team=team, key="gliolink").is_open

    def publish(name: str, *channels: EntryChannel) -> bool:
        content = replace(shipped_target("gliolink"), name=name, entry_channels=channels)
        services.publish_target(content=content, establishment=team.establishment, team=team, reason="essai")
        return TargetPathway.objects.get(key="gliolink").is_open

    assert publish("Deux", EntryChannel.PHONE, EntryChannel.FORM)
    TargetPathway.objects.filter(key="gliolink").update(is_open=False)
    assert not publish("Trois", EntryChannel.FORM), "what the site decided stays"
    TargetPathway.objects.filter(key="gliolink").update(is_open=True)
    assert not publish("Quatre", EntryChannel.MAIL)


def test_the_choice_of_the_patient_is_asked_by_its_name_and_branches(client: StrictClient) -> None:
    pathway = lived("prostate", "06-01 09:00 referral_received", "06-25 13:00 rcp_held")
    client.force_login(pathway.owner)
    step = Step.objects.get(pathway=pathway, key="announcement")
    url = reverse("pathways:step-done", args=[pathway.uuid, step.uuid])
    page = client.get(url).content.decode()
    assert "Consultation d’annonce (Surveillance active)" in page and "Consultation d’annonce (Chirurgie)" in page
    answer = client.post(url, {"end": "3", "day": "29/06/2026", "hour": "10:00", "note": ""})
    assert answer.status_code in (302, 303), answer.content.decode()[:2000]
    assert Milestone.objects.get(pathway=pathway, kind="announcement").detail == "surveillance"
    states = dict(Step.objects.filter(pathway=pathway).values_list("key", "state"))
    assert (states["surveillance"], states["treatment"]) == ("open", "not_applicable")


def test_what_a_step_needs_is_shown_with_it(client: StrictClient) -> None:
    pathway = lived("creca-h", "06-01 09:00 referral_received", "06-03 10:00 first_care", "06-04 10:00 biopsy_taken")
    client.force_login(pathway.owner)
    page = client.get(reverse("pathways:detail", args=[pathway.uuid])).content.decode()
    assert "Établissement partenaire, TEP-scanner" in page
    assert "Demande d’examen à l’établissement partenaire" in page and "au titre de notre convention" in page
    assert "Bon d’anatomopathologie" in page
    assert "Accueil unique du prélèvement" in page
    assert "Biologie moléculaire rendue" in page and "Questionnaire" not in page, "nothing of the steps to come"


def test_a_paper_says_all_that_a_delay_runs_from() -> None:
    target = shipped_target("prostate")
    said = delay_words(target.step("biopsy"), target)
    assert said.replace("\N{NO-BREAK SPACE}", " ") == "10 jours après la première consultation et l’examen"
