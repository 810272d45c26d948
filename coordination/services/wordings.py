"""The words of the notices to the GP: the usual ones, or those of the target pathway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from pathways.rules.definition import APPOINTMENTS
from pathways.rules.milestones import MilestoneKind
from pathways.rules.target import Target
from pathways.rules.vocabulary import NoticeMode

DATA = Path(__file__).resolve().parent.parent / "data" / "notices.yaml"
RECTIFICATION = "rectification"


@dataclass(frozen=True)
class Wording:
    """The usual words of one notice. ``always``: told on every target pathway; ``more``: read behind the link."""

    title: str
    text: str
    always: bool = False
    send: NoticeMode = NoticeMode.AUTOMATIC
    more: str = ""


@dataclass(frozen=True)
class Telling:
    """How one thing is told on one pathway: the mail's subject, the words behind the link, and how it leaves.

    ``template`` is the mail template of the target they come from, "" for the usual words.
    """

    subject: str
    words: str
    mode: NoticeMode
    template: str = ""


@cache
def wordings() -> dict[str, Wording]:
    """The texts of data/notices.yaml, by milestone kind, with `appointments` and `rectification`."""
    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    texts = {MilestoneKind(kind).value: _wording(entry) for kind, entry in data["milestones"].items()}
    return {**texts, APPOINTMENTS: _wording(data[APPOINTMENTS]), RECTIFICATION: _wording(data[RECTIFICATION])}


def _wording(entry: dict[str, str]) -> Wording:
    send = NoticeMode(entry.get("send", NoticeMode.AUTOMATIC))
    return Wording(**{**entry, "send": send})  # type: ignore[arg-type]


def telling(content: Target, kind: str) -> Telling:
    """The words in which ``kind`` is told on a target pathway: its own, else the usual ones."""
    usual, own = wordings()[kind], content.notice(kind)
    if own is not None:
        return Telling(own.subject, own.text, own.send, own.key)
    return Telling(f"Votre patient, {usual.title}", usual.more or usual.text, usual.send)


def told_of_itself(content: Target) -> set[str]:
    """The milestone kinds told on a target without any step asking for it."""
    usual = {kind for kind, wording in wordings().items() if wording.always}
    return usual | {mail.tells for mail in content.mail_templates if mail.tells}
