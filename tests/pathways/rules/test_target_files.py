"""Target pathways as files: what is read, what is refused and on which line, and the round trips."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from pathways.rules import Duration, MilestoneKind, TargetError, Unit, dump, from_dict, parse_target, to_dict
from pathways.rules.target import (
    Actor,
    Anchor,
    EntryChannel,
    Match,
    Partner,
    Phase,
    Pick,
    Repeat,
    SlotMode,
)

TARGETS = Path(__file__).parents[3] / "pathways" / "targets"
GOOD = dedent("""\
    key: essai
    version: 3
    name: Essai
    pathology: Suspicion
    warn_before: 1 working_day
    overall:
      label: Ensemble
      since: referral_received
      until: rcp_held
      within: 28 days
      source: "[004 F4 l.836]"
    ends_on: [no_cancer, death]
    documents: [Référentiel]
    choices:
      - {key: chirurgie, label: Chirurgie}
      - {key: surveillance, label: Surveillance active}
    partners:
      - {key: voisin, label: Voisin, exams: [irm], valid_from: 2026-01-01, valid_until: 2027-12-31, source: essai}
    stays:
      - {key: hdj, label: Hôpital de jour, documents: [Formulaire], source: essai}
    mail_templates:
      - key: demande
        label: Demande
        to: Plateau
        subject: Demande
        text: |-
          Bonjour,

          Merci.
        source: essai
      - {key: lettre, label: Lettre, to: Dr, subject: Jour, text: Vu, source: essai, tells: first_care, send: proposed}
    slot_types:
      - {key: irm, label: IRM, capacity: 2, source: "[004 F4 l.834]"}
      - {key: scanner, label: Scanner, mode: priority, within: 72 hours, source: essai}
      - {key: tep, label: TEP, mode: dedicated, per_week: 2, source: essai}
    steps:
      - key: referral
        label: Demande reçue
        phase: referral
        actor: coordinator
        done_by: referral_received
      - key: first_response
        label: Rendez-vous proposé
        phase: referral
        actor: coordinator
        anchor: referral_received
        done_by: [appointment_offered, first_care]
        objective: 48 working_hours
        source: "[004 F1 l.318]"
      - key: mri
        label: IRM
        phase: exams
        actor: platform
        anchor: first_response
        done_by: {milestone: exam_done, detail: irm}
        objective: 2 days
        exam_type: irm
        partner: voisin
        stay: hdj
        documents: [Demande signée]
        mails: [demande]
        unless: {milestone: imaging_upstream, detail: irm}
        source: essai
      - key: rcp
        label: RCP
        phase: rcp
        actor: rcp
        anchor: {milestone: exam_done, detail: irm, pick: last}
        done_by: rcp_held
        objective: 7 days
        source: essai
      - key: review
        label: Réévaluation
        phase: treatment
        actor: physician
        anchor: {step: rcp}
        done_by: followup_contact
        after_anchor: true
        objective: 3 months
        repeat: {every: 3 months, times: 4}
        optional: true
        tells_gp: true
        checklist: [Bilan, Courrier]
        source: essai
      - key: surgery
        label: Chirurgie
        phase: treatment
        actor: physician
        when: {milestone: rcp_held, detail: chirurgie}
        anchor:
          - mri
          - {milestone: rcp_held, detail: chirurgie}
        done_by: treatment_started
        again: true
        objective: 14 days
        source: essai
    """)


def refused(text: str) -> list[tuple[int, str]]:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def line_of(text: str, needle: str) -> int:
    """The line, from 1, of the first line that holds `needle`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)


def test_a_good_file_is_read_whole() -> None:
    target = parse_target(GOOD)
    assert (target.key, target.version, target.name) == ("essai", 3, "Essai")
    assert target.first_response == Duration(48, Unit.WORKING_HOURS)
    assert target.overall is not None and target.overall.within == Duration(28, Unit.CALENDAR_DAYS)
    assert target.ends_on == (MilestoneKind.NO_CANCER, MilestoneKind.DEATH)
    assert target.entry_channels == (EntryChannel.FORM,)
    referral, response, mri, rcp, review, surgery = target.steps
    assert referral.anchor is None
    assert response.done_by == (Match(MilestoneKind.APPOINTMENT_OFFERED), Match(MilestoneKind.FIRST_CARE))
    assert mri.anchor == Anchor(step="first_response")
    assert mri.done_by == (Match(MilestoneKind.EXAM_DONE, "irm"),)
    assert (mri.phase, mri.actor, mri.exam_type) == (Phase.EXAMS, Actor.PLATFORM, "irm")
    assert rcp.anchor == Anchor(MilestoneKind.EXAM_DONE, "irm", pick=Pick.LAST)
    assert review.repeat == Repeat(Duration(3, Unit.MONTHS), 4)
    assert review.optional and review.tells_gp and review.after_anchor
    assert review.checklist == ("Bilan", "Courrier")
    assert target.step("mri") is mri
    assert surgery.anchor == Anchor(all_of=(Anchor(step="mri"), Anchor(MilestoneKind.RCP_HELD, "chirurgie")))
    assert surgery.again and surgery.when == (Match(MilestoneKind.RCP_HELD, "chirurgie"),)
    assert (mri.partner, mri.stay, mri.documents, mri.mails) == ("voisin", "hdj", ("Demande signée",), ("demande",))
    assert target.partners == (
        Partner("voisin", "Voisin", ("irm",), "", date(2026, 1, 1), date(2027, 12, 31), "essai"),
    )
    told = target.notice("first_care")
    assert told
    assert (told.key, told.send, target.notice("death")) == ("lettre", "proposed", None)
    assert target.mail_templates[0].text == "Bonjour,\n\nMerci."
    assert [slot.mode for slot in target.slot_types] == [SlotMode.DEDICATED, SlotMode.PRIORITY, SlotMode.DEDICATED]
    assert target.slot_types[1].within == Duration(72, Unit.HOURS) and target.slot_types[2].per_week == 2
    assert target.details["surveillance"] == "Surveillance active"


