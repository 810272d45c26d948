"""Reads a target pathway from located data, collecting every fault of form instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple, TypeVar

from pathways.rules.definition import (
    Actor,
    Anchor,
    Contact,
    EntryChannel,
    Match,
    Objective,
    Period,
    Phase,
    Pick,
    Repeat,
    SlotType,
    StepDef,
    Target,
)
from pathways.rules.durations import Duration
from pathways.rules.located import Items, Located, Mapping, Scalar
from pathways.rules.milestones import MilestoneKind

_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST_LABEL = 120
_LONGEST_TEXT = 1_000
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
    def of(cls, located: Located, shape: type, what: str, faults: list[Fault]) -> Section:
        """Opens a mapping whose keys are the fields of `shape`; unknown and repeated keys are faults."""
        section = cls(faults, what, located.line)
        if not isinstance(located, Mapping):
            faults.append(Fault(located.line, f"Des clés et des valeurs sont attendues pour {what}."))
            section.broken.update(each.name for each in fields(shape))
            return section
        known = [each.name for each in fields(shape)]
        for entry in located.entries:
            if entry.key not in known:
                faults.append(Fault(entry.line, _unknown(f"Clé inconnue dans {what}", entry.key, known)))
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

    def line_of(self, key: str) -> int:
        """The line of a field, or of the section when it is absent."""
        return self.lines.get(key, self.line)

    def require(self, *keys: str) -> None:
        """Notes each absent key."""
        for key in keys:
            if key not in self.values and key not in self.broken:
                self.fault(key, f"La clé « {key} » manque dans {self.what}.")

    def text(self, key: str, default: str = "") -> str:
        """A single line of text."""
        return self._read(key, _text, default)

    def short_text(self, key: str, default: str = "") -> str:
        """A text that fits on a label."""
        return self._read(key, _short_text, default)

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

    def duration(self, key: str) -> Duration | None:
        """A delay, or None when absent."""
        return self._read(key, _duration, None)

    def choice(self, key: str, vocabulary: type[_Choice], default: _Choice) -> _Choice:
        """A word of a closed vocabulary."""
        return self._read(key, lambda located: _word(located, vocabulary), default)

    def choices(self, key: str, vocabulary: type[_Choice]) -> tuple[_Choice, ...] | None:
        """Words of a closed vocabulary, or None when absent. A single one needs no list."""
        if key not in self.values:
            return None
        return tuple(self._each(key, lambda located: _word(located, vocabulary)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Some lines of text."""
        return tuple(self._each(key, _text))

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
        evaluation_after=head.duration("evaluation_after"),
        ends_on=_or(head.choices("ends_on", MilestoneKind), ()),
        slot_types=tuple(_slot_type(each, faults) for each in head.items("slot_types")),
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


def _slot_type(located: Located, faults: list[Fault]) -> SlotType:
    section = Section.of(located, SlotType, _name("le type de créneau", located), faults)
    section.require("key", "label", "source")
    return SlotType(
        key=section.slug("key"),
        label=section.short_text("label"),
        capacity=section.whole("capacity"),
        day=section.whole("day"),
        period=section.choice("period", Period, Period.DAY),
        release_before=section.duration("release_before"),
        source=section.text("source"),
    )


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
        when=_matches(section, "when"),
        unless=_matches(section, "unless"),
        optional=section.flag("optional"),
        repeat=_repeat(section),
        exam_type=section.slug("exam_type"),
        checklist=section.texts("checklist"),
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
            found.append(Match(_word(located, MilestoneKind)))
        except ValueError as error:
            section.fault(key, f"{error} ({section.what}, « {key} »)", located.line)
    if key in section.values and not section.items(key):
        section.fault(key, f"« {key} » est vide dans {section.what}.")
    return tuple(found)


def _anchor(section: Section) -> Anchor | None:
    """Where the delay starts: a milestone, else the key of a step; or a mapping that says which."""
    located = section.values.get("anchor")
    if located is None:
        return None
    if isinstance(located, Scalar):
        word = section.text("anchor")
        if word in set(MilestoneKind):
            return Anchor(milestone=MilestoneKind(word))
        return Anchor(step=word)
    inner = Section.of(located, Anchor, f"« anchor » de {section.what}", section.faults)
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


# Single values: each raises ValueError with a French sentence.


def _text(located: Located) -> str:
    match located:
        case Scalar(text=str() as text) if len(text) > _LONGEST_TEXT:
            raise ValueError(f"Ce texte dépasse {_LONGEST_TEXT} caractères.")
        case Scalar(text=str() as text) if text.strip():
            return text.strip()
        case Scalar():
            raise ValueError("La valeur est vide : ôtez la clé ou donnez-lui une valeur.")
        case _:
            raise ValueError("Un texte est attendu.")


def _short_text(located: Located) -> str:
    text = _text(located)
    if len(text) > _LONGEST_LABEL:
        raise ValueError(f"Ce texte dépasse {_LONGEST_LABEL} caractères.")
    return text


def _slug(located: Located) -> str:
    text = _text(located)
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


def _duration(located: Located) -> Duration:
    return Duration.parse(_text(located))


def _word(located: Located, vocabulary: type[_Choice]) -> _Choice:
    text = _text(located)
    try:
        return vocabulary(text)
    except ValueError:
        subject = "Jalon inconnu" if vocabulary is MilestoneKind else "Mot inconnu"
        raise ValueError(_unknown(subject, text, [each.value for each in vocabulary])) from None


def _unknown(subject: str, word: str, known: list[str]) -> str:
    """« Jalon inconnu : « rcp_helt ». Vouliez-vous écrire « rcp_held » ? »"""
    close = get_close_matches(word, known, n=1)
    hint = f"Vouliez-vous écrire « {close[0]} » ?" if close else f"Sont connus : {', '.join(known)}."
    return f"{subject} : « {word} ». {hint}"


def _name(what: str, located: Located) -> str:
    """« l’étape « rcp » », or its line when it has no key."""
    if isinstance(located, Mapping):
        for entry in located.entries:
            if entry.key == "key" and isinstance(entry.value, Scalar) and entry.value.text:
                return f"{what} « {entry.value.text} »"
    return f"{what} de la ligne {located.line}"


def _or(value: tuple[_Value, ...] | None, default: tuple[_Value, ...]) -> tuple[_Value, ...]:
    return default if value is None else value
