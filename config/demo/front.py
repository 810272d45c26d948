"""The front door: requests sent, sorted, completed."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import UUID

from config.demo import desk
from config.demo.clinic import ASKED, REDIRECTIONS, REFUSALS
from config.demo.life import Life
from config.demo.papers import letter
from config.demo.story import INCOMPLETE, REDIRECT, REFUSE, WAITING, Story
from directory.models import User
from referrals import services
from referrals.facts import ReferralFacts
from referrals.models import Channel, Urgency


def send(life: Life, story: Story) -> None:
    """The doctor sends the form, or calls and the coordination types it."""
    key = _key(story)
    by_phone = story.chances.by_phone
    if story.chances.letter and not by_phone:
        paper = letter(story.rng.randrange(10**6))
        services.keep_draft_files(form_key=key, files=[("courrier.pdf", io.BytesIO(paper), len(paper))])
    story.referral, _ = services.submit_referral(
        target=story.target,
        facts=facts(story),
        form_key=key,
        channel=Channel.PHONE if by_phone else Channel.FORM,
        entered_by=life.user("coordinator") if by_phone else None,
    )
    if story.chances.fate != WAITING:
        asker = desk_user(life, story)
        hours = story.rng.uniform(1, 10) if story.fast else story.rng.uniform(0.2, 1.2)
        life.later(story, hours, triage, asker)


def facts(story: Story) -> ReferralFacts:
    """What the sender types."""
    person, profile, sender = story.person, story.profile, story.sender
    is_gp = sender == story.gp
    symptoms = story.sent_at.date() - timedelta(days=story.rng.randint(10, 75))
    month_only = story.rng.random() < 0.4
    imaging = {"ultrasound", "ct", "mri"} & set(profile.upstream)
    return ReferralFacts(
        requester_name=str(sender),
        requester_phone=sender.phone,
        requester_email=sender.email,
        requester_specialty=sender.specialty_label,
        requester_rpps=sender.rpps,
        requester_is_gp=is_gp,
        gp_name="" if is_gp else str(story.gp),
        birth_name=person.birth_name,
        used_name=person.used_name,
        first_name=person.first_name,
        birth_date=person.birth_date,
        sex=person.sex,
        patient_phone="" if story.chances.asks and story.rng.random() < 0.3 else person.phone,
        patient_city=person.city,
        patient_knows=story.rng.random() < 0.9,
        reason=profile.reason,
        first_symptoms_on=symptoms.replace(day=1) if month_only else symptoms,
        first_symptoms_month_only=month_only,
        imaging_on=story.sent_at.date() - timedelta(days=story.rng.randint(1, 9)) if imaging else None,
        exams=list(profile.upstream),
        exams_done=profile.exams_done,
        history=profile.history,
        urgency_signs=list(profile.signs),
    )


def triage(life: Life, story: Story) -> None:
    """The coordination answers."""
    assert story.referral is not None
    chances, user, rng = story.chances, desk_user(life, story), story.rng
    if chances.fate == REFUSE:
        services.refuse_referral(referral=story.referral, by=user, reason=rng.choice(REFUSALS))
        story.over = True
    elif chances.fate == REDIRECT:
        place, reason = rng.choice(REDIRECTIONS)
        services.redirect_referral(referral=story.referral, by=user, place=place, reason=reason)
        story.over = True
    elif (chances.asks or chances.fate == INCOMPLETE) and story.once("asked"):
        pieces, message = rng.choice(ASKED)
        services.ask_complement(referral=story.referral, by=user, pieces=pieces, message=message)
        if chances.fate != INCOMPLETE:
            life.later(story, rng.uniform(4, 40), complete)
    else:
        accept(life, story, user)


def complete(life: Life, story: Story) -> None:
    """The sender adds what was missing, and the coordination looks again."""
    assert story.referral is not None
    words = "Vous trouverez les éléments demandés ; je reste joignable au cabinet entre 13 h et 14 h."
    services.write_back(referral=story.referral, form_key=_key(story), text=words)
    if story.chances.fate != WAITING:
        life.later(story, story.rng.uniform(0.5, 6), triage, desk_user(life, story))


def accept(life: Life, story: Story, user: User) -> None:
    """The patient comes in: pathway opened, someone in charge, a first call planned."""
    assert story.referral is not None
    nurse = user == life.world.idec
    urgency = Urgency.FAST if story.profile.signs else Urgency.STANDARD
    story.referral = services.accept_referral(
        referral=story.referral,
        by=user,
        owner=life.world.desk[int(story.rng.random() < 0.4)],
        urgency=urgency if nurse else None,
        gp=None if story.sender == story.gp else story.gp,
        message="Le patient sera appelé dans la journée." if story.rng.random() < 0.5 else "",
    )
    story.known_pathway = story.referral.pathway
    life.later(story, story.rng.uniform(0.1, 3 if story.fast else 0.6), desk.call, life.world.idec)
    life.later(story, story.rng.uniform(3, 12), desk.identify, life.user("secretary"))


def write_again(life: Life, story: Story) -> None:
    """A word of context from town, after the acceptance."""
    assert story.referral is not None
    words = "Le patient a débuté un traitement antalgique de palier 2 ; il est inquiet et vit seul."
    services.write_back(referral=story.referral, form_key=_key(story), text=words)


def desk_user(life: Life, story: Story) -> User:
    """Who answers this request: the nurse two times out of three."""
    return life.world.desk[0 if sum(map(ord, story.name)) % 3 else 1]


def _key(story: Story) -> UUID:
    return UUID(int=story.rng.getrandbits(128), version=4)
