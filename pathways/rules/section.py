"""One mapping of a file, read field by field: what is wrong is noted with its line, and reading goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple, TypeVar

from pathways.rules.durations import Duration
from pathways.rules.located import Items, Located, Mapping, Scalar
from pathways.rules.milestones import MilestoneKind

_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST_LABEL = 120
_LONGEST_TEXT = 1_000
_LONGEST_MAIL = 4_000
_WHOLE = re.compile(r"[+-]?\d{1,9}")


class Fault(NamedTuple):
    """One fault of a file: its line (from 1; 0 when the data never was a file) and a French sentence."""

    line: int
    message: str


@dataclass
class Section:
    """One mapping being read: hands out its typed fields and notes the faults it meets.

    `what` names it in messages (« l’étape « rcp » »). A field at fault is in `broken`, so that no second
    fault is drawn from a value that could not be read.
    """

    faults: list[Fault]
    what: str
    line: int
    values: dict[str, Located] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, located: Located, shape: type, what: str, faults: list[Fault], hidden: Collection[str] = ()) -> Section:
        """Opens a mapping whose keys are the fields of `shape` but the `hidden` ones; unknown and repeated keys are
        faults."""
        section = cls(faults, what, located.line)
        if not isinstance(located, Mapping):
            faults.append(Fault(located.line, f"Des clés et des valeurs sont attendues pour {what}."))
            section.broken.update(each.name for each in fields(shape))
            return section
        known = [each.name for each in fields(shape) if each.name not in hidden]
        for entry in located.entries:
            if entry.key not in known:
                faults.append(Fault(entry.line, unknown(f"Clé inconnue dans {what}", entry.key, known)))
                # What was meant is then not missing, only misspelt.
                section.broken.update(get_close_matches(entry.key, known, n=1))
            elif entry.key in section.values:
                faults.append(Fault(entry.line, f"La clé « {entry.key} » est écrite deux fois dans {what}."))
            else:
                section.values[entry.key] = entry.value
                section.lines[entry.key] = entry.line
        return section

    def fault(self, key: str, message: str, line: int | None = None) -> None:
        """Notes a fault of one field."""
        self.broken.add(key)
        self.faults.append(Fault(self.line_of(key) if line is None else line, message))

    def line_of(self, key: str, item: int | None = None) -> int:
        """The line of a field (of one element of its list), or of the section when it is absent."""
        if item is not None and key in self.values:
            return self.items(key)[item].line
        return self.lines.get(key, self.line)

    def require(self, *keys: str) -> None:
        """Notes each absent key."""
        for key in keys:
            if key not in self.values and key not in self.broken:
                self.fault(key, f"La clé « {key} » manque dans {self.what}.")

    def text(self, key: str, default: str = "") -> str:
        """A single line of text."""
        return self._read(key, _text, default)

    def text_of(self, key: str, located: Located) -> str:
        """A single line of text, of one element of a field."""
        try:
            return _text(located)
        except ValueError as error:
            self.fault(key, f"{error} ({self.what}, « {key} »)", located.line)
            return ""

    def short_text(self, key: str, default: str = "") -> str:
        """A text that fits on a label."""
        return self._read(key, _short_text, default)

    def long_text(self, key: str) -> str:
        """A text of several lines."""
        return self._read(key, _long_text, "")

    def slug(self, key: str) -> str:
        """A key: lowercase letters, digits, hyphens."""
        return self._read(key, _slug, "")

    def flag(self, key: str) -> bool:
        """`true` or `false`; false when absent."""
        return self._read(key, _flag, False)

    def whole(self, key: str, default: int = 1) -> int:
        """A whole number of at least 1."""
        return self._read(key, _whole, default)

    def maybe_whole(self, key: str) -> int | None:
        """A whole number of at least 1, or None when absent."""
        return self._read(key, _whole, None)

    def day(self, key: str) -> date | None:
        """A day of the calendar, or None when absent."""
        return self._read(key, _day, None)

    def duration(self, key: str) -> Duration | None:
        """A delay, or None when absent."""
        return self._read(key, _duration, None)

    def choice(self, key: str, vocabulary: type[_Choice], default: _Choice) -> _Choice:
        """A word of a closed vocabulary."""
        return self._read(key, lambda located: word(located, vocabulary), default)

    def choices(self, key: str, vocabulary: type[_Choice]) -> tuple[_Choice, ...] | None:
        """Words of a closed vocabulary, or None when absent. A single one needs no list."""
        if key not in self.values:
            return None
        return tuple(self._each(key, lambda located: word(located, vocabulary)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Some lines of text."""
        return tuple(self._each(key, _text))

    def slugs(self, key: str) -> tuple[str, ...]:
        """Some keys."""
        return tuple(self._each(key, _slug))

    def items(self, key: str) -> list[Located]:
        """The elements of a list; a value that is no list counts as its only element."""
        located = self.values.get(key)
        if located is None:
            return []
        return located.values if isinstance(located, Items) else [located]

    def _each(self, key: str, read: Callable[[Located], _Value]) -> list[_Value]:
        found = []
        for located in self.items(key):
            try:
                found.append(read(located))
            except ValueError as error:
                self.fault(key, f"{error} ({self.what}, « {key} »)", located.line)
        return found

    def _read(self, key: str, read: Callable[[Located], _Value], default: _Default) -> _Value | _Default:
        if key not in self.values:
            return default
        try:
            return read(self.values[key])
        except ValueError as error:
            self.fault(key, f"{error} ({self.what}, « {key} »)")
            return default


