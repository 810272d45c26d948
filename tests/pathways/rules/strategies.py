"""Random calendars, instants, pauses, target pathways and facts for the property tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from pathways.rules import Calendar, Duration, Fact, MilestoneKind, Pause, Unit, days_off
from pathways.rules.target import (
    Actor,
    Anchor,
    Choice,
    Contact,
    EntryChannel,
    MailTemplate,
    Match,
    Objective,
    Partner,
    Period,
    Phase,
    Pick,
    Repeat,
    SlotMode,
    SlotType,
    Stay,
    StepDef,
    Target,
    check,
)
from pathways.rules.vocabulary import NoticeMode
from tests.pathways.rules.slow import SlowClock, french_holidays

# Three weeks around each hour change, Easter, the bridges of May, the end of the year.
_SEASONS = [datetime(2026, 3, 16), datetime(2026, 4, 27), datetime(2026, 10, 12), datetime(2026, 12, 18)]


@st.composite
def instants(draw: Any, days: int = 21) -> datetime:
    """An instant on a quarter of an hour, in a season where something happens."""
    season = draw(st.sampled_from(_SEASONS)).replace(tzinfo=UTC)
    return season + timedelta(minutes=15 * draw(st.integers(0, days * 96)))


@st.composite
def calendars(draw: Any) -> Calendar:
    """Calendars with closing days, of either holiday zone, with a usual or unusual week."""
    return Calendar(
        holiday_zone=draw(st.sampled_from(["FR", "FR-57"])),
        closing_days=frozenset(draw(st.sets(st.dates(date(2026, 3, 16), date(2027, 1, 31)), max_size=6))),
        workday_start=draw(st.sampled_from([time(8), time(9, 30)])),
        workday_end=draw(st.sampled_from([time(17, 15), time(18)])),
        working_weekdays=draw(st.sampled_from([frozenset(range(5)), frozenset({0, 3, 5}), frozenset(range(7))])),
    )


def slow_clock(calendar: Calendar, pauses: list[Pause]) -> SlowClock:
    """The reference clock of a calendar."""
    alsace = calendar.holiday_zone == "FR-57"
    holidays = {day for year in (2026, 2027) for day in french_holidays(year, alsace=alsace)}
    return SlowClock(
        calendar.time_zone,
        calendar.working_weekdays,
        holidays | calendar.closing_days,
        (calendar.workday_start, calendar.workday_end),
        [(pause.start, pause.end) for pause in pauses],
    )


@st.composite
def pauses(draw: Any, *, may_stay_open: bool = True) -> Pause:
    """A pause from a quarter of an hour to another, or of whole days in Paris; now and then without end."""
    start = draw(instants())
    if draw(st.integers(0, 2)) == 0:
        return days_off(start.date(), start.date() + timedelta(days=draw(st.integers(0, 5))), Calendar())
    if may_stay_open and draw(st.integers(0, 5)) == 0:
        return Pause(start)
    return Pause(start, start + timedelta(minutes=15 * draw(st.integers(0, 6 * 96))))


def pause_lists(*, may_stay_open: bool = True) -> st.SearchStrategy[list[Pause]]:
    """Up to three pauses, in any order, overlapping or not."""
    return st.lists(pauses(may_stay_open=may_stay_open), max_size=3)


def day_units() -> st.SearchStrategy[Unit]:
    return st.sampled_from([Unit.CALENDAR_DAYS, Unit.WORKING_DAYS])


def hour_units() -> st.SearchStrategy[Unit]:
    return st.sampled_from([Unit.HOURS, Unit.WORKING_HOURS, Unit.OFFICE_HOURS])


def durations(*, largest: int = 20) -> st.SearchStrategy[Duration]:
    """Any duration of up to `largest` units (months stay few)."""
    short = st.builds(Duration, st.integers(0, largest), st.sampled_from([u for u in Unit if u is not Unit.MONTHS]))
    return short | st.builds(Duration, st.integers(0, 4), st.just(Unit.MONTHS))


# Target pathways

EXPECTED = [
    MilestoneKind.REFERRAL_COMPLETE,
    MilestoneKind.APPOINTMENT_OFFERED,
    MilestoneKind.FIRST_CARE,
    MilestoneKind.EXAM_DONE,
    MilestoneKind.BIOPSY_TAKEN,
    MilestoneKind.LAB_REQUESTED,
    MilestoneKind.LAB_FINAL,
    MilestoneKind.RCP_HELD,
    MilestoneKind.ANNOUNCEMENT,
    MilestoneKind.TREATMENT_STARTED,
]
EVENTS = [MilestoneKind.LAB_NONCONTRIBUTIVE, MilestoneKind.PALLIATIVE_ENTRY, MilestoneKind.IMAGING_UPSTREAM]
DETAILS = ["", "scanner", "irm"]
CHOSEN = ["", "chirurgie", "surveillance"]
SAID = {MilestoneKind.EXAM_DONE: DETAILS, MilestoneKind.ANNOUNCEMENT: CHOSEN}
"""What the detail of a milestone may tell: an exam, or what the patient chose."""
CONDITIONS = [*EVENTS, MilestoneKind.ANNOUNCEMENT]
"""Events, and a choice that branches."""
FIRST_DAY = datetime(2026, 3, 20, 9, tzinfo=UTC)
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split()) or "x"
)


@st.composite
def matches(draw: Any, kinds: list[MilestoneKind]) -> Match:
    kind = draw(st.sampled_from(kinds))
    return Match(kind, draw(st.sampled_from(SAID.get(kind, [""]))))


@st.composite
def steps(draw: Any, number: int, earlier: list[StepDef], *, may_repeat: bool) -> StepDef:
    """A step that waits for the entry, for an earlier step, or for its own condition."""
    when: list[Match] = draw(_some(matches(CONDITIONS)))
    every_other_day = Repeat(Duration(2, Unit.CALENDAR_DAYS), draw(st.sampled_from([None, 2])))
    return StepDef(
        key=f"step{number}",
        label="Étape",
        phase=Phase.EXAMS,
        actor=Actor.PLATFORM,
        done_by=(draw(matches(EXPECTED)), *draw(_some(matches(EVENTS)))),
        anchor=draw(_anchors(earlier, when)),
        objective=draw(st.none() | durations(largest=9)),
        after_anchor=draw(st.booleans()),
        again=draw(st.sampled_from([False, False, False, True])),
        when=tuple(when),
        unless=tuple(match for match in draw(_some(matches(CONDITIONS))) if match not in when),
        repeat=every_other_day if may_repeat and draw(st.integers(0, 3)) == 0 else None,
        source="[004 F1 l.318]",
    )


def _some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Now and then one, mostly none."""
    return st.sampled_from([False, False, True]).flatmap(
        lambda wanted: one.map(lambda x: [x]) if wanted else st.just([])
    )


