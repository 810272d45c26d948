"""A sample split between laboratories, one of which cannot read it: what is said of the old sample once a new one is at
the laboratory (LAB-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import LabRequest, Task
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.laboratories import Lab, facts, state
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db

BOTH = {"histologie", "biologie_moleculaire"}


class Again:
    """Histology could not read the first sample on Wednesday; another one was taken and asked about on Thursday."""

    def __init__(self, key: str, exams: set[str]) -> None:
        self.lab = Lab(key)
        with time_machine.travel(MONDAY):
            self.old = self.lab.ask()
        self.pathway: Pathway = self.old.pathway
        with time_machine.travel(MONDAY + timedelta(days=2)):
            self.lab.say(self.lab.share(self.old, self.lab.histology), "noncontributive")
        with time_machine.travel(MONDAY + timedelta(days=3)):
            pathways.record_milestone(pathway=self.pathway, kind="biopsy_taken", occurred_at=timezone.now())
        with time_machine.travel(MONDAY + timedelta(days=3, hours=2)):
            asked = {"histologie": self.lab.histology, "biologie_moleculaire": self.lab.molecular}
            self.new = self.lab.ask(
                self.pathway,
                exams={exam: team for exam, team in asked.items() if exam in exams},
                taken_at=timezone.now() - timedelta(hours=2),
            )

    def say(self, kind: str, request: LabRequest | None = None) -> None:
        """The other laboratory, the next day, of the old sample unless said otherwise."""
        self.lab.say(self.lab.share(request or self.old, self.lab.molecular), kind)

    def tasks(self) -> list[str]:
        return list(Task.objects.open().filter(pathway=self.pathway).order_by("pk").values_list("title", flat=True))


@pytest.fixture
def friday() -> object:
    with time_machine.travel(MONDAY + timedelta(days=4)) as clock:
        yield clock


ASK_AGAIN = "Demander sur le nouveau prélèvement : Biologie moléculaire, illisible sur l’ancien"


def test_a_sample_is_asked_for_once_however_many_cannot_read_it() -> None:
    lab = Lab()
    asked = lab.ask()
    lab.say(lab.share(asked, lab.histology), "noncontributive")
    due = asked.pathway.steps.get(step_key="new_sample").due_at
    with time_machine.travel(MONDAY + timedelta(days=1)):
        act = lab.say(lab.share(asked, lab.molecular), "noncontributive")[0].act
    assert facts(asked.pathway, "lab_noncontributive") == [("lab_noncontributive", "")]
    assert asked.pathway.steps.get(step_key="new_sample").due_at == due
    assert Task.objects.open().filter(pathway=asked.pathway).count() == 1
    # The first was wrong: the second is the news now, and its task is made.
    first = lab.share(asked, lab.histology)
    said = first.exams.get().answers.get().act
    with time_machine.travel(MONDAY + timedelta(days=2)):
        services.correct_answer(share=first, act=said, reason="Autre lame", said_by="x", user=lab.pathologist)
    assert act != said
    assert facts(asked.pathway, "lab_noncontributive") == [("lab_noncontributive", "")]
    assert Task.objects.open().filter(pathway=asked.pathway, title__startswith="Nouveau prélèvement").count() == 1


@pytest.mark.usefixtures("friday")
def test_an_old_sample_that_cannot_be_read_asks_for_no_third(client: Client) -> None:
    again = Again("creca-h", BOTH)
    assert again.new.follows == again.old
    again.say("noncontributive")
    assert facts(again.pathway, "lab_noncontributive") == [("lab_noncontributive", "")]
    assert state(again.pathway, "new_sample") == "done"
    assert again.tasks() == []
    client.force_login(again.lab.nurse)
    page = text(client.get(url("lab-file", again.old)))
    assert "Un nouveau prélèvement remplace celui-ci" in page
    assert "Sur l’ancien prélèvement : sans effet sur le parcours" in page
    assert "Réserver un prélèvement" not in page
    # The new one cannot be read either: that is news.
    again.say("noncontributive", again.new)
    assert state(again.pathway, "new_sample") == "open"
    assert [title[:19] for title in again.tasks()] == ["Nouveau prélèvement"]


@pytest.mark.usefixtures("friday")
@pytest.mark.parametrize(
    ("key", "clocks"), [("creca-h", ("lab_news", "lab_silence")), ("instadiag-poumon", ("lab_intermediate",))]
)
@pytest.mark.parametrize("kind", ["intermediate", "noncontributive"])
def test_news_of_the_old_sample_ends_no_clock_of_the_new(key: str, clocks: tuple[str, ...], kind: str) -> None:
    again = Again(key, {"histologie"})
    assert {state(again.pathway, each) for each in clocks} == {"open"}
    again.say(kind)
    assert {state(again.pathway, each) for each in clocks} == {"open"}
    # Not asked about any more, the new sample leaves its place to the old one: what was said of it is a fact.
    before = len(facts(again.pathway, f"lab_{kind}"))
    services.cancel_lab_request(request=again.new, reason="Mauvais patient", user=again.lab.nurse)
    assert len(facts(again.pathway, f"lab_{kind}")) == before + (kind == "intermediate")
    assert not [each for each in again.tasks() if each.startswith("Nouveau")], "it was taken on Thursday"


@pytest.mark.usefixtures("friday")
def test_a_part_of_the_old_sample_is_no_news_of_the_new() -> None:
    """A final result of one exam of several is news before the end (LAB-06): not of another sample."""
    again = Again("instadiag-poumon", {"histologie"})
    again.say("final")
    assert state(again.pathway, "lab_intermediate") == "open"
    assert state(again.pathway, "lab_final") == "open"


@pytest.mark.usefixtures("friday")
def test_a_final_result_of_the_old_sample_is_a_result() -> None:
    again = Again("creca-h", BOTH)
    again.say("final")
    assert facts(again.pathway, "lab_final") == [("lab_final", "biologie_moleculaire")]
    assert state(again.pathway, "molecular") == "done"


@pytest.mark.usefixtures("friday")
def test_an_exam_left_out_of_the_new_sample_is_to_be_asked_there() -> None:
    again = Again("creca-h", {"histologie"})
    assert again.tasks() == []
    again.say("noncontributive")
    assert again.tasks() == [ASK_AGAIN]
    services.cancel_lab_request(request=again.new, reason="À refaire", user=again.lab.nurse)
    assert again.tasks() == []
    exams = {"histologie": again.lab.histology}
    new = again.lab.ask(again.pathway, exams=exams, taken_at=again.new.sample.taken_at)
    assert again.tasks() == [ASK_AGAIN], "left out again"
    exams = {"biologie_moleculaire": again.lab.molecular}
    again.lab.ask(again.pathway, exams=exams, taken_at=new.sample.taken_at)
    assert again.tasks() == []


@pytest.mark.usefixtures("friday")
def test_the_task_goes_when_the_old_sample_gives_a_result_after_all() -> None:
    again = Again("creca-h", {"histologie"})
    again.say("noncontributive")
    share = again.lab.share(again.old, again.lab.molecular)
    act = share.exams.get().answers.get().act
    services.correct_answer(share=share, act=act, reason="Recoupe lisible", said_by="x", user=again.lab.nurse)
    assert ASK_AGAIN not in again.tasks()
    again.say("final")
    assert state(again.pathway, "molecular") == "done"
