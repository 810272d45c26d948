"""The timeline: nothing overlaps, nothing leaves the picture, and it says what the plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.rules import Calendar, Pause, StepState, days_off
from pathways.rules.axis import french_date, label_box
from pathways.rules.timeline import FIRST_ROW_Y, LABEL_SIZE, ROW_HEIGHT, SUBLABEL_SIZE, TODAY_HALF_BOX, Timeline, layout
from pathways.rules.typography import shorten, text_width

OPENED = datetime(2026, 6, 1, 8, tzinfo=UTC)
STATES = {"done", "done_late", "late", "due", "projected", "paused", "skipped"}


@dataclass(frozen=True)
class Shown:
    """A step as the layout sees it."""

    key: str = "irm"
    label: str = "IRM"
    state: str = StepState.OPEN
    anchor_at: datetime | None = OPENED
    due_at: datetime | None = None
    raw_due_at: datetime | None = None
    done_at: datetime | None = None
    skip_reason: str = ""
    optional: bool = False


def day(number: float) -> datetime:
    return OPENED + timedelta(days=number)


@st.composite
def drawn(draw: Any, span: int) -> Shown:
    moment = st.floats(-30, span).map(day)
    due = draw(st.none() | moment)
    state = draw(st.sampled_from(list(StepState)))
    return Shown(
        key=draw(st.text("abc", min_size=1, max_size=5)),
        label=draw(st.text(st.characters(codec="latin-1", categories=("L", "Zs")), min_size=1, max_size=90)),
        state=state,
        anchor_at=draw(st.none() | moment),
        due_at=due,
        raw_due_at=due if draw(st.booleans()) else draw(st.none() | moment),
        done_at=draw(moment) if state is StepState.DONE else None,
        skip_reason="Choix médical" if state is StepState.SKIPPED else "",
    )


@st.composite
def _pauses(draw: Any, span: int) -> tuple[Pause, str]:
    start = draw(st.floats(-5, span))
    length = draw(st.none() | st.floats(0, 30))
    return Pause(day(start), None if length is None else day(start + length)), "Choix du patient"


@st.composite
def timelines(draw: Any) -> tuple[list[Shown], Timeline]:
    """From 1 to 40 steps, from 3 days to 3 years, from a phone to a wall."""
    span = draw(st.sampled_from([3, 10, 28, 62, 180, 365, 1100]))
    shown = draw(st.lists(drawn(span), min_size=1, max_size=40))
    pauses = draw(st.lists(_pauses(span), max_size=3))
    today = day(draw(st.floats(0, span)))
    return shown, layout(shown, pauses, OPENED, today, draw(st.sampled_from([200, 390, 760, 1100, 1800])))


@settings(max_examples=120, deadline=None)
@given(timelines())
def test_nothing_overlaps_and_nothing_leaves_the_picture(drawing: tuple[list[Shown], Timeline]) -> None:
    shown, timeline = drawing
    assert len(timeline.rows) == sum(step.state != StepState.NOT_APPLICABLE for step in shown)
    assert timeline.width >= 360 and 0 < timeline.x0 < timeline.width / 2

    labels = [label_box(tick.x, tick.label) for tick in timeline.axis if tick.label]
    if timeline.today_x is not None:
        assert timeline.x0 <= timeline.today_x <= timeline.width - TODAY_HALF_BOX
    assert not any(one.touches(two) for one, two in combinations(labels, 2))
    assert all(box.left >= timeline.x0 and box.right <= timeline.width for box in labels)

    assert [row.y for row in timeline.rows] == [FIRST_ROW_Y + ROW_HEIGHT * n for n in range(len(timeline.rows))]
    for row in timeline.rows:
        assert row.state in STATES
        assert row.y + ROW_HEIGHT / 2 <= timeline.height
        assert text_width(row.label, LABEL_SIZE) <= timeline.x0 - 8
        assert text_width(row.sublabel, SUBLABEL_SIZE) <= timeline.x0 - 8
        for x in (row.target_x, row.done_x, row.bar_x, row.bar_x + row.bar_width):
            assert x is None or timeline.x0 <= x <= timeline.width - 8
        assert row.bar_width >= 0
        numbers = (row.y, row.target_x, row.bar_x, row.bar_width, row.done_x)
        assert all(number is None or type(number) is int for number in numbers), "a float prints with a comma"
    for band in timeline.pauses:
        assert band.width > 0 and timeline.x0 <= band.x and band.x + band.width <= timeline.width
        assert text_width(band.label, SUBLABEL_SIZE) <= band.width
    shades = [tick for tick in timeline.axis if tick.weekend]
    assert all(one.x + (one.weekend or 0) <= two.x for one, two in pairwise(shades))


@settings(max_examples=100, deadline=None)
@given(timelines())
def test_each_row_says_what_its_step_says(drawing: tuple[list[Shown], Timeline]) -> None:
    shown, timeline = drawing
    kept = [step for step in shown if step.state != StepState.NOT_APPLICABLE]
    for step, row in zip(kept, timeline.rows, strict=True):
        assert row.key == step.key and row.title.startswith(step.label)
        if step.done_at is not None:
            late = step.due_at is not None and step.done_at > step.due_at
            assert row.state == ("done_late" if late else "done")
        elif step.state == StepState.SKIPPED:
            assert row.state == "skipped"
        else:
            assert row.state in ("late", "due", "projected", "paused")
        assert (row.target_x is None) == (step.due_at is None and step.raw_due_at is None)


def one(step: Shown, today: datetime, **more: Any) -> Any:
    return layout([step], [], OPENED, today, 900, **more).rows[0]


def test_a_done_step() -> None:
    row = one(Shown(state=StepState.DONE, due_at=day(4), done_at=day(3)), day(6))
    assert (row.state, row.sublabel) == ("done", "fait le 4\N{NO-BREAK SPACE}juin")
    assert row.title == "IRM : fait le 4\N{NO-BREAK SPACE}juin 2026, objectif le 5\N{NO-BREAK SPACE}juin 2026"
    assert row.bar_x < row.done_x == row.bar_x + row.bar_width < row.target_x


def test_a_step_done_after_its_objective() -> None:
    row = one(Shown(state=StepState.DONE, due_at=day(3), done_at=day(5)), day(6))
    assert row.state == "done_late" and "après l’objectif" in row.sublabel
    assert row.target_x < row.done_x


def test_a_late_step_reaches_today() -> None:
    timeline = layout([Shown(due_at=day(3))], [], OPENED, day(6), 900)
    row = timeline.rows[0]
    assert row.state == "late" and row.sublabel == "en retard, objectif le 4\N{NO-BREAK SPACE}juin"
    assert row.done_x == timeline.today_x and row.target_x < row.done_x


def test_an_open_step_on_its_last_instant_is_not_late() -> None:
    assert one(Shown(due_at=day(3)), day(3)).state == "due"
    assert one(Shown(due_at=day(3)), day(3) + timedelta(microseconds=1)).state == "late"


def test_a_projected_step_stands_at_its_expected_day_even_when_that_has_passed() -> None:
    row = one(Shown(state=StepState.WAITING, anchor_at=day(1), due_at=day(3)), day(6))
    assert row.state == "projected" and row.done_x == row.target_x
    assert row.sublabel == "prévu pour le 4\N{NO-BREAK SPACE}juin"


def test_a_paused_step_keeps_its_former_objective() -> None:
    row = one(Shown(raw_due_at=day(3)), day(6))
    assert row.state == "paused" and row.target_x is not None and row.sublabel == "décompte en pause"


def test_a_skipped_step_has_no_bar() -> None:
    row = one(Shown(state=StepState.SKIPPED, skip_reason="Refus"), day(6))
    assert (row.state, row.bar_width, row.sublabel) == ("skipped", 0, "passée : Refus")


def test_a_step_without_date() -> None:
    assert one(Shown(), day(6)).sublabel == "sans objectif"
    assert one(Shown(state=StepState.WAITING, anchor_at=None), day(6)).sublabel == "date non connue"


def test_a_link() -> None:
    assert one(Shown(), day(6), links={"irm": "#etape-irm"}).href == "#etape-irm"
    assert one(Shown(), day(6)).href == ""


def test_today_is_left_out_of_a_pathway_of_the_past() -> None:
    past = [Shown(state=StepState.DONE, done_at=day(3))]
    assert layout(past, [], OPENED, day(400), 900).today_x is None
    assert layout(past, [], OPENED, day(2), 900).today_x is not None
    assert layout([*past, Shown()], [], OPENED, day(400), 900).today_x is not None


def test_what_came_before_the_opening_stands_at_the_left_edge() -> None:
    timeline = layout([Shown(state=StepState.DONE, done_at=day(-300)), Shown(due_at=day(5))], [], OPENED, day(2), 900)
    assert timeline.rows[0].done_x == timeline.x0 + 14
    assert "2025" in timeline.rows[0].title


def test_a_review_far_away_stands_at_the_right_edge_and_leaves_room_to_the_rest() -> None:
    review = Shown(state=StepState.WAITING, anchor_at=day(20), due_at=day(110))
    timeline = layout([Shown(due_at=day(20)), review], [], OPENED, day(4), 900)
    near, far = timeline.rows
    assert near.target_x is not None and far.target_x is not None
    assert near.target_x > timeline.width - 100
    assert far.target_x == far.done_x == timeline.width - 46
    assert "19\N{NO-BREAK SPACE}sept." in far.sublabel


def test_steps_expected_one_after_the_other_are_all_inside() -> None:
    expected = [Shown(state=StepState.WAITING, due_at=day(number)) for number in (7, 21, 40, 75)]
    rows = layout(expected, [], OPENED, day(0), 900).rows
    places = [row.target_x for row in rows]
    assert places == sorted(set(places))


def test_ten_days_are_written_day_by_day_with_their_weekend() -> None:
    timeline = layout([Shown(due_at=day(9))], [], OPENED, day(1), 1100)
    assert [tick.label for tick in timeline.axis if tick.weekend] == ["6\N{NO-BREAK SPACE}juin"]
    [weekend] = [tick for tick in timeline.axis if tick.weekend]
    monday = next(tick for tick in timeline.axis if tick.label == "8\N{NO-BREAK SPACE}juin")
    assert weekend.weekend == monday.x - weekend.x


def test_three_years_are_written_by_months() -> None:
    timeline = layout([Shown(due_at=day(1100))], [], OPENED, day(4), 1100)
    labels = [tick.label for tick in timeline.axis]
    assert "janv.\N{NO-BREAK SPACE}2028" in labels and not any(tick.weekend for tick in timeline.axis)


def test_a_pause_without_end_reaches_the_right_edge() -> None:
    timeline = layout([Shown(due_at=day(9))], [(Pause(day(3)), "Choix du patient")], OPENED, day(4), 1100)
    [band] = timeline.pauses
    assert band.label == "Choix du patient"
    assert band.title == "Choix du patient : depuis le 4\N{NO-BREAK SPACE}juin 2026, sans date de fin"
    assert band.x + band.width == timeline.width - 46


def test_a_short_pause_keeps_its_name_for_the_pointer() -> None:
    pause = (Pause(day(3), day(3.2)), "Choix du patient")
    [band] = layout([Shown(due_at=day(60))], [pause], OPENED, day(4), 760).pauses
    assert band.label == ""
    assert band.title == "Choix du patient : du 4\N{NO-BREAK SPACE}juin 2026 au 4\N{NO-BREAK SPACE}juin 2026"


def test_a_pause_of_whole_days_names_its_last_day() -> None:
    off = days_off(date(2026, 6, 3), date(2026, 6, 5), Calendar())
    [band] = layout([Shown(due_at=day(60))], [(off, "Vacances")], OPENED, day(4), 760).pauses
    assert band.title == "Vacances : du 3\N{NO-BREAK SPACE}juin 2026 au 5\N{NO-BREAK SPACE}juin 2026"


def test_pauses_outside_the_chart_are_left_out() -> None:
    outside = [(Pause(day(-9), day(-2)), "Avant"), (Pause(day(90), day(99)), "Après")]
    assert layout([Shown(due_at=day(9))], outside, OPENED, day(4), 900).pauses == ()


def test_no_step_at_all() -> None:
    timeline = layout([], [], OPENED, day(1), 900, Calendar(time_zone="Indian/Reunion", holiday_zone="FR-974"))
    assert timeline.rows == () and timeline.today_x is not None


def test_french_dates() -> None:
    assert french_date(date(2026, 5, 1)) == "1er\N{NO-BREAK SPACE}mai 2026"
    assert french_date(date(2026, 8, 12), near=date(2026, 1, 1)) == "12\N{NO-BREAK SPACE}août"
    assert french_date(date(2027, 8, 12), near=date(2026, 1, 1)) == "12\N{NO-BREAK SPACE}août 2027"


def test_long_labels_are_cut_and_short_ones_are_not() -> None:
    long = "Nouveau prélèvement après un prélèvement non contributif"
    cut = shorten(long, 150, 12.5)
    assert cut.endswith("…") and long.startswith(cut[:-1]) and len(cut) > 15
    assert shorten("IRM", 150, 12.5) == "IRM"


def test_on_a_phone_the_labels_stand_above_the_bars_and_the_whole_width_tells_time() -> None:
    long = Shown(label="Consultation pluridisciplinaire de l’oncologue et du radiologue", due_at=day(9))
    beside, above = (layout([long, Shown(due_at=day(3))], [], OPENED, day(6), 360, stacked=on) for on in (False, True))
    assert (beside.x0, above.x0) == (150, 0)
    assert above.rows[0].y - beside.rows[0].y == 22, "room for the first label"
    assert above.rows[0].bar_width > beside.rows[0].bar_width
    for row in above.rows:
        assert text_width(row.label, 12.5) + text_width(row.sublabel, 11) <= 360 - 3 * 8


def test_an_optional_step_is_never_drawn_late() -> None:
    overdue = Shown(state=StepState.OPEN, due_at=day(3))
    assert one(overdue, day(6)).state == "late"
    assert one(replace(overdue, optional=True), day(6)).state == "due"