@st.composite
def _anchors(draw: Any, earlier: list[StepDef], when: list[Match]) -> Anchor:
    """One anchor, or now and then two or three that must all have happened."""
    if not earlier or draw(st.integers(0, 2)):
        return draw(_single_anchors(earlier, when))
    parts = draw(st.lists(_single_anchors(earlier, when), min_size=2, max_size=3, unique=True))
    return Anchor(all_of=tuple(parts))


@st.composite
def _single_anchors(draw: Any, earlier: list[StepDef], when: list[Match]) -> Anchor:
    pick = draw(st.sampled_from(Pick))
    choices = ["entry"] + (["milestone", "step"] if earlier else []) + (["condition"] if when else [])
    match draw(st.sampled_from(choices)):
        case "step":
            return Anchor(step=draw(st.sampled_from(earlier)).key)
        case "milestone":
            given = draw(st.sampled_from(earlier)).done_by[0]
            return Anchor(given.milestone, given.detail, pick=pick)
        case "condition":
            return Anchor(when[0].milestone, when[0].detail, pick=pick)
        case _:
            return Anchor(MilestoneKind.REFERRAL_RECEIVED, pick=pick)


@st.composite
def targets(draw: Any, *, may_repeat: bool = False) -> Target:
    """A target that `check` accepts, of up to eight steps written in any order.

    A later step may expect the milestone an earlier one waits for: only such loops are thrown away.
    """
    made: list[StepDef] = []
    for number in range(draw(st.integers(1, 8))):
        made.append(draw(steps(number, made, may_repeat=may_repeat)))
    target = Target(
        key="sample",
        version=1,
        name="Essai",
        pathology="Essai",
        steps=tuple(draw(st.permutations(made))),
        warn_before=draw(st.none() | durations(largest=5)),
        ends_on=(MilestoneKind.NO_CANCER,) if draw(st.booleans()) else (),
        choices=tuple(Choice(each, each.capitalize()) for each in CHOSEN if each),
    )
    assume(not check(target))
    return target


