"""The editor's forms and the language: what a page shows and sends back changes nothing, whatever the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django import forms
from django.http import QueryDict
from hypothesis import given, settings

from pathways.forms.target_parts import PARTS, HeadForm
from pathways.forms.target_step import StepForm
from pathways.rules.milestones import MilestoneKind
from pathways.rules.target import Match, Target, parse_target
from tests.pathways.rules.stories import TARGETS
from tests.pathways.rules.strategies import written_targets


def sent(form: forms.Form, **changed: str) -> QueryDict:
    """What a browser sends of a form as it is shown, line ends included, with some fields typed anew."""
    page = BeautifulSoup(str(form), "html.parser")
    data = QueryDict(mutable=True)
    for control in page.select("input, select, textarea"):
        name = str(control.get("name", ""))
        if control.has_attr("disabled") or not name:
            continue
        for value in _values(control):
            data.appendlist(name, value.replace("\n", "\r\n"))
    for name, value in changed.items():
        data[name] = value
    return data


def _values(control: Tag) -> Iterator[str]:
    if control.name == "textarea":
        yield control.get_text().removeprefix("\n")
    elif control.name == "select":
        chosen = control.select("option[selected]") or control.select("option")[:1]
        yield str(chosen[0].get("value", ""))
    elif control.get("type") == "checkbox":
        if control.has_attr("checked"):
            yield str(control.get("value", "on"))
    else:
        yield str(control.get("value", ""))


def check_nothing_lost(target: Target) -> None:
    head = HeadForm(sent(HeadForm(target=target)), target=target)
    assert head.is_valid(), head.errors
    assert head.target() == target
    for step in target.steps:
        form = StepForm(sent(StepForm(target=target, was=step)), target=target, was=step)
        assert form.is_valid(), form.errors
        assert form.step() == step
    for part in PARTS.values():
        for entry in getattr(target, part.field):
            shown = part.form(target=target, was=entry)
            entered = part.form(sent(shown), target=target, was=entry)
            assert entered.is_valid(), entered.errors
            assert entered.entry() == entry


@settings(max_examples=25)
@given(written_targets())
def test_a_form_sent_back_untouched_changes_nothing(target: Target) -> None:
    check_nothing_lost(target)


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_pathways_survive_their_forms(path: Path) -> None:
    check_nothing_lost(parse_target(path.read_text(encoding="utf-8")))


@pytest.fixture
def prostate() -> Target:
    return parse_target((TARGETS / "prostate.yaml").read_text(encoding="utf-8"))


def entered(target: Target, key: str, /, **changed: str) -> StepForm:
    was = target.step(key)
    return StepForm(sent(StepForm(target=target, was=was), **changed), target=target, was=was)


def test_only_what_is_typed_changes(prostate: Target) -> None:
    form = entered(prostate, "announcement", objective_0="5", objective_1="working_days")
    assert form.is_valid()
    assert form.changed_data == ["objective"]
    assert form.step().objective.label.replace("\N{NO-BREAK SPACE}", " ") == "5 jours ouvrés"  # type: ignore[union-attr]
    assert form.step().done_by == prostate.step("announcement").done_by


def test_rows_are_added_emptied_and_read_in_order(prostate: Target) -> None:
    form = entered(prostate, "biopsy", **{"anchor-0-0": "", "anchor-2-0": "m:lab_final", "anchor-2-2": "last"})
    assert form.is_valid()
    assert [(part.step, part.milestone) for part in form.step().anchors] == [
        ("mri", None),
        ("", MilestoneKind.LAB_FINAL),
    ]
    form = entered(prostate, "biopsy", **{"done_by-2-0": "exam_done", "done_by-2-1": "irm"})
    assert form.is_valid()
    assert form.step().done_by[-1] == Match(MilestoneKind.EXAM_DONE, "irm")


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"objective_0": "-3"}, "objective", "négatif"),
        ({"objective_0": "dix"}, "objective", "nombre entier"),
        ({"objective_0": "9999999"}, "objective", "dix ans"),
        ({"key": "Étape 1"}, "key", "n’est pas une clé"),
        ({"key": "mri"}, "key", "porte déjà ce code"),
        ({"label": ""}, "label", "obligatoire"),
        ({"done_by-0-1": "É !"}, "done_by", "n’est pas une clé"),
        ({"anchor-0-0": "m:inconnu"}, "anchor", "liste"),
        ({"when-0-0": "inconnu"}, "when", "liste"),
    ],
)
def test_a_wrong_field_is_told_beside_it(prostate: Target, changed: dict[str, str], field: str, words: str) -> None:
    form = entered(prostate, "surveillance_psa", **changed)
    assert not form.is_valid()
    assert words in " ".join(form.errors[field])


def test_a_step_needs_the_milestone_that_ends_it(prostate: Target) -> None:
    form = entered(prostate, "pps", **{"done_by-0-0": ""})
    assert not form.is_valid()
    assert "termine" in " ".join(form.errors["done_by"])


def test_an_overall_objective_says_its_delay_and_where_it_comes_from(prostate: Target) -> None:
    def head(**changed: Any) -> HeadForm:
        return HeadForm(sent(HeadForm(target=prostate), **changed), target=prostate)

    assert not head(overall_source="").is_valid()
    without = head(overall_label="")
    assert without.is_valid()
    assert without.target().overall is None
