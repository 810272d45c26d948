"""Tags and filters of the interface: icons, pills, French dates, form controls, blocks.

The catalogue with examples is docs/components.md; the style guide (/styleguide/) shows each one. Nothing here decides
anything: a template gives a tone or a number that a rule computed, and these tags draw it.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, Widget, widgets
from django.template.base import Node, Parser, TextNode, Token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from directory import typography

register = template.Library()
logger = logging.getLogger(__name__)

# Every tone has a default icon, so that colour is never the only sign.
TONES = {
    "late": "alert-triangle",
    "soon": "clock-exclamation",
    "ok": "circle-check",
    "info": "info-circle",
    "paused": "player-pause",
    "projected": "circle-dashed",
    "primary": "target-arrow",
    "neutral": "",
}


_NO_MARGIN = SafeString(
    '<span class="j-margin j-tone-neutral"><span aria-hidden="true">–</span>'
    '<span class="visually-hidden">pas d’échéance</span></span>'
)


@cache
def icon_names() -> frozenset[str]:
    """The names allowed in {% icon %}: those of static/icons.txt, « filled/x » being called « x-filled »."""
    lines = (Path(settings.BASE_DIR) / "static" / "icons.txt").read_text("utf-8").splitlines()
    names = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return frozenset(f"{name.removeprefix('filled/')}-filled" if name.startswith("filled/") else name for name in names)


@cache
def _sprite() -> str:
    return static("vendor/icons.svg")


def _known(name: str, known: frozenset[str] | dict[str, str], kind: str) -> bool:
    """True when `name` is known; an unknown name stops a developer or a test, and only logs in production."""
    if name in known:
        return True
    if getattr(settings, "JALON_STRICT_TEMPLATES", settings.DEBUG):
        raise template.TemplateSyntaxError(f"unknown {kind} {name!r}")
    logger.error("unknown %s %r in a template", kind, name)
    return False


def drawn_once(name: str) -> None:
    """Makes a simple tag whose arguments are all written in the template plain text, when the template is compiled:
    a page of fifty rows draws the same few icons hundreds of times."""
    compiled = register.tags[name]

    def tag(parser: Parser, token: Token) -> Node:
        node = compiled(parser, token)
        given = [*node.args, *node.kwargs.values()]
        if node.target_var or any(each.is_var or each.filters for each in given):
            return node
        return TextNode(node.render(template.Context()))

    register.tags[name] = tag


@register.simple_tag(name="icon")
def draw_icon(name: str, label: str = "", **attrs: str) -> SafeString:
    """{% icon "phone" %}, {% icon "phone" class="icon-lg" label="Téléphone" %}.

    Without `label` the icon is decoration, hidden from screen readers. `name` must be listed in static/icons.txt.
    """
    if not name or not _known(name, icon_names(), "icon"):
        return SafeString("")
    return _svg(name, label, attrs.get("class", ""))


@lru_cache(maxsize=1024)
def _svg(name: str, label: str, css: str) -> SafeString:
    said = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true" focusable="false"'
    return format_html(
        '<svg class="{}" width="20" height="20" {}><use href="{}#{}"/></svg>',
        f"icon {css}".strip(),
        SafeString(said),
        _sprite(),
        name,
    )


drawn_once("icon")


# --- pills ----------------------------------------------------------------------------------------------------------
@register.simple_tag
def pill(text: str, tone: str = "neutral", icon: str | None = None, title: str = "", **attrs: str) -> SafeString:
    """A status: text, tone and icon. {% pill "En retard" "late" %}; icon="" draws none."""
    if not _known(tone, TONES, "tone"):
        tone = "neutral"
    drawing = TONES[tone] if icon is None else icon
    return format_html(
        '<span class="j-pill j-tone-{} {}"{}>{}<span>{}</span></span>',
        tone,
        attrs.get("class", ""),
        format_html(' title="{}"', title) if title else "",
        draw_icon(drawing) if drawing else "",
        text,
    )


drawn_once("pill")


@register.simple_tag
def margin(days: int | None, tone: str = "", **attrs: str) -> SafeString:
    """Signed days before (+) or after (−) the due date, read aloud in full. None draws a dash.

    `tone` comes from the rule that computed the margin; without it only the sign speaks (negative is late).
    """
    if days is None:
        return _NO_MARGIN
    return _margin(days, tone or ("late" if days < 0 else "neutral"), attrs.get("class", ""))


@lru_cache(maxsize=1024)
def _margin(days: int, tone: str, css: str) -> SafeString:
    return format_html(
        '<span class="j-margin j-tone-{} {}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        tone,
        css,
        typography.signed_days(days),
        typography.spoken_margin(days),
    )


@register.simple_tag
def avatar(name: str, **attrs: str) -> SafeString:
    """Initials of a professional in a disc; the name itself must be written beside it."""
    return format_html(
        '<span class="j-avatar {}" aria-hidden="true">{}</span>', attrs.get("class", ""), typography.initials(str(name))
    )


@register.simple_tag
def kbd(*keys: str) -> SafeString:
    """Keyboard hint: {% kbd "/" %}, {% kbd "Ctrl" "K" %}."""
    return format_html(
        '<span class="j-keys">{}</span>', format_html_join("", "<kbd>{}</kbd>", ((key,) for key in keys))
    )


# --- dates and words ------------------------------------------------------------------------------------------------
def _time(value: date | datetime, text: str, title: str = "") -> SafeString:
    moment = timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
    return format_html(
        '<time datetime="{}"{}>{}</time>',
        moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else moment.isoformat(),
        format_html(' title="{}"', title) if title else "",
        text,
    )


@register.filter
def day(value: date | datetime | None) -> str:
    """« lun. 23 nov. » in a <time>; « – » for nothing."""
    if not value:
        return "–"
    return _time(value, typography.short_day(value, timezone.localdate()), typography.long_day(value))


@register.filter
def day_long(value: date | datetime | None) -> str:
    """« lundi 23 novembre 2026 » in a <time>; « – » for nothing."""
    return _time(value, typography.long_day(value)) if value else "–"


@register.filter
def day_num(value: date | datetime | None) -> str:
    """« 23/11/2026 » (dates of birth, documents); « – » for nothing."""
    return _time(value, f"{typography.local_day(value):%d/%m/%Y}") if value else "–"


@register.filter
def moment(value: datetime | None) -> str:
    """« lun. 23 nov. à 14 h 30 » in a <time>; « – » for nothing."""
    return _time(value, typography.moment(value, timezone.localdate())) if value else "–"


@register.filter
def hour(value: datetime | None) -> str:
    """« 14 h 30 » in a <time>; « – » for nothing."""
    return _time(value, typography.hour(value)) if value else "–"


@register.filter
def clock(value: time | None) -> str:
    """« 14 h 30 », the hour of a wall clock without its day; « – » for nothing."""
    return "–" if value is None else typography.hour(value)


@register.filter
def ago(value: date | datetime | None) -> str:
    """« il y a 6 j », « hier », « dans 4 j », the full date as a tooltip; « jamais » for nothing."""
    if not value:
        return "jamais"
    text = typography.relative(value, timezone.now())
    return _time(value, text, typography.long_day(value))


@register.filter
def age(birth: date | None) -> str:
    """« 71 ans »; nothing for nothing."""
    if not birth:
        return ""
    years = typography.age(birth, timezone.localdate())
    return f"{years}{typography.NBSP}an{'s' if years > 1 else ''}"


@register.filter
def signed_days(days: int | None) -> str:
    """« −3 j », « +9 j »."""
    return "–" if days is None else typography.signed_days(days)


@register.filter
def phone(number: str | None) -> str:
    """A link to call: « 06 12 34 56 78 »; « – » for nothing."""
    if not number:
        return "–"
    return format_html('<a href="tel:{}" class="text-nowrap">{}</a>', number.replace(" ", ""), typography.phone(number))


@register.filter
def phone_text(number: str | None) -> str:
    """« 06 12 34 56 78 » without link (letters, print)."""
    return typography.phone(number) if number else ""


@register.filter
def initials(name: str) -> str:
    """« MD » for « Marie Durand »."""
    return typography.initials(str(name))


@register.filter
def source(text: str) -> str:
    """Where a rule or a delay comes from, without the marks that only its author can follow."""
    return typography.spaces(typography.without_marks(str(text)))


@register.filter
def typo(text: str) -> str:
    """French spaces and apostrophes in a text that was typed by a user or comes from data."""
    return typography.spaces(str(text))


@register.filter
def sentence(text: Any) -> SafeString:
    """The end of a sentence: its full stop, unless it has one. {{ cover.ends_on|day|sentence }}"""
    return SafeString(typography.sentence(conditional_escape(text)))


# --- forms ----------------------------------------------------------------------------------------------------------
_BARE = (widgets.RadioSelect, widgets.CheckboxSelectMultiple, widgets.MultiWidget)


def control_class(widget: Widget) -> str:
    """The Tabler class of a widget; none for groups, whose options are dressed by their own template."""
    if isinstance(widget, _BARE) or widget.is_hidden:
        return ""
    if isinstance(widget, widgets.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, widgets.Select):
        return "form-select"
    return "form-control"


@register.simple_tag
def control(field: BoundField, **attrs: str) -> SafeString:
    """The widget of a form field with its look; attributes are added, `class` is appended."""
    widget = field.field.widget
    invalid = "is-invalid" if field.errors else ""
    given = (control_class(widget), widget.attrs.get("class", ""), attrs.pop("class", ""), invalid)
    css = " ".join(part for part in given if part)
    extra: dict[str, Any] = {name.replace("_", "-"): value for name, value in attrs.items()}
    return field.as_widget(attrs={**extra, "class": css} if css else extra)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """True for a single box, whose label comes after it."""
    return isinstance(field.field.widget, widgets.CheckboxInput)


@register.filter
def is_file(field: BoundField) -> bool:
    """True for a file input, drawn as a drop area."""
    return isinstance(field.field.widget, widgets.FileInput)


@register.filter
def focus_id(field: BoundField) -> str:
    """The id an error leads to: the control, or the first option of a group."""
    return field.id_for_label or f"{field.auto_id}_0"


# --- blocks: {% card title="Contacts" %} … {% endcard %} ------------------------------------------------------------
def _block(name: str, content: str, **context: Any) -> SafeString:
    # The content was rendered, hence escaped, by the template that wrote it.
    return SafeString(render_to_string(f"components/{name}.html", {"content": SafeString(content), **context}))


@register.simple_block_tag(end_name="endcard")
def card(content: str, title: str = "", icon: str = "", **options: Any) -> SafeString:
    """A titled section.

    Options: subtitle, id, tone, flush (no padding: tables, lists), level (h2), count, link, link_label, class.
    """
    return _block("card", content, title=title, icon=icon, **options)


@register.simple_block_tag(end_name="endcallout")
def callout(content: str, tone: str = "info", title: str = "", **options: Any) -> SafeString:
    """A note that must be read (tone info, soon, late, ok, paused). Options: icon, role (alert)."""
    _known(tone, TONES, "tone")
    options.setdefault("icon", TONES.get(tone, ""))
    return _block("callout", content, tone=tone, title=title, **options)


@register.simple_block_tag(end_name="enddialog")
def dialog(content: str, id: str, title: str, **options: Any) -> SafeString:
    """A modal window opened by a button or link carrying data-dialog="id". Options: size ("lg"), open."""
    return _block("dialog", content, id=id, title=title, **options)


@register.simple_block_tag(end_name="enddropdown")
def dropdown(content: str, label: str, **options: Any) -> SafeString:
    """A menu (works without JavaScript). Options: icon, class (of the button), align ("end"), hide_label."""
    return _block("dropdown", content, label=label, css=options.pop("class", "btn"), **options)


@register.simple_tag(takes_context=True)
def querystring_page(context: template.RequestContext, param: str, number: int) -> str:
    """The current query with `param` set to `number`, for a page that holds two lists."""
    query = context.request.GET.copy()
    query[param] = str(number)
    return f"?{query.urlencode()}"


# --- timeline picture: the light colours, as attributes, for paper; on screen the classes of data.css win -------------
_TIMELINE = {
    "done": ("ok", "#17643f", "#17643f"),
    "done_late": ("soon", "#9a5b00", "#9a5b00"),
    "late": ("late", "#fdebec", "#a71d2c"),
    "due": ("primary", "#e3f1f1", "#0b6670"),
    "projected": ("projected", "#eef3f5", "#4c5f69"),
    "paused": ("paused", "#f0edfa", "#5c4a94"),
    "skipped": ("neutral", "#ecf1f1", "#4a5a60"),
}


@register.filter
def tl_tone(state: str) -> str:
    """The tone of a timeline state."""
    return _TIMELINE[state][0]


@register.filter
def tl_fill(state: str) -> str:
    """The colour of a timeline bar."""
    return _TIMELINE[state][1]


@register.filter
def tl_stroke(state: str) -> str:
    """The colour of the outline and mark of a timeline bar."""
    return _TIMELINE[state][2]


@register.filter
def message_tone(level_tag: str) -> str:
    """The tone of a Django message: debug, info, success, warning, error."""
    return {"success": "ok", "warning": "soon", "error": "late"}.get(level_tag, "info")


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone."""
    return TONES.get(tone, "")


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """`mapping[key]`, or None: for tables whose columns are known at run time."""
    return mapping.get(key)


@register.simple_tag
def join_ids(*ids: str) -> str:
    """Space-separated ids for aria-describedby, empty ones left out."""
    return " ".join(str(conditional_escape(part)) for part in ids if part)
