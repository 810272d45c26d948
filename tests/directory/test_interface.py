"""Template tags, and what every template of the project must respect."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template, render_to_string

from directory.styleguide import SampleForm, sample_forms, sample_timeline
from directory.templatetags import jalon

TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
# Scripts that only carry data, read by allauth's own modules.
DATA_SCRIPT = re.compile(r'<script[^>]*type="application/json"[^>]*>')
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>")


def render(source: str, **context: Any) -> str:
    return Template("{% load jalon %}" + source).render(Context(context))


def ids(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_template_compiles_and_passes_the_strict_csp(path: Path) -> None:
    get_template(str(path.relative_to(Path(settings.BASE_DIR) / "templates")))
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=", text), "a style attribute is refused by the CSP"
    assert not re.search(r"\son[a-z]+=", text), "an event attribute is refused by the CSP"
    assert "hx-on" not in text
    assert not [tag for tag in INLINE_SCRIPT.findall(text) if not DATA_SCRIPT.fullmatch(tag)]
    for line in text.splitlines():
        assert line.count("{#") == line.count("#}"), "{# … #} holds on one line; use {% comment %}"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_template_names_only_known_icons_and_tones(path: Path) -> None:
    text = path.read_text("utf-8")
    named = set(re.findall(r'{%\s*icon "([^"]+)"', text)) | set(re.findall(r'\bicon="([^"{]+)"', text))
    assert named <= jalon.icon_names()
    assert set(re.findall(r'{%\s*pill "[^"]*" "([^"]+)"', text)) <= jalon.TONES.keys()
    assert set(re.findall(r"\bj-tone-([a-z]+)\b", text)) <= jalon.TONES.keys()


def test_every_icon_listed_is_in_the_package_built() -> None:
    sprite = Path(settings.BASE_DIR) / "static" / "vendor" / "icons.svg"
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text("utf-8"))) == jalon.icon_names()


def test_unknown_icon_stops_a_developer_and_spares_a_user(settings: LazySettings) -> None:
    settings.JALON_STRICT_TEMPLATES = True
    with pytest.raises(TemplateSyntaxError, match="unknown icon 'licorne'"):
        render('{% icon "licorne" %}')
    settings.JALON_STRICT_TEMPLATES = False
    assert render('{% icon "licorne" %}') == ""
    assert "j-tone-neutral" in render('{% pill "x" "mauve" %}')


def test_icon_is_hidden_unless_named() -> None:
    assert 'aria-hidden="true"' in render('{% icon "phone" %}')
    named = render('{% icon "phone" label=label class="icon-sm" %}', label='Tel "a"')
    assert 'role="img" aria-label="Tel &quot;a&quot;"' in named
    assert 'class="icon icon-sm"' in named


def test_pill_never_relies_on_colour_alone_and_escapes() -> None:
    html = render("{% pill text tone %}", text="<b>En retard</b>", tone="late")
    assert "&lt;b&gt;En retard&lt;/b&gt;" in html
    assert "#alert-triangle" in html


def test_margin_is_read_aloud() -> None:
    html = render("{% margin days %}", days=-3)
    assert "j-tone-late" in html
    assert '<span class="visually-hidden">3 jours de retard</span>' in html
    assert "pas d’échéance" in render("{% margin days %}", days=None)


def test_dates_are_machine_readable() -> None:
    assert '<time datetime="2026-11-23"' in render("{{ d|day }}", d=date(2026, 11, 23))
    assert render("{{ d|day }}{{ d|ago }}", d=None) == "–jamais"


def test_block_escapes_its_variables_once() -> None:
    html = render('{% card title=title icon="bell" %}{{ body }}{% endcard %}', title="A & B", body="<i>")
    assert "A &amp; B" in html
    assert "&lt;i&gt;" in html
    assert "&amp;lt;" not in html


def test_refused_form_leads_from_its_summary_to_each_field() -> None:
    html = str(sample_forms()["wrong_form"])
    for target in ("id_faux-birth_name", "id_faux-birth_date", "id_faux-urgency_0", "id_faux-consent"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html
    assert 'value="31/02/1955"' in html, "what was typed is kept"
    assert 'aria-describedby="id_faux-birth_date_helptext id_faux-birth_date_error"' in html
    for name in ("id_faux-birth_date_helptext", "id_faux-birth_date_error"):
        assert html.count(f'id="{name}"') == 1


def test_optional_or_required_is_said() -> None:
    assert str(SampleForm()).count("(facultatif)") == 3

    class Sparse(SampleForm):
        mark_required = True

    assert str(Sparse()).count("(obligatoire)") == 4


def test_timeline_draws_numbers_a_printer_understands() -> None:
    drawing = sample_timeline()
    screen = render_to_string("components/timeline_svg.html", {"t": drawing})
    paper = render_to_string("components/timeline_svg.html", {"t": drawing, "print": True})
    assert screen.count("<a href=") == len(drawing["rows"])
    assert "<a href=" not in paper
    assert not re.search(r'\s(x|y|x1|x2|width|height)="[^"]*,', screen), "a French decimal comma breaks the drawing"
    assert "Fait après l’objectif" in paper


def test_error_pages_need_neither_request_nor_database() -> None:
    for name in ("400", "403", "403_csrf", "404", "405", "500"):
        html = render_to_string(f"{name}.html")
        assert "<h1>" in html
        assert 'href="/"' in html