@st.composite
def written_targets(draw: Any) -> Target:
    """A target whose every field may be filled, with texts that a file must quote."""
    target = draw(targets(may_repeat=True))
    dressed = [
        replace(
            step,
            label=draw(texts),
            phase=draw(st.sampled_from(Phase)),
            actor=draw(st.sampled_from(Actor)),
            optional=draw(st.booleans()),
            partner=draw(st.sampled_from(["", "voisin"])),
            stay=draw(st.sampled_from(["", "hdj"])),
            documents=tuple(draw(st.lists(texts, max_size=2))),
            mails=draw(st.sampled_from([(), ("prado",), ("prado", "cpts")])),
            warn_before=draw(st.none() | durations(largest=5)) if step.objective else None,
            exam_type=draw(st.sampled_from(DETAILS)),
            checklist=tuple(draw(st.lists(texts, max_size=2))),
            tells_gp=draw(st.booleans()),
            source=draw(texts),
        )
        for step in target.steps
    ]
    return replace(
        target,
        steps=tuple(dressed),
        version=draw(st.integers(1, 9)),
        name=draw(texts),
        pathology=draw(texts),
        summary=draw(st.just("") | texts),
        entry_channels=tuple(draw(st.lists(st.sampled_from(EntryChannel), min_size=1, max_size=3, unique=True))),
        contact=draw(st.builds(Contact, st.just("") | texts, st.just("") | st.just("01 00 00 00 00"))),
        overall=draw(st.none() | st.just(_overall())),
        evaluation_after=draw(st.none() | st.just(Duration(3, Unit.MONTHS))),
        documents=tuple(draw(st.lists(texts, max_size=2))),
        choices=(*target.choices, *draw(st.lists(st.builds(Choice, st.just("autre"), texts), max_size=1))),
        partners=(draw(_partners()),),
        stays=(Stay("hdj", draw(texts), tuple(draw(st.lists(texts, max_size=2))), draw(texts)),),
        mail_templates=tuple(
            MailTemplate(key, draw(texts), draw(texts), draw(texts), draw(_pages()), draw(texts))
            for key in ("prado", "cpts")
        )
        + tuple(draw(st.lists(_notices(draw(texts)), max_size=1))),
        slot_types=tuple(draw(st.lists(_slot_types(), max_size=3, unique_by=lambda slot: slot.key))),
    )


def _notices(words: str) -> st.SearchStrategy[MailTemplate]:
    """The letter to the GP about something, and how it leaves."""
    return st.builds(
        MailTemplate,
        *(st.just("lettre"), *[st.just(words)] * 5),
        tells=st.sampled_from([*[kind.value for kind in MilestoneKind], "appointments"]),
        send=st.sampled_from(NoticeMode),
    )


def _pages() -> st.SearchStrategy[str]:
    """Texts of several lines."""
    return st.lists(texts | st.just(""), max_size=3).map("\n".join).map(str.strip).map(lambda text: text or "x")


@st.composite
def _partners(draw: Any) -> Partner:
    since = draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    until = draw(st.none() | st.dates(date(2027, 1, 1), date(2028, 12, 31)))
    exams = draw(st.sampled_from([(), ("scanner", "irm")]))
    return Partner("voisin", draw(texts), exams, draw(st.just("") | texts), since, until, draw(texts))


def _slot_types() -> st.SearchStrategy[SlotType]:
    cited = {"source": "[004 F4 l.834]"}
    agreed = Duration(72, Unit.HOURS)
    return st.sampled_from(
        [
            SlotType("irm", "IRM", capacity=2, per_week=2, day=2, period=Period.MORNING, **cited),  # type: ignore[arg-type]
            SlotType("scanner", "Scanner", SlotMode.PRIORITY, agreed, **cited),  # type: ignore[arg-type]
            SlotType("irm", "IRM", SlotMode.PARTNER, partner="voisin", **cited),  # type: ignore[arg-type]
        ]
    )


def _overall() -> Objective:
    within = Duration(28, Unit.CALENDAR_DAYS)
    return Objective("Ensemble", MilestoneKind.FIRST_SYMPTOMS, MilestoneKind.REFERRAL_RECEIVED, within, "essai")


def facts() -> st.SearchStrategy[Fact]:
    """Any fact of the first twenty days."""
    return st.builds(
        lambda match, quarters: Fact(FIRST_DAY + timedelta(hours=6 * quarters), match.milestone, match.detail),
        matches([*EXPECTED, *EVENTS]),
        st.integers(0, 80),
    )


@st.composite
def histories(draw: Any) -> list[Fact]:
    """The facts of one patient: a referral, nearly always, then anything in any order, now and then the end."""
    found = draw(st.lists(facts(), max_size=10))
    if draw(st.integers(0, 9)):
        found.append(Fact(FIRST_DAY, MilestoneKind.REFERRAL_RECEIVED))
    if draw(st.integers(0, 9)) == 0:
        found.append(Fact(FIRST_DAY + timedelta(days=9), MilestoneKind.NO_CANCER))
    return found
