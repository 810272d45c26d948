"""Two versions compared: nothing that changes goes untold, and nothing is told that did not change."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pathways.rules.comparison import ChangeKind, compare, summary
from pathways.rules.durations import Duration
from pathways.rules.editing import moving_step, with_step, without_step
from pathways.rules.target import Choice, Target, parse_target
from tests.pathways.rules.stories import TARGETS
from tests.pathways.rules.strategies import written_targets


def prostate() -> Target:
    return parse_target((TARGETS / "prostate.yaml").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@settings(max_examples=60)
@given(written_targets(), written_targets())
def test_told_when_and_only_when_it_changed(old: Target, new: Target) -> None:
    assert compare(old, replace(old, version=old.version + 1)) == []
    assume(replace(new, version=old.version) != old)
    assert compare(old, new)


@settings(max_examples=60)
@given(written_targets(), st.data())
def test_any_one_field_of_a_step_is_told(target: Target, data: st.DataObject) -> None:
    """Each field taken alone from another step: the comparison names that step and no other."""
    one, two = (data.draw(st.sampled_from(target.steps)) for _ in range(2))
    name = data.draw(st.sampled_from([name for name in one.__dataclass_fields__ if name != "key"]))
    changed = replace(one, **{name: getattr(two, name)})
    told = compare(target, with_step(target, one.key, changed))
    assert [change.key for change in told] == ([one.key] if changed != one else [])
    assert all(len(change.details) >= 1 for change in told)


def test_an_objective_is_told_with_what_it_was() -> None:
    old = prostate()
    new = with_step(old, "rcp", replace(old.step("rcp"), objective=Duration.parse("5 working_days")))
    (change,) = compare(old, new)
    assert (change.kind, change.label) == (ChangeKind.CHANGED, "RCP d’urologie")
    assert [plain(line) for line in change.details] == ["Objectif : 5 jours ouvrés (avant : 10 jours)"]


def test_steps_added_removed_and_moved() -> None:
    old = prostate()
    new = moving_step(without_step(old, "second_view"), "pps", 1)
    assert [(change.kind, change.key) for change in compare(old, new)] == [
        (ChangeKind.REMOVED, "second_view"),
        (ChangeKind.ORDER, ""),
    ]
    (added,) = compare(without_step(old, "second_view"), old)
    assert added.kind is ChangeKind.ADDED
    assert plain(added.details[-1]) == "Objectif : 14 jours"


def test_the_lists_of_the_heading() -> None:
    old = prostate()
    new = replace(old, choices=(*old.choices[1:], Choice("hormone", "Hormones"), Choice("attente", "Attente")))
    new = replace(new, choices=tuple(each for each in new.choices if each.label != "Hormonothérapie"))
    (change,) = compare(old, new)
    assert "Choix, ajouté : Attente" in change.details
    assert "Choix, retiré : Chirurgie" in change.details
    assert "Choix, modifié : Hormones (nom : Hormones (avant : Hormonothérapie))" in change.details


def test_the_summary_counts() -> None:
    old = prostate()
    assert summary(compare(old, old)) == "aucun changement"
    assert summary(compare(old, without_step(old, "pps"))) == "1 étape retirée"
    changed = with_step(without_step(old, "pps"), "rcp", replace(old.step("rcp"), label="RCP"))
    assert summary(compare(changed, old)) == "1 étape ajoutée, 1 modifiée"
