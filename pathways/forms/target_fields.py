"""Fields of the target pathway editor: delays, lines of text, rows of milestones and of anchors.

Each reads and writes one value of `pathways.rules.definition`. A field that was not touched says so (`has_changed`),
and its value is then kept as it was, whatever the form could show of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from pathways.rules.durations import Duration, Unit
from pathways.rules.milestones import MilestoneKind
from pathways.rules.section import read_slug
from pathways.rules.target import Anchor, Match, Pick

UNITS = [
    (Unit.CALENDAR_DAYS.value, "jours"),
    (Unit.WORKING_DAYS.value, "jours ouvrés"),
    (Unit.WORKING_HOURS.value, "heures ouvrables"),
    (Unit.OFFICE_HOURS.value, "heures d’ouverture"),
    (Unit.HOURS.value, "heures"),
    (Unit.MONTHS.value, "mois"),
]
PICKS = [(Pick.FIRST.value, "la première fois"), (Pick.LAST.value, "la dernière fois")]
BLANK_ROWS = 1
Row = tuple[str, ...]


class DurationWidget(forms.MultiWidget):
    """A whole number and its unit."""

    template_name = "pathways/targets/widgets/duration.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        parts = [
            forms.NumberInput(
                attrs={"min": 0, "step": 1, "inputmode": "numeric", "class": "form-control", "aria-label": "Nombre"}
            ),
            forms.Select(choices=UNITS, attrs={"class": "form-select", "aria-label": "Unité"}),
        ]
        super().__init__(parts, attrs)

    def decompress(self, value: Duration | None) -> list[Any]:
        return [value.value, value.unit.value] if value else [None, Unit.CALENDAR_DAYS.value]


class DurationField(forms.Field):
    """A delay; None when its number is empty."""

    widget = DurationWidget

    def to_python(self, value: Any) -> Duration | None:
        number, unit = [*(value or []), "", ""][:2]
        if number in (None, ""):
            return None
        try:
            return Duration.parse(f"{int(number)} {unit}")
        except ValueError as error:
            text = "Écrivez un nombre entier." if "invalid literal" in str(error) else str(error)
            raise ValidationError(text) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class LinesField(forms.CharField):
    """Some lines of text, one per line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(value)

    def to_python(self, value: Any) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(line.strip() for line in _newlines(value).split("\n") if line.strip())

    def validate(self, value: Any) -> None:
        super().validate(value)
        if any(len(line) > 1000 for line in value):
            raise ValidationError("Une ligne dépasse 1000 caractères.")

    def run_validators(self, value: Any) -> None:
        """A tuple has no length in characters."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _newlines(self.prepare_value(initial)).strip() != _newlines(data).strip()


class ProseField(forms.CharField):
    """A text of several lines, whatever the browser ends them with."""

    def __init__(self, *, rows: int = 2, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        return _newlines(super().to_python(value) or "").strip()


class RowsWidget(forms.Widget):
    """Rows of the same small controls, always one more than are filled: works without a script."""

    template_name = "pathways/targets/widgets/rows.html"
    use_fieldset = True

    def __init__(self, columns: Sequence[forms.Widget], headings: Sequence[str]) -> None:
        super().__init__()
        self.columns, self.headings = columns, headings

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [*(value or [])]
        shown = [*filled, *[("",) * len(self.columns)] * BLANK_ROWS]
        base = (attrs or {}).get("id", f"id_{name}")
        context["rows"] = [
            [
                column.get_context(
                    f"{name}-{number}-{place}",
                    row[place],
                    {
                        "id": f"{base}_{number}_{place}" if number or place else f"{base}_0",
                        "aria-label": f"{self.headings[place]}, ligne {number + 1}",
                    },
                )["widget"]
                for place, column in enumerate(self.columns)
            ]
            for number, row in enumerate(shown)
        ]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        rows = []
        for number in range(_MOST_ROWS):
            names = [f"{name}-{number}-{place}" for place in range(len(self.columns))]
            if names[0] not in data:
                break
            rows.append(tuple(str(data.get(each, "")).strip() for each in names))
        return [row for row in rows if any(row[:1])]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-0-0" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


_MOST_ROWS = 40


class RowsField(forms.Field):
    """Rows read into one value by `read`, and shown from it by `show`."""

    def __init__(self, columns: Sequence[forms.Widget], headings: Sequence[str], **options: Any) -> None:
        super().__init__(widget=RowsWidget(columns, headings), **options)

    def show(self, value: Any) -> list[Row]:
        """The rows of a value."""
        raise NotImplementedError

    def read(self, rows: Sequence[Row]) -> Any:
        """The value of some rows. Raises ValidationError."""
        raise NotImplementedError

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else self.show(value)

    def to_python(self, value: Any) -> Any:
        return self.read(value or [])

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [*self.show(initial)] != [*(data or [])]


class MatchesField(RowsField):
    """Milestones, any of which does; a detail narrows one to an exam or a choice."""

    empty_values = [None, (), []]

    def __init__(self, **options: Any) -> None:
        kinds = [("", "Choisissez…"), *MilestoneKind.choices()]
        super().__init__(
            [forms.Select(choices=kinds, attrs={"class": "form-select"}), _detail_input()],
            ["Jalon", "Précision"],
            **options,
        )

    def show(self, value: Any) -> list[Row]:
        return [(match.milestone.value, match.detail) for match in value or ()]

    def read(self, rows: Sequence[Row]) -> tuple[Match, ...]:
        try:
            return tuple(Match(MilestoneKind(kind), slug(detail)) for kind, detail in rows)
        except ValueError as error:
            raise ValidationError("Choisissez un jalon de la liste.") from error


class AnchorField(RowsField):
    """What a step waits for: all of the rows, each a milestone or the end of another step."""

    def __init__(self, *, steps: Sequence[tuple[str, str]], **options: Any) -> None:
        kinds = [(f"m:{value}", label) for value, label in MilestoneKind.choices()]
        ends = [(f"s:{key}", label) for key, label in steps]
        choices = [("", "Choisissez…"), ("Jalons", kinds), ("Fin d’une étape", ends)]
        super().__init__(
            [
                forms.Select(choices=choices, attrs={"class": "form-select"}),
                _detail_input(),
                forms.Select(choices=PICKS, attrs={"class": "form-select"}),
            ],
            ["Jalon ou étape", "Précision", "Quelle fois"],
            **options,
        )

    def show(self, value: Any) -> list[Row]:
        return [
            (f"m:{part.milestone.value}" if part.milestone else f"s:{part.step}", part.detail, part.pick.value)
            for part in (value.parts if value else ())
        ]

    def read(self, rows: Sequence[Row]) -> Anchor | None:
        parts = tuple(_anchor(*row) for row in rows)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else Anchor(all_of=parts)


def _anchor(what: str, detail: str, pick: str) -> Anchor:
    kind, _, value = what.partition(":")
    times = Pick(pick) if pick in set(Pick) else Pick.FIRST
    if kind == "s":
        return Anchor(step=value, detail=slug(detail), pick=times)
    try:
        return Anchor(MilestoneKind(value), slug(detail), pick=times)
    except ValueError as error:
        raise ValidationError("Choisissez un jalon ou une étape de la liste.") from error


def slug(value: str) -> str:
    """A code as the language writes it. Raises ValidationError."""
    try:
        return read_slug(value) if value else ""
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _detail_input() -> forms.TextInput:
    return forms.TextInput(
        attrs={"class": "form-control", "list": "precisions", "autocomplete": "off", "maxlength": 40}
    )


def _newlines(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n").replace("\r", "\n")
