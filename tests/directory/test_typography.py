"""French dates, durations and spaces."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from time_machine import travel

from directory import typography

NB = typography.NBSP
NOW = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)  # 14:30 in Paris


def test_short_day_keeps_the_year_of_today_silent() -> None:
    assert typography.short_day(date(2026, 11, 23), date(2026, 1, 2)) == f"lun.{NB}23{NB}nov."
    assert typography.short_day(date(2027, 5, 1), date(2026, 1, 2)) == f"sam.{NB}1er{NB}mai{NB}2027"


def test_long_day_writes_the_first_of_the_month() -> None:
    assert typography.long_day(date(2026, 3, 1)) == f"dimanche 1er{NB}mars 2026"


def test_an_instant_is_shown_on_the_clock_of_the_zone() -> None:
    assert typography.hour(NOW) == f"14{NB}h{NB}30"
    assert typography.hour(NOW.replace(minute=0)) == f"14{NB}h"
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert typography.local_day(late) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOW, "à l’instant"),
        (NOW - timedelta(minutes=20), f"il y a 20{NB}min"),
        (NOW - timedelta(hours=3), f"il y a 3{NB}h"),
        (NOW + timedelta(hours=2), f"dans 2{NB}h"),
        (NOW - timedelta(hours=15), "hier"),
        (date(2026, 11, 24), "demain"),
        (date(2026, 11, 23), "aujourd’hui"),
        (NOW - timedelta(days=6), f"il y a 6{NB}j"),
        (NOW + timedelta(days=4), f"dans 4{NB}j"),
        (NOW - timedelta(days=91), f"il y a 3{NB}mois"),
        (NOW - timedelta(days=1100), f"il y a 3{NB}ans"),
    ],
)
def test_relative(value: date | datetime, expected: str) -> None:
    assert typography.relative(value, NOW) == expected


@pytest.mark.parametrize(
    ("days", "written", "spoken"),
    [
        (-3, f"\u22123{NB}j", "3 jours de retard"),
        (-1, f"\u22121{NB}j", "1 jour de retard"),
        (0, f"0{NB}j", "échéance aujourd’hui"),
        (9, f"+9{NB}j", "9 jours de marge"),
    ],
)
def test_margin_is_written_and_spoken(days: int, written: str, spoken: str) -> None:
    assert typography.signed_days(days) == written
    assert typography.spoken_margin(days) == spoken


def test_age_changes_on_the_birthday() -> None:
    birth = date(1955, 11, 23)
    assert typography.age(birth, date(2026, 11, 22)) == 70
    assert typography.age(birth, date(2026, 11, 23)) == 71
    assert typography.age(date(2024, 2, 29), date(2025, 2, 28)) == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Dr Marie Durand", "MD"), ("Jean-Luc d’Ormesson", "JO"), ("Vasseur", "V"), ("", "?"), ("42", "?")],
)
def test_initials(name: str, expected: str) -> None:
    assert typography.initials(name) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+33639980142", f"06{NB}39{NB}98{NB}01{NB}42"),
        ("0639980142", f"06{NB}39{NB}98{NB}01{NB}42"),
        ("06.39.98.01.42", f"06{NB}39{NB}98{NB}01{NB}42"),
        ("+262 262 12 34 56", "+262 262 12 34 56"),
        ("15", "15"),
    ],
)
def test_phone(number: str, expected: str) -> None:
    assert typography.phone(number) == expected


def test_spaces_touch_only_what_is_typed_with_a_space() -> None:
    assert typography.spaces("Vu : « oui » ! L'avis") == f"Vu{NB}: «{NB}oui{NB}»{NB}! L’avis"
    assert typography.spaces("à 14:30, https://exemple.invalid") == "à 14:30, https://exemple.invalid"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jusqu’au mar. 22 déc.", "jusqu’au mar. 22 déc."),
        ("jusqu’au sam. 1er mai", "jusqu’au sam. 1er mai."),
        ("Panne du tube.", "Panne du tube."),
        ("Panne du tube", "Panne du tube."),
        ("Pourquoi ?", "Pourquoi ?"),
        ("à suivre… ", "à suivre…"),
        ("« Panne. »", "« Panne. »"),
        ('<time datetime="2026-12-22">mar. 22 déc.</time>', '<time datetime="2026-12-22">mar. 22 déc.</time>'),
        ("", ""),
    ],
)
def test_a_sentence_ends_once(text: str, said: str) -> None:
    assert typography.sentence(text) == said


@travel(NOW)
def test_a_sentence_of_a_template_keeps_its_text_escaped() -> None:
    page = Template("{% load jalon %}{{ day|day|sentence }} {{ typed|typo|sentence }}")
    html = page.render(Context({"day": date(2026, 12, 22), "typed": "<b>Panne"}))
    assert "déc.</time> &lt;b&gt;Panne." in html


def test_no_template_puts_a_full_stop_after_a_short_date() -> None:
    """« mar. 22 déc. » ends a sentence by itself: `sentence` knows."""
    after = re.compile(r"\|day *\}\}(?:\{%[^%]*%\}|</[a-z]+>)*\.(?!\.)")
    pages = Path(settings.BASE_DIR, "templates").rglob("*.*")
    assert [page.name for page in pages if after.search(page.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "place libre"), (1, "place libre"), (1.5, "place libre"), (2, "places libres"), ([], "place libre"),
     ([1, 2], "places libres"), ("2", "places libres"), ("abc", "place libre"), (None, "place libre")],
)  # fmt: skip
def test_nothing_is_singular(value: object, said: str) -> None:
    template = Template("place{{ n|pluralize }} libre{{ n|pluralize }}")
    assert template.render(Context({"n": value})) == said
    assert Template('{{ n|pluralize:"al,aux" }}').render(Context({"n": 0})) == "al"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Adapté, à valider. Fumeur ou non [004 F5 l.1042]", "Adapté, à valider. Fumeur ou non"),
        ("[004 F4 l.907] ; restitution 48 h avant [004 F4 l.821]", "restitution 48 h avant"),
        ("Moyenne observée [004 F5 l.1046] [001 V-int l.716] ; en objectif", "Moyenne observée ; en objectif"),
        ("[004 F4 l.907]", ""),
        ("Comité [du 3 mars]", "Comité [du 3 mars]"),
    ],
)
def test_a_source_is_told_without_the_marks_of_its_author(written: str, shown: str) -> None:
    assert typography.without_marks(written) == shown