# What is changed in the good file, what the message must say, and the words of the line it must point to.
FAULTS = {
    "unknown key": ("version: 3", "verison: 3", "Vouliez-vous écrire « version »", "verison: 3"),
    "unknown key of a step": ("exam_type: irm", "examtype: irm", "exam_type", "examtype"),
    "missing key": ("name: Essai\n", "", "« name » manque", "key: essai"),
    "missing key of a step": ("    label: RCP\n", "", "« label » manque dans l’étape « rcp »", "- key: rcp"),
    "key written twice": ("version: 3", "version: 3\nversion: 4", "deux fois", "version: 4"),
    "empty value": ("label: RCP", "label:", "vide", "label:\n"),
    "not a number": ("version: 3", "version: trois", "nombre entier", "version: trois"),
    "zero": ("version: 3", "version: 0", "au moins 1", "version: 0"),
    "not a key": ("key: essai", "key: Essai Général", "minuscules", "Essai Général"),
    "not true or false": ("optional: true", "optional: peut-être", "true", "peut-être"),
    "unknown milestone": ("done_by: rcp_held", "done_by: rcp_helt", "« rcp_held »", "rcp_helt"),
    "unknown milestone in a list": ("[no_cancer, death]", "[no_cancer, deaths]", "« death »", "deaths"),
    "unknown milestone in a mapping": (
        "milestone: imaging_upstream",
        "milestone: imagerie",
        "Jalon inconnu",
        "imagerie",
    ),
    "a notice of nothing": ("tells: first_care", "tells: first_car", "« first_care »", "key: lettre"),
    "a way to leave for nothing": ("tells: first_care, ", "", "« send » sans « tells »", "key: lettre"),
    "told twice": (
        "subject: Demande\n",
        "subject: Demande\n    tells: first_care\n",
        "annonce déjà",
        "key: lettre",
    ),
    "an unknown way to leave": ("send: proposed", "send: propose", "Mot inconnu", "key: lettre"),
    "no milestone": ("done_by: rcp_held", "done_by: []", "vide", "done_by: []"),
    "unknown actor": ("actor: rcp", "actor: staff", "Mot inconnu", "actor: staff"),
    "unknown phase": ("phase: exams", "phase: exam", "« exams »", "phase: exam"),
    "negative delay": ("objective: 7 days", "objective: -7 days", "négatif", "-7 days"),
    "unreadable delay": ("objective: 7 days", "objective: une semaine", "illisible", "une semaine"),
    "delay without unit": ("objective: 7 days", "objective: 7", "illisible", "objective: 7"),
    "endless delay": ("objective: 7 days", "objective: 7000 days", "dix ans", "7000 days"),
    "zero hours": ("objective: 48 working_hours", "objective: 0 hours", "retard dès son début", "0 hours"),
    "repeat without delay": ("every: 3 months", "every: 0 months", "sans délai", "objective: 3 months"),
    "no source": ('        source: "[004 F1 l.318]"\n'[4:], "", "source", "48 working_hours"),
    "missing anchor": ("    anchor: referral_received\n", "", "ancre manque", "- key: first_response"),
    "unknown step": ("anchor: first_response", "anchor: premiere_reponse", "ni un jalon", "premiere_reponse"),
    "anchor of two kinds": ("{step: rcp}", "{step: rcp, milestone: rcp_held}", "soit un jalon", "milestone: rcp_held}"),
    "anchor of no kind": ("{step: rcp}", "{pick: last}", "soit un jalon", "{pick: last}"),
    "unreachable": ("anchor: {step: rcp}", "anchor: lab_final", "inatteignable", "anchor: lab_final"),
    "unreachable detail": ("detail: irm, pick: last", "detail: tep, pick: last", "inatteignable", "detail: tep"),
    "waits for itself": ("anchor: first_response", "anchor: mri", "s’attendent", "anchor: mri"),
    "duplicate key": ("- key: rcp", "- key: mri", "Deux étapes", "- key: mri\n    label: RCP"),
    "duplicate slot type": (
        "slot_types:",
        "slot_types:\n  - {key: irm, label: B, source: s}",
        "Deux types",
        "- {key: irm, label: IRM, capacity",
    ),
    "warning without objective": ("objective: 7 days", "warn_before: 2 days", "qu’elle n’a pas", "- key: rcp"),
    "never applicable": (
        "optional: true",
        "unless: referral_received",
        "jamais applicable",
        "unless: referral_received",
    ),
    "overall out of reach": ("until: rcp_held", "until: lab_final", "Aucune étape", "overall:"),
    "duplicate choice": ("key: surveillance", "key: chirurgie", "Deux choix", "- {key: chirurgie, label: Surv"),
    "unknown choice": (
        "when: {milestone: rcp_held, detail: chirurgie}",
        "when: {milestone: rcp_held, detail: chirurgei}",
        "Vouliez-vous écrire « chirurgie »",
        "when: {milestone: rcp_held, detail: chirurgei}",
    ),
    "unknown choice in a condition": (
        "unless: {milestone: imaging_upstream, detail: irm}",
        "unless: [no_cancer, {milestone: imaging_upstream, detail: imr}]",
        "Vouliez-vous écrire « irm »",
        "unless: [no_cancer",
    ),
    "unknown choice in an anchor": (
        "- {milestone: rcp_held, detail: chirurgie}",
        "- {milestone: rcp_held, detail: radio}",
        "qu’aucun examen ni choix",
        "- {milestone: rcp_held, detail: radio}",
    ),
    "unknown partner": ("partner: voisin", "partner: voisine", "« voisin »", "partner: voisine"),
    "unknown stay": ("stay: hdj", "stay: hjd", "« hdj »", "stay: hjd"),
    "unknown mail": ("mails: [demande]", "mails: [demand]", "« demande »", "mails: [demand]"),
    "not in the convention": ("exams: [irm]", "exams: [tep]", "ne couvre pas « irm »", "partner: voisin"),
    "convention that ends before it starts": (
        "valid_until: 2027",
        "valid_until: 2025",
        "finit avant",
        "- {key: voisin",
    ),
    "not a day": ("valid_from: 2026-01-01", "valid_from: 1er janvier", "2026-01-31", "- {key: voisin"),
    "partner without source": (", valid_until: 2027-12-31, source: essai", "", "« source » manque", "- {key: voisin"),
    "stay without a key": ("{key: hdj, label", "{label", "« key » manque", "- {label: Hôpital"),
    "mail without a text": ("        subject: Demande\n"[4:], "", "« subject » manque", "- key: demande"),
    "priority without delay": (", within: 72 hours", "", "sans délai convenu", "- {key: scanner"),
    "delay without priority": ("mode: priority", "mode: dedicated", "sans être prioritaire", "- {key: scanner"),
    "partner slot of nobody": ("mode: dedicated", "mode: partner", "chez quel partenaire", "- {key: tep"),
    "partner of no partner slot": ("mode: dedicated", "partner: voisin", "sans être en mode", "- {key: tep"),
    "slot of an unknown partner": (
        "mode: dedicated",
        "mode: partner, partner: voisine",
        "Vouliez-vous écrire « voisin »",
        "- {key: tep",
    ),
    "slot outside the convention": (
        "mode: dedicated",
        "mode: partner, partner: voisin",
        "ne couvre pas « tep »",
        "- {key: tep",
    ),
    "unknown mode": ("mode: dedicated", "mode: dedicate", "« dedicated »", "- {key: tep"),
    "empty anchor": ("anchor: first_response", "anchor: []", "« anchor » est vide", "anchor: []"),
    "unknown step in a list": ("      - mri\n      - {mil", "      - mir\n      - {mil", "ni un jalon", "- mir"),
    "unreachable in a list": (
        "      - mri\n      - {mil",
        "      - lab_final\n      - {mil",
        "inatteignable",
        "- lab_final",
    ),
    "the same twice": ("      - mri\n", "      - mri\n      - mri\n", "deux fois", "- mri\n      - {mil"),
    "a list in a list": ("      - mri\n", "      - [mri, rcp]\n", "Des clés et des valeurs", "- [mri, rcp]"),
    "inner key of a list": ("      - mri\n", "      - {all_of: mri}\n", "Clé inconnue", "- {all_of: mri}"),
    "text expected": ("name: Essai", "name: [Essai]", "texte est attendu", "name: [Essai]"),
    "mapping expected": ("overall:\n", "overall: 28 days\nwas:\n", "Des clés et des valeurs", "overall: 28 days"),
    "long label": ("label: RCP", f"label: {'R' * 121}", "120 caractères", "RRRRR"),
    "empty steps": (GOOD[GOOD.index("steps:") :], "steps: []\n", "aucune étape", "steps: []"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_line(fault: str) -> None:
    old, new, message, place = FAULTS[fault]
    assert old in GOOD, "the good file has changed"
    text = GOOD.replace(old, new, 1)
    line = text[: text.index(place)].count("\n") + 1
    assert any(line == found and message in said for found, said in refused(text)), refused(text)


@pytest.mark.parametrize(
    "fault",
    [
        name
        for name in FAULTS
        if name not in ("duplicate key", "empty steps", "mapping expected", "inner key of a list")
    ],
)
def test_one_fault_draws_no_crowd(fault: str) -> None:
    """A fault is told once, not once more for each thing it leads to."""
    old, new, _, _ = FAULTS[fault]
    found = refused(GOOD.replace(old, new, 1))
    assert len(found) == 1, found


def test_every_fault_is_told_at_once_in_order() -> None:
    text = GOOD
    for old, new in [
        ("version: 3", "version: trois"),
        ("done_by: rcp_held", "done_by: rcp_helt"),
        ("objective: 2 days", "objective: -2 days"),
        ("anchor: {step: rcp}", "anchor: {step: rpc}"),
        ("tells_gp: true", "tells_gps: true"),
        ("    anchor: referral_received\n", ""),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    lines = [fault.line for fault in caught.value.faults]
    wanted = ["version: trois", "- key: first_response", "-2 days", "rcp_helt", "tells_gps"]
    assert lines == sorted(line_of(text, words) for words in wanted)
    assert str(caught.value).splitlines()[0].startswith("Ligne 2 : ")


def test_a_cycle_is_named_once_with_its_steps() -> None:
    text = GOOD.replace("anchor: first_response", "anchor: rcp", 1)
    [(line, message)] = refused(text)
    assert line == line_of(text, "anchor: rcp")
    assert "« mri » ← « rcp » ← « mri »" in message


def test_a_condition_makes_its_own_milestone_reachable() -> None:
    """A new sample after a sample that could not be read: nothing expects that milestone, yet it may come."""
    text = GOOD.replace("anchor: {step: rcp}", "anchor: lab_noncontributive\n    when: lab_noncontributive", 1)
    assert parse_target(text).step("review").waits_for_its_condition


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("key: a\n\tversion: 1\n", 2, "YAML"),
        ("key: a\nsteps: [\n", 3, "YAML"),
        ("key: a\nname: &n x\npathology: *n\n", 3, "renvois"),
        ("key: a\n--- \nkey: b\n", 2, "YAML"),
        ("", 1, "Des clés"),
        ("- a\n- b\n", 1, "Des clés"),
        ("[" * 5000, 1, ""),
        ("x" * 200_001, 1, "200000"),
        ("key: !!python/object/apply:os.system ['true']\n", 1, "texte est attendu"),
        ("? [a, b]\n: c\n", 1, "inconnue"),
    ],
)
def test_what_is_no_target_at_all(text: str, line: int, message: str) -> None:
    found = refused(text)
    assert any(line == at and message in said for at, said in found), found


def test_the_file_of_the_documentation_is_good() -> None:
    page = (Path(__file__).parents[3] / "docs" / "target-pathways.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert parse_target(example).first_response == Duration(48, Unit.WORKING_HOURS)


def test_words_of_yaml_1_1_stay_words() -> None:
    """`no`, `on`, `1:30` and `0o17` are words here, not booleans and numbers."""
    target = parse_target(GOOD.replace("name: Essai", "name: no").replace("pathology: Suspicion", "pathology: 1:30"))
    assert (target.name, target.pathology) == ("no", "1:30")


def test_a_step_named_like_a_milestone_stays_a_step() -> None:
    text = GOOD.replace("- key: rcp\n", "- key: first_care\n").replace("{step: rcp}", "{step: first_care}")
    target = parse_target(text)
    assert target.step("review").anchor == Anchor(step="first_care")
    assert parse_target(dump(target)) == target
    assert parse_target(text.replace("{step: first_care}", "rcp_held")).step("review").anchor == Anchor(
        MilestoneKind.RCP_HELD
    )


def test_data_without_lines_is_refused_too() -> None:
    data = to_dict(parse_target(GOOD))
    data["steps"][0]["done_by"] = ["rcp_helt"]
    with pytest.raises(TargetError) as caught:
        from_dict(data)
    assert [fault.line for fault in caught.value.faults] == [0]
    assert not str(caught.value).startswith("Ligne")
