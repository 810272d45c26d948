"""One patient's story: who, sent by whom, with what, and the chances drawn for it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random
from typing import Any

from config.demo.clinic import PROFILES, Profile
from config.demo.names import Person
from directory.models import Professional
from pathways.models import Pathway, TargetPathway
from rcp.models import Decision, RcpCase
from referrals.models import Referral

ACCEPT, REFUSE, REDIRECT, INCOMPLETE, WAITING = "accept", "refuse", "redirect", "incomplete", "waiting"
ANY = "any"
STALLS = ("gp_letter", "lab", "announcement", "treatment", "registration")


@dataclass(frozen=True)
class Chances:
    """Everything chance decides about a story, drawn once. ``ends`` cuts it short ("refused", "lost", "died");
    ``stall`` names the act that comes ``stall_days`` too late; ``pps`` is "paper", "printed", "pending" or "";
    ``forgotten`` leaves open the pathway of somebody told that it is no cancer."""

    fate: str = ACCEPT
    asks: bool = False
    calls: int = 0
    missed: str = ""
    """The exam the patient will not come to; `ANY` for the first one in a protected slot."""
    cancelled: str = ""
    noncontributive: bool = False
    stall: str = ""
    stall_days: int = 0
    pause: str = ""
    ends: str = ""
    pps: str = "paper"
    port: str = ""
    screening: bool = False
    letter: bool = False
    by_phone: bool = False
    prepared: bool = True
    identity: str = "QUAL"
    follow_days: int = 30
    who_status: int = 1
    g8: float | None = None
    forgotten: bool = False


@dataclass
class Story:
    """Mutable only in what happened so far: the rows the services gave back."""

    name: str
    rng: Random
    profile: Profile
    target: TargetPathway
    fast: bool
    person: Person
    sender: Professional
    gp: Professional
    sent_at: datetime
    chances: Chances
    referral: Referral | None = None
    known_pathway: Pathway | None = None
    cared_on: date | None = None
    sample_on: date | None = None
    sampled_at: datetime | None = None
    answered: bool = False
    case: RcpCase | None = None
    decision: Decision | None = None
    over: bool = False
    happened: set[str] = field(default_factory=set)

    @property
    def pathway(self) -> Pathway:
        """The pathway as the story first knew it; raises when the request was never accepted."""
        assert self.known_pathway is not None, self.name
        return self.known_pathway

    @property
    def needs_sample(self) -> bool:
        return bool(self.profile.sample)

    def once(self, what: str) -> bool:
        """True the first time ``what`` happens in this story."""
        first = what not in self.happened
        self.happened.add(what)
        return first

    def delay(self, act: str) -> int:
        """Days added to ``act`` when the story stalls there."""
        return self.chances.stall_days if self.chances.stall == act else 0


def draw_chances(rng: Random, profile: Profile, fate: str, *, fast: bool) -> Chances:
    """The chances of an ordinary story."""
    draw = rng.random
    chances = Chances(
        fate=fate,
        asks=draw() < 0.15,
        calls=0 if draw() < 0.72 else rng.choice((1, 1, 2)),
        missed=rng.choice(("irm", "scanner", "consultation_pluridisciplinaire")) if draw() < 0.13 else "",
        cancelled=rng.choice(("irm", "consultation_pluridisciplinaire")) if draw() < 0.12 else "",
        noncontributive=bool(profile.sample) and draw() < 0.08,
        stall=rng.choice(STALLS if fast else STALLS[:-1]) if draw() < (0.2 if fast else 0.13) else "",
        stall_days=rng.randint(5, 14),
        pause="ended" if draw() < 0.05 else "",
        ends="",
        port=rng.choice(("done", "done", "deviated", "overdue")) if profile.modality == "chemotherapy" else "",
        screening=draw() < 0.65,
        letter=draw() < 0.45,
        by_phone=draw() < 0.14,
        prepared=draw() < 0.7,
        identity=rng.choices(("QUAL", "RECUP", "VALI", "PROV"), (55, 10, 20, 15))[0],
        follow_days=rng.randint(12, 45),
        who_status=rng.choices((0, 1, 2, 3), (25, 45, 22, 8))[0],
    )
    return _ending(chances, rng, profile)


def _ending(chances: Chances, rng: Random, profile: Profile) -> Chances:
    lot = rng.random()
    if lot < 0.03:
        return replace(chances, ends="refused")
    if lot < 0.05:
        return replace(chances, ends="lost")
    if lot < 0.10 and not profile.benign:
        return replace(chances, ends="died")
    return chances


def draw_profile(rng: Random, *, fast: bool) -> Profile:
    """A kind of case, as often as it comes on that pathway."""
    return rng.choices(PROFILES, [profile.weights[fast] for profile in PROFILES])[0]


def changed(chances: Chances, fixed: dict[str, Any]) -> Chances:
    """The chances of a scripted story."""
    return replace(chances, **fixed)
