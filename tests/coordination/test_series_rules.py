"""What a change of a series does to its slots, against an independent reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.rules.series import Gap, Outcome, Setup, Standing, Verdict, monday_of, outcomes, wanted_by_week
from coordination.rules.slots import Pattern
from pathways.rules.calendar import Calendar

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 10, 7, 8, tzinfo=UTC)
"""A Wednesday, three weeks before the clocks change."""
FIRST, LAST = date(2026, 10, 7), date(2026, 12, 6)
CALENDAR = Calendar(closing_days=frozenset({date(2026, 10, 22), date(2026, 11, 16)}))
USUAL = Pattern(0, time(9), timedelta(minutes=30), timedelta(hours=48), date(2026, 9, 1))


def reference(pattern: Pattern, gaps: list[Gap]) -> dict[date, datetime]:
    """Day by day, on the wall clock, without the generator."""
    found, day = {}, FIRST
    while day <= LAST:
        valid = pattern.valid_from <= day <= (pattern.valid_until or LAST)
        off = day in CALENDAR.closing_days or CALENDAR.holiday_name(day) or any(g.first <= day <= g.last for g in gaps)
        if day.weekday() == pattern.weekday and valid and not off:
            found[day - timedelta(days=day.weekday())] = datetime.combine(day, pattern.starts_at, PARIS).astimezone(UTC)
        day += timedelta(days=1)
    return found


def done(standing: dict[date, Standing], found: list[Outcome], setup: Setup) -> dict[date, Standing]:
    """The slots once the verdicts are carried out."""
    after = dict(standing)
    for each in found:
        wanted = each.wanted
        if each.verdict is Verdict.CANCEL and each.slot:
            after[each.week] = replace(each.slot, status="cancelled")
        elif each.verdict in (Verdict.MAKE, Verdict.MOVE, Verdict.CHANGE, Verdict.REOPEN) and wanted:
            key = each.slot.key if each.slot else len(after) + 1000
            after[each.week] = Standing(
                key, each.week, wanted.starts_at, wanted.ends_at, wanted.release_at, "protected", 0, setup
            )  # fmt: skip
    return after


PATTERNS = st.builds(
    lambda weekday, hour, minutes, notice, last: Pattern(
        weekday, hour, timedelta(minutes=minutes), timedelta(hours=notice), USUAL.valid_from, last
    ),
    st.integers(0, 6), st.sampled_from([time(8), time(9), time(14, 30)]), st.sampled_from([30, 60]),
    st.sampled_from([24, 48, 120]), st.one_of(st.none(), st.dates(FIRST, LAST)),
)  # fmt: skip
GAPS = st.lists(
    st.builds(lambda day, span: Gap(day, day + timedelta(days=span), "x"), st.dates(FIRST, LAST), st.integers(0, 9)),
    max_size=3,
)
EDITS = st.lists(st.tuples(PATTERNS, GAPS, st.integers(1, 3), st.integers(0, 7), st.booleans()), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(EDITS)
def test_after_any_edits_the_free_slots_are_those_of_the_reference(
    edits: list[tuple[Pattern, list[Gap], int, int, bool]],
) -> None:
    standing: dict[date, Standing] = {}
    frozen: dict[date, Standing] = {}
    for pattern, gaps, places, taken, released in edits:
        setup = Setup(places)
        wanted = wanted_by_week(pattern, gaps, FIRST, LAST, CALENDAR)
        found = outcomes(wanted, standing.values(), NOW, setup=setup)
        assert len({each.week for each in found}) == len(found)
        after = done(standing, found, setup)
        for week, slot in frozen.items():
            assert after[week] == slot, "booked and released slots are untouched"
        expected = {
            week: at
            for week, at in reference(pattern, gaps).items()
            if week not in frozen and at - pattern.release_notice > NOW
        }
        free = {
            week: slot.starts_at
            for week, slot in after.items()
            if week not in frozen and slot.status == "protected" and slot.release_at > NOW
        }
        assert free == expected
        assert all(after[week].setup == setup for week in free)
        again = outcomes(wanted, after.values(), NOW, setup=setup)
        assert {each.verdict for each in again} <= {
            Verdict.KEEP, Verdict.UNTOUCHED, Verdict.PERSON, Verdict.FOLLOW,
        }  # fmt: skip
        weeks = sorted(free)
        if taken < len(weeks):
            week = weeks[taken]
            slot = replace(after[week], status="released") if released else replace(after[week], booked=1)
            after[week] = frozen[week] = slot
        standing = after


def slot_on(day: date, **more: object) -> Standing:
    starts_at = datetime.combine(day, time(9), PARIS).astimezone(UTC)
    values = {"status": "protected", "booked": 0, "setup": Setup()} | more
    return Standing(
        1, monday_of(day), starts_at, starts_at + timedelta(minutes=30), starts_at - timedelta(hours=48), **values
    )  # type: ignore[arg-type]  # fmt: skip


MONDAY = date(2026, 10, 19)


def verdict(slot: Standing, pattern: Pattern = USUAL, gaps: tuple[Gap, ...] = ()) -> Verdict:
    wanted = wanted_by_week(pattern, gaps, MONDAY, MONDAY + timedelta(days=6), CALENDAR)
    (found,) = outcomes(wanted, [slot], NOW)
    return found.verdict


OTHER = Setup(resource=7)
DOWN = (Gap(MONDAY, MONDAY, "Appareil en panne"),)


@pytest.mark.parametrize(
    ("slot", "gaps", "expected"),
    [
        (slot_on(MONDAY), (), Verdict.KEEP),
        (slot_on(MONDAY), DOWN, Verdict.CANCEL),
        (slot_on(MONDAY, booked=1), DOWN, Verdict.PERSON),
        (slot_on(MONDAY, booked=1, status="released"), DOWN, Verdict.PERSON),
        (slot_on(MONDAY, status="released"), DOWN, Verdict.UNTOUCHED),
        (slot_on(MONDAY, status="cancelled"), (), Verdict.REOPEN),
        (slot_on(MONDAY, status="cancelled"), DOWN, Verdict.UNTOUCHED),
        (slot_on(MONDAY, setup=OTHER), (), Verdict.CHANGE),
        (slot_on(MONDAY, setup=OTHER, booked=1), (), Verdict.FOLLOW),
        (slot_on(MONDAY, setup=Setup(3), booked=1), (), Verdict.FOLLOW),
        (slot_on(MONDAY, setup=Setup(3), booked=3), (), Verdict.KEEP),
        (slot_on(MONDAY, disturbed=True), DOWN, Verdict.CANCEL),
    ],
)
def test_verdicts(slot: Standing, gaps: tuple[Gap, ...], expected: Verdict) -> None:
    assert verdict(slot, gaps=gaps) is expected


@pytest.mark.parametrize(
    ("change", "booked", "expected"),
    [
        (lambda p: replace(p, starts_at=time(14)), 0, Verdict.MOVE),
        (lambda p: replace(p, weekday=4), 0, Verdict.MOVE),
        (lambda p: replace(p, starts_at=time(14)), 1, Verdict.PERSON),
        (lambda p: replace(p, duration=timedelta(minutes=45)), 1, Verdict.KEEP),
        (lambda p: replace(p, valid_until=MONDAY - timedelta(days=1)), 0, Verdict.CANCEL),
    ],
)
def test_verdicts_of_a_pattern(change: Callable[[Pattern], Pattern], booked: int, expected: Verdict) -> None:
    assert verdict(slot_on(MONDAY, booked=booked), change(USUAL)) is expected


def test_nine_o_clock_stays_nine_o_clock_when_a_series_moves_over_the_change_of_hour() -> None:
    wanted = wanted_by_week(replace(USUAL, weekday=3), [], date(2026, 10, 19), date(2026, 11, 1), CALENDAR)
    assert [each.starts_at for each in wanted.values()] == [datetime(2026, 10, 29, 8, tzinfo=UTC)], "the 22nd is closed"
    before = wanted_by_week(replace(USUAL, weekday=1), [], date(2026, 10, 19), date(2026, 11, 1), CALENDAR)
    assert [each.starts_at.hour for each in before.values()] == [7, 8]


def test_a_week_held_otherwise_follows_its_own_instant_and_the_other_gaps_still_apply() -> None:
    instant = datetime(2026, 10, 23, 12, tzinfo=UTC)
    moved = Gap(MONDAY, MONDAY, "Formation", moved_to=instant)
    (held,) = wanted_by_week(USUAL, [moved], MONDAY, MONDAY + timedelta(days=6), CALENDAR).values()
    assert (held.starts_at, held.ends_at - held.starts_at) == (instant, USUAL.duration)
    friday = Gap(date(2026, 10, 23), date(2026, 10, 23), "Panne")
    assert not wanted_by_week(USUAL, [moved, friday], MONDAY, MONDAY + timedelta(days=6), CALENDAR)


def test_a_week_is_not_moved_to_a_closed_day() -> None:
    closed = Gap(MONDAY, MONDAY, "Formation", moved_to=datetime(2026, 10, 22, 9, tzinfo=UTC))
    assert not wanted_by_week(USUAL, [closed], MONDAY, MONDAY + timedelta(days=6), CALENDAR)


@pytest.mark.parametrize("booked", [0, 1])
def test_what_has_begun_is_left_alone(booked: int) -> None:
    (found,) = outcomes({}, [slot_on(date(2026, 10, 5), booked=booked)], NOW)
    assert found.verdict is Verdict.UNTOUCHED


def follow(slot: Standing, setup: Setup, pattern: Pattern = USUAL, now: datetime = NOW) -> Outcome:
    wanted = wanted_by_week(pattern, (), MONDAY, MONDAY + timedelta(days=6), CALENDAR)
    (found,) = outcomes(wanted, [slot], now, setup=setup)
    return found


@pytest.mark.parametrize(
    ("setup", "told"),
    [
        (Setup(resource=7), False),
        (Setup(4), False),
        (Setup(room="Salle 4"), True),
        (Setup(people=frozenset({1})), True),
    ],
)
def test_patients_are_told_of_a_room_and_of_practitioners_not_of_a_machine(setup: Setup, told: bool) -> None:
    found = follow(slot_on(MONDAY, booked=1), setup)
    assert (found.verdict, found.to_tell) == (Verdict.FOLLOW, told)


def test_a_slot_with_patients_keeps_its_end_and_the_places_they_sit_in() -> None:
    slot = slot_on(MONDAY, booked=3, extra=1, setup=Setup(4))
    found = follow(slot, Setup(1), replace(USUAL, duration=timedelta(minutes=45), release_notice=timedelta(hours=24)))
    assert found.setup == Setup(2), "two of the three sit in its own places"
    assert found.wanted
    assert found.wanted.ends_at == slot.ends_at
    assert found.wanted.release_at == slot.starts_at - timedelta(hours=24), "the places left are given back as agreed"


def test_what_went_back_to_the_platform_keeps_its_places() -> None:
    slot = slot_on(MONDAY, booked=1, status="released", setup=Setup(3))
    assert follow(slot, Setup(1)).verdict is Verdict.KEEP
    assert follow(slot, Setup(1, room="Salle 4")).setup == Setup(3, room="Salle 4")


@pytest.mark.parametrize(
    ("pattern", "now", "expected"),
    [
        (replace(USUAL, starts_at=time(14)), NOW, Verdict.MOVE),
        (replace(USUAL, weekday=4), slot_on(MONDAY).release_at, Verdict.MOVE),
        (replace(USUAL, starts_at=time(8)), slot_on(MONDAY).release_at, Verdict.CANCEL),
        (USUAL, slot_on(MONDAY).release_at, Verdict.KEEP),
    ],
)
def test_a_slot_its_patients_have_left_is_never_due_at_a_wrong_hour(
    pattern: Pattern, now: datetime, expected: Verdict
) -> None:
    assert follow(slot_on(MONDAY, disturbed=True), Setup(), pattern, now).verdict is expected
    undisturbed = follow(slot_on(MONDAY), Setup(), pattern, now).verdict
    assert undisturbed is (expected if now == NOW else Verdict.UNTOUCHED)
