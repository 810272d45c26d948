"""What the desk leaves ready for this morning: who takes what, tasks to share out, the review of the late ones with its
minutes, a target pathway being rewritten, and one absence that begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

from config.demo.life import Life
from config.demo.world import FAST
from coordination import services
from coordination.models import Every, Post
from coordination.querysets import worklist
from coordination.querysets.worklist import Scope
from coordination.readings.new_task import from_step, proposals_of
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules import Duration, Unit
from pathways.rules.target import from_dict

EVENING = 17.3
DAYS_AWAY = 9
HANDED = 5
REVIEWED = 4
SOONER = 6
"""Days; the version in force gives eight."""

POOL = (
    ("Demander les images du scanner de ville", 0, ()),
    ("Réserver le transport pour la consultation", 1, ()),
    ("Préparer le dossier de la RCP", 2, ("Compte rendu d’anatomopathologie", "Images déposées", "Question posée")),
)
"""Title, due so many worked days from today, checklist."""


def plan(life: Life) -> None:
    """The evening before: everything below is the desk's own doing."""
    agenda = life.agenda
    eve = agenda.on(agenda.today - timedelta(days=1), EVENING)
    agenda.at(eve, lambda: _split(life), life.world.idec)
    agenda.at(eve, lambda: _tasks(life, _followed(life)), life.world.idec)
    agenda.at(eve, lambda: _review(life), life.world.idec)
    agenda.at(eve, lambda: _draft(life), life.user("quality"))
    agenda.at(eve, lambda: _absence(life, _followed(life)), life.user("coordinator"))


def _followed(life: Life) -> list[Pathway]:
    rows = Pathway.objects.active().filter(team=life.world.team, next_step__isnull=False)
    return list(rows.order_by("next_due_at", "pk"))


def _split(life: Life) -> None:
    """The secretary answers the mail, the nurse the phone; the coordinator's consultations will want someone."""
    held = {Post.MAIL: "secretary", Post.PHONE: "idec", Post.CONSULTATIONS: "coordinator"}
    week = {(day, post.value): [life.user(key)] for day in range(5) for post, key in held.items()}
    services.set_usual_week(team=life.world.team, week=week, author=life.world.idec)


def _tasks(life: Life, followed: list[Pathway]) -> None:
    if not followed:
        return
    today = life.agenda.worked_day(life.agenda.today)
    for (title, days, points), pathway in zip(POOL, followed[-len(POOL) :], strict=False):
        services.create_task(
            pathway=pathway, title=title, due_on=life.agenda.worked_day(today, after=days), checklist=points,
            author=life.world.idec,
        )  # fmt: skip
    services.repeat_task(
        pathway=followed[len(followed) // 2], title="Appel de la semaine", every=1, unit=Every.WEEK, starts_on=today,
        owner=life.world.idec, closes_on="followup_contact", checklist=["Douleur", "Poids", "Alimentation"],
        author=life.world.idec,
    )  # fmt: skip
    step = next((each for each in proposals_of(followed[0]) if each.points), None)
    if step:
        begun = from_step(followed[0], step.key)
        task = services.create_task(
            pathway=followed[0], title=begun["title"], checklist=begun["checklist"].splitlines(),
            owner=life.world.idec, due_on=today, author=life.world.idec,
        )  # fmt: skip
        services.tick_item(item=task.items.all()[0], user=life.world.idec, done=True)


def _review(life: Life) -> None:
    """The late ones, one after the other: an action for the first, nothing more for the others. A worker writes the
    minutes."""
    listed = worklist.LATE
    team, idec = life.world.team, life.world.idec
    late = worklist.chosen(worklist.at_desk(idec, Scope()), listed, life.now, life.now.date())
    if not late.filter(team=team).exists():
        return
    meeting = services.start_review(user=idec, team=team, listed=listed, scope=Scope(), summary="En retard")
    first, *others = meeting.items.order_by("position")
    services.decide_action(
        item=first, user=idec, title="Demander une date au service qui reçoit", owner=idec,
        due_on=life.agenda.worked_day(life.agenda.today), key=uuid5(meeting.uuid, "action"),
    )  # fmt: skip
    for item in others[:REVIEWED]:
        services.note_nothing(item=item, user=idec)
    services.note_attendance(meeting=meeting, present=[idec, life.user("secretary")], others="Dr Hourcadelle")
    services.close_review(meeting=meeting, user=idec)


def _draft(life: Life) -> None:
    """The quality team wonders about a first consultation two days sooner: the rehearsal says who would be late."""
    author = life.user("quality")
    draft = pathways.start_draft(target=life.world.targets[FAST], author=author)
    content = from_dict(draft.definition)
    steps = tuple(
        replace(step, objective=Duration(SOONER, Unit.CALENDAR_DAYS)) if step.key == "first_care" else step
        for step in content.steps
    )
    pathways.save_draft(draft=draft, revision=draft.revision, content=replace(content, steps=steps), author=author)


def _absence(life: Life, followed: list[Pathway]) -> None:
    """The coordinator is away from this morning on: a few of their patients are handed to the nurse."""
    coordinator = life.user("coordinator")
    theirs = [each for each in followed if each.owner_id == coordinator.pk][:HANDED]
    if not theirs:
        return
    services.hand_over(
        absent=coordinator, stand_in=life.world.idec, starts_on=life.agenda.today,
        ends_on=life.agenda.today + timedelta(days=DAYS_AWAY), author=coordinator, pathways=theirs,
        watch={theirs[0].pk: "Sa fille appelle souvent : la rappeler avant midi."},
        note="Le laboratoire rappelle vers 15 h. Dossiers de RCP prêts jusqu’à vendredi.",
    )  # fmt: skip
