"""Reads a target pathway from located data, collecting every fault of form instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple, TypeVar

from pathways.rules.definition import (
    Anchor,
    Choice,
    Contact,
    MailTemplate,
    Match,
    Objective,
    Partner,
    Repeat,
    SlotType,
    Stay,
    StepDef,
    Target,
)
from pathways.rules.durations import Duration
from pathways.rules.levels import Alerts, Level, goes_down
from pathways.rules.located import Items, Located, Mapping, Scalar
from pathways.rules.milestones import MilestoneKind
from pathways.rules.section import Fault, Section, word
from pathways.rules.vocabulary import Actor, EntryChannel, NoticeMode, Period, Phase, Pick, SlotMode

_Value = TypeVar("_Value")


class Reading(NamedTuple):
    """A target as far as it could be read, the faults met, and the sections to find lines in.

    `target` is only to be used when there is no fault; `checks` may look at it to find more faults.
    """

    target: Target
    faults: list[Fault]
    head: Section
    steps: list[Section]


def read_target(located: Located) -> Reading:
    """Reads a whole target."""
    faults: list[Fault] = []
    head = Section.of(located, Target, "le parcours", faults)
    head.require("key", "version", "name", "pathology", "steps")
    sections: list[Section] = []
    target = Target(
        key=head.slug("key"),
        version=head.whole("version"),
        name=head.short_text("name"),
        pathology=head.short_text("pathology"),
        site_label=head.short_text("site_label", Target.site_label),
        summary=head.text("summary"),
        entry_channels=_or(head.choices("entry_channels", EntryChannel), Target.entry_channels),
        contact=_contact(head),
        overall=_overall(head),
        warn_before=head.duration("warn_before"),
        alerts=_alerts(head),
        evaluation_after=head.duration("evaluation_after"),
        ends_on=_or(head.choices("ends_on", MilestoneKind), ()),
        documents=head.texts("documents"),
        choices=_each(head, "choices", _choice),
        partners=_each(head, "partners", _partner),
        stays=_each(head, "stays", _stay),
        mail_templates=_each(head, "mail_templates", _mail_template),
        slot_types=_each(head, "slot_types", _slot_type),
        steps=tuple(_step(each, sections, faults) for each in head.items("steps")),
    )
    return Reading(target, faults, head, sections)


def _contact(head: Section) -> Contact:
    if "contact" not in head.values:
        return Contact()
    section = Section.of(head.values["contact"], Contact, "le contact", head.faults)
    return Contact(**{each.name: section.short_text(each.name) for each in fields(Contact)})


def _overall(head: Section) -> Objective | None:
    if "overall" not in head.values:
        return None
    section = Section.of(head.values["overall"], Objective, "l’objectif d’ensemble", head.faults)
    section.require("label", "since", "until", "within", "source")
    within = section.duration("within")
    objective = Objective(
        label=section.short_text("label"),
        since=section.choice("since", MilestoneKind, MilestoneKind.REFERRAL_RECEIVED),
        until=section.choice("until", MilestoneKind, MilestoneKind.TREATMENT_STARTED),
        within=within or Duration.parse("0 days"),
        source=section.text("source"),
    )
    if section.broken:
        head.broken.add("overall")
    return objective


def _alerts(head: Section) -> Alerts:
    if "alerts" not in head.values:
        return Alerts()
    section = Section.of(head.values["alerts"], Alerts, "les alertes", head.faults)
    delays = {each.name: section.duration(each.name) for each in fields(Alerts) if each.name != "immediate"}
    immediate = _or(section.choices("immediate", Level), Alerts.immediate)
    alerts = Alerts(immediate=immediate, **{name: delay for name, delay in delays.items() if delay})
    for lower, higher in (("team_after", "head_after"), ("head_after", "harm_after")):
        if goes_down(getattr(alerts, lower), getattr(alerts, higher)) and not {lower, higher} & section.broken:
            section.fault(higher, f"« {higher} » ne peut pas précéder « {lower} » : une alerte monte.")
    return alerts


def _each(head: Section, key: str, read: Callable[[Located, list[Fault]], _Value | None]) -> tuple[_Value, ...]:
    """The entries of a list of mappings; those that cannot be named break the whole list."""
    found = [read(each, head.faults) for each in head.items(key)]
    if None in found:
        head.broken.add(key)
    return tuple(each for each in found if each is not None)


def _choice(located: Located, faults: list[Fault]) -> Choice | None:
    section = Section.of(located, Choice, _name("le choix", located), faults)
    section.require("key", "label")
    choice = Choice(key=section.slug("key"), label=section.short_text("label"))
    return None if "key" in section.broken else choice


def _partner(located: Located, faults: list[Fault]) -> Partner | None:
    section = Section.of(located, Partner, _name("le partenaire", located), faults)
    section.require("key", "label", "source")
    partner = Partner(
        key=section.slug("key"),
        label=section.short_text("label"),
        exams=section.slugs("exams"),
        convention=section.short_text("convention"),
        valid_from=section.day("valid_from"),
        valid_until=section.day("valid_until"),
        source=section.text("source"),
    )
    return None if section.broken & {"key", "exams"} else partner


def _stay(located: Located, faults: list[Fault]) -> Stay | None:
    section = Section.of(located, Stay, _name("le séjour", located), faults)
    section.require("key", "label", "source")
    stay = Stay(
        key=section.slug("key"),
        label=section.short_text("label"),
        documents=section.texts("documents"),
        source=section.text("source"),
    )
    return None if "key" in section.broken else stay


def _mail_template(located: Located, faults: list[Fault]) -> MailTemplate | None:
    section = Section.of(located, MailTemplate, _name("le modèle de courriel", located), faults)
    section.require("key", "label", "to", "subject", "text", "source")
    template = MailTemplate(
        key=section.slug("key"),
        label=section.short_text("label"),
        to=section.short_text("to"),
        subject=section.short_text("subject"),
        text=section.long_text("text"),
        source=section.text("source"),
        tells=section.slug("tells"),
        send=section.choice("send", NoticeMode, NoticeMode.AUTOMATIC),
    )
    return None if "key" in section.broken else template


def _slot_type(located: Located, faults: list[Fault]) -> SlotType | None:
    section = Section.of(located, SlotType, _name("le type de créneau", located), faults)
    section.require("key", "label", "source")
    slot = SlotType(
        key=section.slug("key"),
        label=section.short_text("label"),
        mode=section.choice("mode", SlotMode, SlotMode.DEDICATED),
        within=section.duration("within"),
        partner=section.slug("partner"),
        capacity=section.whole("capacity"),
        per_week=section.maybe_whole("per_week"),
        day=section.whole("day"),
        period=section.choice("period", Period, Period.DAY),
        release_before=section.duration("release_before"),
        source=section.text("source"),
    )
    return None if section.broken & {"key", "mode", "within", "partner"} else slot


def _step(located: Located, sections: list[Section], faults: list[Fault]) -> StepDef:
    section = Section.of(located, StepDef, _name("l’étape", located), faults)
    sections.append(section)
    section.require("key", "label", "phase", "actor", "done_by")
    return StepDef(
        key=section.slug("key"),
        label=section.short_text("label"),
        phase=section.choice("phase", Phase, Phase.REFERRAL),
        actor=section.choice("actor", Actor, Actor.COORDINATOR),
        done_by=_matches(section, "done_by"),
        anchor=_anchor(section),
        objective=section.duration("objective"),
        warn_before=section.duration("warn_before"),
        after_anchor=section.flag("after_anchor"),
        again=section.flag("again"),
        when=_matches(section, "when"),
        unless=_matches(section, "unless"),
        optional=section.flag("optional"),
        repeat=_repeat(section),
        exam_type=section.slug("exam_type"),
        partner=section.slug("partner"),
        stay=section.slug("stay"),
        checklist=section.texts("checklist"),
        documents=section.texts("documents"),
        mails=section.slugs("mails"),
        tells_gp=section.flag("tells_gp"),
        source=section.text("source"),
    )


def _matches(section: Section, key: str) -> tuple[Match, ...]:
    """Milestones to look for: a kind, or a kind with a detail, or a list of those."""
    found = []
    for located in section.items(key):
        if isinstance(located, Mapping):
            inner = Section.of(located, Match, f"« {key} » de {section.what}", section.faults)
            inner.require("milestone")
            found.append(Match(inner.choice("milestone", MilestoneKind, MilestoneKind.DEATH), inner.slug("detail")))
            section.broken.update({key} if inner.broken else ())
            continue
        try:
            found.append(Match(word(located, MilestoneKind)))
        except ValueError as error:
            section.fault(key, f"{error} ({section.what}, « {key} »)", located.line)
    if key in section.values and not section.items(key):
        section.fault(key, f"« {key} » est vide dans {section.what}.")
    return tuple(found)


def _anchor(section: Section) -> Anchor | None:
    """Where the delay starts: one anchor, or a list of those that must all have happened."""
    located = section.values.get("anchor")
    if located is None:
        return None
    if not isinstance(located, Items):
        return _one_anchor(section, located)
    if not located.values:
        section.fault("anchor", f"« anchor » est vide dans {section.what}.")
        return None
    parts = tuple(_one_anchor(section, each) for each in located.values)
    return parts[0] if len(parts) == 1 else Anchor(all_of=parts)


def _one_anchor(section: Section, located: Located) -> Anchor:
    """A milestone, else the key of a step; or a mapping that says which."""
    if isinstance(located, Scalar):
        said = section.text_of("anchor", located)
        return Anchor(milestone=MilestoneKind(said)) if said in set(MilestoneKind) else Anchor(step=said)
    inner = Section.of(located, Anchor, f"« anchor » de {section.what}", section.faults, hidden={"all_of"})
    if ("milestone" in inner.values) == ("step" in inner.values) and not inner.broken:
        inner.fault("step", f"L’ancre de {section.what} nomme soit un jalon (milestone), soit une étape (step).")
    anchor = Anchor(
        milestone=inner.choice("milestone", MilestoneKind, MilestoneKind.DEATH)
        if "milestone" in inner.values
        else None,
        detail=inner.slug("detail"),
        step=inner.slug("step"),
        pick=inner.choice("pick", Pick, Pick.FIRST),
    )
    section.broken.update({"anchor"} if inner.broken else ())
    return anchor


def _repeat(section: Section) -> Repeat | None:
    if "repeat" not in section.values:
        return None
    inner = Section.of(section.values["repeat"], Repeat, f"« repeat » de {section.what}", section.faults)
    inner.require("every")
    every, times = inner.duration("every"), inner.maybe_whole("times")
    return Repeat(every, times) if every else None


def _name(what: str, located: Located) -> str:
    """« l’étape « rcp » », or its line when it has no key."""
    if isinstance(located, Mapping):
        for entry in located.entries:
            if entry.key == "key" and isinstance(entry.value, Scalar) and entry.value.text:
                return f"{what} « {entry.value.text} »"
    return f"{what} de la ligne {located.line}"


def _or(value: tuple[_Value, ...] | None, default: tuple[_Value, ...]) -> tuple[_Value, ...]:
    return default if value is None else value