# Single values: each raises ValueError with a French sentence.


def _text(located: Located, longest: int = _LONGEST_TEXT) -> str:
    match located:
        case Scalar(text=str() as text) if len(text) > longest:
            raise ValueError(f"Ce texte dépasse {longest} caractères.")
        case Scalar(text=str() as text) if text.strip():
            return text.strip()
        case Scalar():
            raise ValueError("La valeur est vide : ôtez la clé ou donnez-lui une valeur.")
        case _:
            raise ValueError("Un texte est attendu.")


def _long_text(located: Located) -> str:
    return _text(located, _LONGEST_MAIL)


def _short_text(located: Located) -> str:
    return _text(located, _LONGEST_LABEL)


def _slug(located: Located) -> str:
    return read_slug(_text(located))


def read_slug(text: str) -> str:
    """A key, typed. Raises ValueError with a French sentence."""
    if not _SLUG.fullmatch(text):
        raise ValueError(
            f"« {text} » n’est pas une clé : des minuscules sans accent, des chiffres, « - » et « _ » (40 au plus)."
        )
    return text


def _flag(located: Located) -> bool:
    text = _text(located)
    if text not in ("true", "false"):
        raise ValueError(f"« true » ou « false » est attendu, et non « {text} ».")
    return text == "true"


def _whole(located: Located) -> int:
    text = _text(located)
    if not _WHOLE.fullmatch(text) or int(text) < 1:
        raise ValueError(f"Un nombre entier d’au moins 1 est attendu, et non « {text} ».")
    return int(text)


def _day(located: Located) -> date:
    text = _text(located)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"Une date s’écrit 2026-01-31, et non « {text} ».") from None


def _duration(located: Located) -> Duration:
    return Duration.parse(_text(located))


def word(located: Located, vocabulary: type[_Choice]) -> _Choice:
    """One word of a closed vocabulary. Raises ValueError."""
    text = _text(located)
    try:
        return vocabulary(text)
    except ValueError:
        subject = "Jalon inconnu" if vocabulary is MilestoneKind else "Mot inconnu"
        raise ValueError(unknown(subject, text, [each.value for each in vocabulary])) from None


def unknown(subject: str, said: str, known: Collection[str]) -> str:
    """« Jalon inconnu : « rcp_helt ». Vouliez-vous écrire « rcp_held » ? »"""
    close = get_close_matches(said, known, n=1)
    hint = f"Vouliez-vous écrire « {close[0]} » ?" if close else f"Sont connus : {', '.join(known)}."
    return f"{subject} : « {said} ». {hint}"
