"""What the desk leaves ready for this morning: who takes what, tasks to share out, and one absence that begins."""

from __future__ import annotations

from datetime import timedelta

from config.demo.life import Life
from coordination import services
from coordination.models import Every, Post
from coordination.readings.new_task import from_step, proposals_of
from pathways.models import Pathway

EVENING = 17.3
DAYS_AWAY = 9
HANDED = 5

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
