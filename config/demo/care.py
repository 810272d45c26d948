"""After the meeting: announcement, care plan, treatment, and the end of the pathway."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.demo.life import Chapter, Life
from config.demo.story import Story
from coordination import services as coordination
from coordination.models import ContactOutcome
from pathways import services as pathways
from pathways.models import ClosingReason, Document
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.services.documents import mark_given, produce, request_pps
from rcp import services as rcp
from rcp.models import FollowUpAction, RcpCase
from rcp.services import NewAction

__all__ = ["Chapter", "actions", "after_meeting", "closes"]


def actions(life: Life, story: Story, case: RcpCase) -> list[NewAction]:
    """What the opinion asks for, within the usual times of the series."""
    day = case.session.starts_at.astimezone(life.agenda.start.tzinfo).date()
    wanted = [
        NewAction("Consultation d’annonce", day + timedelta(days=7), kind=Kind.ANNOUNCEMENT),
        NewAction("Remise du PPS au patient", day + timedelta(days=14), kind=Kind.PPS_GIVEN),
    ]
    if story.profile.transferred_to:
        return wanted[:1]
    if story.profile.modality != "surveillance":
        wanted.append(NewAction("Début du traitement", day + timedelta(days=21), kind=Kind.TREATMENT_STARTED))
    if story.chances.port:
        wanted.append(NewAction("Pose de chambre implantable", day + timedelta(days=10)))
    return wanted


def after_meeting(life: Life, story: Story) -> None:
    """What follows an opinion that stands."""
    rng, profile = story.rng, story.profile
    pathways.write_summary(pathway=story.pathway, diagnosis=profile.diagnosis, who_status=story.chances.who_status)
    if story.chances.ends == "lost":
        lose(life, story)
        return
    low, high = (1, 4) if story.fast else (1, 2)
    life.in_days(story, rng.randint(low, high) + story.delay("announcement"), _announces, life.user("oncologist"))


def _announces(life: Life, story: Story) -> None:
    rng, chances = story.rng, story.chances
    life.note(story, Kind.ANNOUNCEMENT, life.user("oncologist"))
    if story.profile.transferred_to:
        life.in_days(story, rng.randint(2, 5), _transfers, life.world.idec)
        return
    if chances.pps in ("printed", "pending"):
        life.later(story, rng.uniform(2, 8), _asks_pps, life.world.idec)
    elif chances.pps == "paper":
        life.in_days(story, rng.randint(0, 4), _gives_paper, life.world.idec)
    if chances.screening:
        life.in_days(story, rng.randint(2, 9), _screens, life.world.idec)
    if chances.port in ("done", "deviated"):
        life.in_days(story, rng.randint(4, 9), _settles_port, life.world.idec)
    if story.profile.modality == "surveillance":
        life.in_days(story, rng.randint(8, 14), _watches, life.user("gastro"))
        return
    days = rng.randint(6, 12) if not story.fast else rng.randint(5, 9)
    life.in_days(story, days + story.delay("treatment"), _treats, life.user("oncologist"))


def _asks_pps(life: Life, story: Story) -> None:
    """The care plan is asked of a worker; some are made here and now, so that the demo shows real ones."""
    document = request_pps(pathway=story.pathway, user=life.world.idec)
    if story.chances.pps == "printed" and produce(document_id=document.pk) == "ready":
        life.in_days(story, story.rng.randint(1, 3), _gives_printed(document), life.world.idec)


def _gives_printed(document: Document) -> Chapter:
    def chapter(life: Life, story: Story) -> None:
        mark_given(document=document, at=life.now, author=life.world.idec)

    return chapter


def _gives_paper(life: Life, story: Story) -> None:
    life.note(story, Kind.PPS_GIVEN, life.world.idec, note="Remis sur papier")


def _screens(life: Life, story: Story) -> None:
    life.note(story, Kind.SUPPORT_SCREENING, life.world.idec)


def _settles_port(life: Life, story: Story) -> None:
    open_ones = FollowUpAction.objects.open().filter(decision__case__pathway=story.pathway, executed_by_kind="")
    for action in open_ones.order_by("pk"):
        if story.chances.port == "done":
            rcp.execute_action(action=action, author=life.world.idec, on=life.now.date())
        else:
            reason = "Voie veineuse périphérique suffisante pour les premières cures, décision de l’oncologue"
            rcp.deviate_action(action=action, reason=reason, author=life.world.idec)


def _treats(life: Life, story: Story) -> None:
    """The treatment begins, or the patient enters a palliative circuit."""
    rng, profile = story.rng, story.profile
    palliative = profile.key == "metastatic" and story.chances.who_status >= 2
    life.note(story, Kind.PALLIATIVE_ENTRY if palliative else Kind.TREATMENT_STARTED, life.user("oncologist"))
    if story.decision and not palliative:
        pathways.write_treatment(
            pathway=story.pathway, origin=story.decision.uuid, modality=profile.modality, label=profile.treatment,
            place=str(life.world.hospital), planned_on=life.now.date(), status="started",
        )  # fmt: skip
    if story.chances.ends == "died":
        life.in_days(story, rng.randint(8, 30), _dies, life.world.idec)
        return
    life.in_days(story, rng.randint(7, 12), _hears_from, life.world.idec)
    note = "Parcours de diagnostic terminé ; relais pris par le service qui traite."
    life.in_days(story, story.chances.follow_days, closes(ClosingReason.COMPLETED, note), life.world.idec)


def _watches(life: Life, story: Story) -> None:
    note = "Surveillance par IRM confiée au gastro-entérologue ; médecin traitant informé."
    closes(ClosingReason.COMPLETED, note)(life, story)


def _hears_from(life: Life, story: Story) -> None:
    coordination.record_contact(
        pathway=story.pathway, author=life.world.idec, outcome=ContactOutcome.REACHED,
        note="Appel de suivi : fatigue modérée, pas de fièvre, s’alimente bien.",
    )  # fmt: skip


def _transfers(life: Life, story: Story) -> None:
    life.note(story, Kind.TRANSFER, life.world.idec, note=story.profile.transferred_to)
    life.later(story, 2, closes(ClosingReason.TRANSFERRED, story.profile.transferred_to), life.world.idec)


def _dies(life: Life, story: Story) -> None:
    life.note(story, Kind.DEATH, life.world.idec)
    life.in_days(story, 2, closes(ClosingReason.DIED, ""), life.world.idec)


def lose(life: Life, story: Story) -> None:
    """Nobody answers any more: three calls, then the GP is asked, and the pathway is closed as lost."""
    tries = sum(1 for each in story.happened if each.startswith("lost:"))
    if tries < 3 and story.once(f"lost:{tries}"):
        again = life.agenda.worked_day(life.now.date() + timedelta(days=3))
        coordination.record_contact(
            pathway=story.pathway, author=life.world.idec, outcome=ContactOutcome.UNREACHABLE, next_on=again,
            note="Pas de réponse, répondeur plein.",
        )  # fmt: skip
        life.then(story, life.agenda.on(again, 10.5), lose, life.world.idec)
    elif story.chances.follow_days:
        note = "Injoignable malgré trois appels et un courrier ; médecin traitant prévenu."
        life.in_days(story, story.chances.follow_days, closes(ClosingReason.LOST, note), life.world.idec)


def closes(reason: str, note: str) -> Chapter:
    """A chapter that ends the pathway."""

    def chapter(life: Life, story: Story) -> None:
        at: datetime = life.now
        pathways.close_pathway(pathway=story.pathway, reason=reason, note=note, at=at, author=life.world.idec)
        story.over = True

    return chapter
