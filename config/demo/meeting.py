"""The weekly meeting: files registered, discussed, decided, carried to the next one."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.demo import care
from config.demo.clinic import PRESENTERS
from config.demo.engine import Act
from config.demo.life import Life
from config.demo.story import Story
from directory.models import Professional
from pathways import services as pathways
from pathways.models import ClosingReason
from pathways.rules.milestones import MilestoneKind as Kind
from rcp import services
from rcp.models import AttendanceMode, CaseStatus, RcpCase, RcpSession, SessionStatus

MEMBERS = ("surgeon", "oncologist", "radiotherapist", "gastro", "radiologist", "pathologist")
MINUTES_A_FILE = 6
ABSENT_FOR_A_FILE = 0.04
"""How often the radiotherapist is called away while a file is discussed: its quorum is missed."""


def register(life: Life, story: Story) -> None:
    """The coordination puts the file on the agenda of the first meeting it can be ready for."""
    session = _session_for(story, life)
    if session is None or not story.once("registered"):
        return
    profile, chances = story.profile, story.chances
    prepared = chances.prepared
    story.case = services.register_case(
        session=session,
        pathway=story.pathway,
        question=profile.question,
        author=life.world.idec,
        presenter=presenter(life, story),
        late_reason="Consultation le jour même" if life.now >= session.registration_closes_at else "",
        summary=profile.summary,
        antecedents=profile.history,
        site_label=profile.site,
        imaging=profile.imaging,
        stage=profile.stage if prepared else "",
        histology=profile.histology if prepared and not story.needs_sample else "",
        who_status=chances.who_status if prepared or story.rng.random() < 0.4 else None,
        g8_score=chances.g8,
    )


def presenter(life: Life, story: Story) -> Professional:
    """Who knows the patient best for that treatment."""
    return life.world.people[PRESENTERS.get(story.profile.modality, "gastro")]


def _session_for(story: Story, life: Life) -> RcpSession | None:
    """The first meeting after the exams; after the laboratory's first answer when a sample is taken."""
    ready: datetime = life.now
    if story.sample_on and story.needs_sample:
        ready = life.agenda.on(story.sample_on, 9) + timedelta(days=2 if story.fast else 1)
    elif story.sample_on:
        ready = life.agenda.on(story.sample_on, 12)
    sessions = RcpSession.objects.not_held(life.now).filter(series=life.series, starts_at__gte=ready)
    return sessions.order_by("starts_at").first()


def prepare(life: Life, session: RcpSession) -> None:
    """The morning of the meeting: files completed, those that wait for the laboratory moved to the next one."""
    following = RcpSession.objects.not_held(life.now).filter(series=life.series, starts_at__gt=session.starts_at)
    to = following.order_by("starts_at").first()
    for case in _waiting(session):
        story = life.of_pathway(case.pathway_id)
        if story is None:
            continue
        if story.needs_sample and not story.answered and to is not None:
            services.postpone_case(
                case=case, reason="Résultat d’anatomopathologie attendu", author=life.world.idec, to=to
            )
        elif story.answered and not case.histology and story.rng.random() < 0.8:
            services.prepare_case(
                case=case, author=life.user("pathologist"), histology=story.profile.histology, stage=story.profile.stage
            )


def hold(life: Life, session: RcpSession, *, crowded: bool) -> None:
    """The meeting gathers; without the oncologist or the radiotherapist the quorum is missed."""
    session.refresh_from_db()
    if session.status != SessionStatus.PLANNED:
        return
    rng = life.agenda.rng(f"session:{session.starts_at:%Y%m%d}")
    people = life.world.people
    for key in MEMBERS:
        needed = key in ("surgeon", "oncologist", "radiotherapist")
        if (needed and crowded) or (not needed and rng.random() < 0.85):
            mode = AttendanceMode.VIDEO if rng.random() < 0.2 else AttendanceMode.ROOM
            services.attend(session=session, professional=people[key], mode=mode)
    if not crowded:
        services.attend(session=session, professional=people["surgeon"])
    services.attend(session=session, professional=people["idec"])
    at = life.now
    for case in _waiting(session):
        at += timedelta(minutes=MINUTES_A_FILE)
        life.agenda.at(at, _discusses(life, case), life.user("oncologist"))
    life.agenda.at(at + timedelta(minutes=5), lambda: _close(life, session), life.world.idec)


def _waiting(session: RcpSession) -> list[RcpCase]:
    cases = session.cases.filter(status=CaseStatus.REGISTERED).select_related("pathway", "session__series__team")
    return list(cases.order_by("position", "id"))


def _discusses(life: Life, case: RcpCase) -> Act:
    def act() -> None:
        story = life.of_pathway(case.pathway_id)
        if story is None or story.over:
            return
        profile = story.profile
        again = "reviewed" in story.happened and story.decision is not None
        if story.rng.random() < ABSENT_FOR_A_FILE:
            called_away = case.session.attendances.filter(professional=life.world.people["radiotherapist"]).first()
            if called_away is not None:
                services.set_absent(case=case, attendance=called_away, absent=True)
        decision = services.decide(
            case=case,
            author=life.user("oncologist"),
            proposal=_REVIEW if again else profile.proposal,
            modality="" if again else profile.modality,
            treatment_label="" if again else profile.treatment,
            alternatives="" if again else profile.alternatives,
            framework="Référentiel régional hépato-gastro-entérologie",
            trial_proposed=profile.key == "borderline",
            actions=[] if again else care.actions(life, story, case),
        )
        case.refresh_from_db()
        story.case = case
        if case.status == CaseStatus.DECIDED and not again:
            story.decision = decision
            care.after_meeting(life, story)

    return act


_REVIEW = "Réponse partielle au traitement : poursuite du même protocole, nouvelle évaluation dans deux mois."


def review(life: Life, story: Story) -> None:
    """A patient under treatment is presented again."""
    if not story.once("reviewed"):
        return
    sessions = RcpSession.objects.open_to_registration(life.now).filter(series=life.series).order_by("starts_at")
    session = sessions.first()
    if session is None:
        return
    services.register_case(
        session=session, pathway=story.pathway, question="Réévaluation en cours de traitement : poursuite ?",
        author=life.world.idec, presenter=presenter(life, story), antecedents=story.profile.history,
        summary="Bonne tolérance clinique, scanner de contrôle disponible.", site_label=story.profile.site,
        imaging="Scanner de contrôle",
        histology=story.profile.histology, stage=story.profile.stage, who_status=story.chances.who_status,
        g8_score=story.chances.g8,
    )  # fmt: skip


def _close(life: Life, session: RcpSession) -> None:
    session.refresh_from_db()
    services.close_session(session=session, author=life.world.idec)


def ruled_out(life: Life, story: Story) -> None:
    """No cancer: the patient is told, the GP too, the pathway ends."""
    if not story.once("ruled_out"):
        return
    life.note(story, Kind.NO_CANCER, life.user("gastro"), note=story.profile.found[:200])
    pathways.write_summary(pathway=story.pathway, diagnosis=story.profile.found[:200])
    if story.chances.forgotten:
        story.over = True
        return
    life.later(
        story, story.rng.uniform(1, 20), care.closes(ClosingReason.NO_CANCER, story.profile.found), life.world.idec
    )


def care_refused(life: Life, story: Story) -> None:
    """The patient does not want to go further."""
    note = "Ne souhaite pas poursuivre les explorations ; médecin traitant prévenu."
    care.closes(ClosingReason.REFUSED, note)(life, story)
