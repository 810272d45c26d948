"""Who may open what. A route missing here fails the test: add its line when you add the route.

`allowed` are letters of `tests.access.cast.ROLES`; everyone else must get 403 or 404, and a visitor the login page.
`public` routes open for anyone. `about` names the cast's object whose uuid the route takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.access.cast import Cast

DESK = "CS"
TEAM = "CSP"
FILE = "CSPG"
EVERYONE = "CSPGTQAXY"


@dataclass(frozen=True)
class Route:
    """One line of the matrix."""

    allowed: str = ""
    method: str = "get"
    about: str = ""
    public: bool = False
    kwargs: Callable[[Cast], dict[str, Any]] | None = None
    data: Callable[[Cast], dict[str, Any]] = field(default=lambda cast: {})

    def arguments(self, cast: Cast) -> dict[str, Any]:
        if self.kwargs:
            return self.kwargs(cast)
        return cast.uuid_of(self.about) if self.about else {}


def post(allowed: str, about: str, **options: Any) -> Route:
    return Route(allowed, "post", about, **options)


def status_token(cast: Cast) -> dict[str, Any]:
    from referrals.links import token_for

    return {"token": token_for(cast.referral.uuid)}


def referral_document(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.referral.uuid, "document": cast.referral.documents.get().uuid}


def booking_request(cast: Cast) -> dict[str, Any]:
    return {"slot": cast.slot.uuid, "pathway": cast.pathway.uuid, "request_key": uuid4()}


def series_of(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.slot.series.uuid}


def feed_token(cast: Cast) -> dict[str, Any]:
    from coordination.services.feeds import token_of

    return {"token": token_of(cast.feed.request_key)}


def target_slug(cast: Cast) -> dict[str, Any]:
    return {"slug": cast.meeting.target.key}


def target_of(cast: Cast) -> dict[str, Any]:
    return {"site": cast.team.establishment.uuid, "key": cast.meeting.target.key}


def target_version(cast: Cast) -> dict[str, Any]:
    return {**target_of(cast), "number": 1}


def draft_entry(cast: Cast) -> dict[str, Any]:
    return {**target_of(cast), "part": "creneaux", "entry": "irm"}


def letter_token(cast: Cast) -> dict[str, Any]:
    from rcp.services import token_for

    return {"token": token_for(cast.decision, cast.users["G"].professional)}


def lab_token(cast: Cast) -> dict[str, Any]:
    from coordination.services.lab_links import token_for

    return {"token": token_for(cast.lab_share)}


def notice_token(cast: Cast) -> dict[str, Any]:
    from coordination.services.notice_letters import token_for

    return {"token": token_for(cast.notice, cast.users["G"].professional)}


def part(name: str) -> Callable[[Cast], dict[str, Any]]:
    """URL arguments of a part of the pathway: the pathway's uuid and the part's."""
    return lambda cast: {"uuid": cast.pathway.uuid, name: getattr(cast, name).uuid}


def session(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.meeting.session.uuid}


def decided(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.decision.case.uuid}


def checklist_item(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.task.items.get().uuid}


def circle_member(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.pathway.uuid, "professional": cast.users["G"].professional.uuid, "role": "gp"}


ROUTES: dict[str, Route] = {
    "home": Route(EVERYONE),
    "signed-in": Route(EVERYONE),
    "healthz": Route(public=True),
    "readyz": Route(public=True),
    "styleguide": Route(public=True),
    "accessibility": Route(public=True),
    "api-schema": Route(EVERYONE),
    # directory
    "directory:no-role": Route(EVERYONE),
    "directory:post": Route(DESK + "X"),
    "directory:message": Route(DESK, about="message"),
    "directory:accesses": Route("QA"),
    "directory:review": post("QA", "emergency"),
    # pathways
    "pathways:list": Route(FILE + "XY"),
    "pathways:find": post(FILE + "XY", ""),
    "pathways:new": Route(DESK + "X"),
    "pathways:look-alikes": post(DESK + "X", ""),
    "pathways:gp-options": Route(FILE + "XY"),
    "pathways:open": Route(DESK, kwargs=lambda cast: {"uuid": cast.pathway.patient.uuid}),
    "pathways:detail": Route(FILE, about="pathway"),
    "pathways:summary": Route(FILE, about="pathway"),
    "pathways:history": Route(FILE, about="pathway"),
    "pathways:patient-edit": Route(TEAM, about="pathway"),
    "pathways:assign": Route(DESK, about="pathway"),
    "pathways:close": Route(TEAM, about="pathway"),
    "pathways:reopen": Route(TEAM, about="pathway"),
    "pathways:move": Route(TEAM, about="pathway"),
    "pathways:switch": Route(TEAM, about="pathway"),
    "pathways:link": Route(TEAM, about="pathway"),
    "pathways:delay-cause": Route(TEAM, kwargs=lambda cast: {"uuid": cast.pathway.uuid, "phase": "exams"}),
    "pathways:delay-cause-withdraw": post(TEAM, "", kwargs=part("cause")),
    "pathways:milestone-add": Route(TEAM, about="pathway"),
    "pathways:milestone-correct": Route(TEAM, kwargs=part("milestone")),
    "pathways:milestone-withdraw": Route(TEAM, kwargs=part("milestone")),
    "pathways:step-done": Route(TEAM, kwargs=part("step")),
    "pathways:step-skip": Route(TEAM, kwargs=part("step")),
    "pathways:step-restore": post(TEAM, "", kwargs=part("step")),
    "pathways:step-assign": Route(TEAM, kwargs=part("step")),
    "pathways:pause-add": Route(TEAM, about="pathway"),
    "pathways:pause-end": Route(TEAM, kwargs=part("pause")),
    "pathways:pause-cancel": Route(TEAM, kwargs=part("pause")),
    "pathways:circle-add": Route(TEAM, about="pathway"),
    "pathways:circle-remove": post(TEAM, "", kwargs=circle_member),
    "pathways:pps": post(TEAM, "pathway"),
    "pathways:document": Route(FILE, about="document"),
    "pathways:document-status": Route(FILE, about="document"),
    "pathways:document-retry": post(TEAM, "document"),
    "pathways:document-given": post(TEAM, "document"),
    "pathways:alerts": Route(TEAM + "XY"),
    "pathways:alert-acknowledge": Route(TEAM, about="alert"),
    "pathways:alert-preferences": Route(TEAM + "XY"),
    "pathways:targets": Route(TEAM + "QAXY"),
    "pathways:target-new": Route("QA"),
    "pathways:target": Route(TEAM + "QA", kwargs=target_of),
    "pathways:target-version": Route(TEAM + "QA", kwargs=target_version),
    "pathways:target-chart": Route(TEAM + "QA", kwargs=target_version),
    "pathways:target-file": Route(TEAM + "QA", kwargs=target_version),
    "pathways:target-draft": Route(TEAM + "QA", kwargs=target_of),
    "pathways:target-draft-start": post("QA", "", kwargs=target_of),
    "pathways:target-draft-drop": Route("QA", kwargs=target_of),
    "pathways:target-draft-order": post("QA", "", kwargs=target_of),
    "pathways:target-draft-head": Route("QA", kwargs=target_of),
    "pathways:target-draft-preview": post("QA", "", kwargs=target_of),
    "pathways:target-draft-file": Route(TEAM + "QA", kwargs=target_of),
    "pathways:target-draft-load": Route("QA", kwargs=target_of),
    "pathways:target-draft-step-add": Route("QA", kwargs=target_of),
    "pathways:target-draft-step": Route("QA", kwargs=lambda cast: {**target_of(cast), "step": "treatment"}),
    "pathways:target-draft-entry-add": Route("QA", kwargs=lambda cast: {**target_of(cast), "part": "choix"}),
    "pathways:target-draft-entry": Route("QA", kwargs=draft_entry),
    "pathways:target-rehearsal": Route(TEAM + "QA", kwargs=target_of),
    "pathways:target-draft-rebase": post("QA", "", kwargs=target_of),
    "pathways:target-draft-publish": Route("QA", kwargs=target_of),
    "pathways:target-move": Route(TEAM, kwargs=target_of),
    "pathways:break-glass": Route("CPXY"),
    "api:pathways": Route(FILE + "XY"),
    "api:pathway": Route(FILE, about="pathway"),
    "api:pathway-milestones": post(TEAM, "pathway"),
    # coordination
    "coordination:worklist": Route(DESK + "X"),
    "coordination:act": Route(DESK + "X"),
    "coordination:act-undo": post("C", "gesture"),
    "coordination:saved-views": Route(DESK + "X"),
    "coordination:saved-view-default": post(DESK, "view"),
    "coordination:saved-view-delete": post(DESK, "view"),
    "coordination:tasks": Route(TEAM + "XY"),
    "coordination:task-new": Route(TEAM + "XY"),
    "coordination:task": Route(TEAM, about="task"),
    "coordination:task-give": post(TEAM, "task"),
    "coordination:task-tick": post(TEAM, "", kwargs=checklist_item),
    "coordination:series-pause": post(TEAM, "task_series"),
    "coordination:series-resume": post(TEAM, "task_series"),
    "coordination:series-stop": post(TEAM, "task_series"),
    "coordination:task-claim": post(TEAM, "task"),
    "coordination:task-give-back": post(TEAM, "task"),
    "coordination:task-complete": post(TEAM, "task"),
    "coordination:task-cancel": post(TEAM, "task"),
    "coordination:covers": Route(DESK + "AX"),
    "coordination:cover-new": Route(DESK + "AX"),
    "coordination:cover": Route(DESK + "A", about="cover"),
    "coordination:briefs": Route(DESK + "A", about="cover"),
    "coordination:briefs-pdf": Route(DESK + "A", about="cover"),
    "coordination:cover-back": post("CA", "cover"),
    "coordination:cover-extend": post("CA", "cover"),
    "coordination:cover-read": post("C", "cover"),
    "coordination:duties": Route(DESK + "X"),
    "coordination:duty-take": post(DESK, "", data=lambda cast: {"team": cast.team.uuid, "post": "phone"}),
    "coordination:slots": Route(TEAM + "TXY"),
    "coordination:slots-month": Route(TEAM + "TXY"),
    "coordination:slot": Route(TEAM + "T", about="slot"),
    "coordination:slot-figures": Route(TEAM + "TQXY"),
    "coordination:slot-figures-list": Route(TEAM + "XY"),
    "coordination:lab-figures": Route(TEAM + "TQXY"),
    "coordination:lab-figures-list": Route(TEAM + "XY"),
    "coordination:sizing": Route(TEAM + "XY"),
    "coordination:feeds": Route(TEAM + "TXY"),
    "coordination:feed-revoke": post("C", "feed"),
    "coordination:calendar": Route(public=True, kwargs=feed_token),
    "coordination:platform": Route("T"),
    "coordination:exam-requests": Route("T"),
    "coordination:exam-request-propose": post("T", "exam_request"),
    "coordination:exam-request-refuse": post("T", "exam_request"),
    "coordination:exam-request-take-back": post("T", "exam_request"),
    "coordination:exam-request": Route(DESK, about="exam_request"),
    "coordination:exam-request-told": post(DESK, "exam_request"),
    "coordination:exam-request-decline": post(DESK, "exam_request"),
    "coordination:exam-request-withdraw": post(DESK, "exam_request"),
    "coordination:exam-request-done": post(DESK + "T", "exam_request"),
    "coordination:day-list": Route("T"),
    "coordination:platform-proof": Route("T"),
    "coordination:series": Route(TEAM + "TAXY"),
    "coordination:series-new": Route("A"),
    "coordination:series-edit": Route("A", kwargs=series_of),
    "coordination:series-page": Route(TEAM + "TA", kwargs=series_of),
    "coordination:proposal-change": Route(DESK, kwargs=series_of),
    "coordination:proposal-more": Route(DESK, kwargs=series_of),
    "coordination:proposal-exception": Route(DESK, kwargs=series_of),
    "coordination:proposal": Route(TEAM + "TA", about="series_proposal"),
    "coordination:proposal-accept": post("A", "series_proposal"),
    "coordination:proposal-decline": post("A", "series_proposal"),
    "coordination:proposal-withdraw": post("C", "series_proposal"),
    "coordination:exception-new": Route("A"),
    "coordination:exception-back": Route("A", about="slot_exception"),
    "coordination:slot-keep": post("A", "slot"),
    "coordination:resources": Route("A"),
    "coordination:resource-retire": post("A", "resource"),
    "coordination:policies": Route(TEAM + "TAXY"),
    "coordination:policy-new": Route("A"),
    "coordination:policy": Route(TEAM + "TA", about="policy"),
    "coordination:policy-pdf": Route(TEAM + "TA", about="policy"),
    "coordination:commitment-file": Route(TEAM + "TA", about="commitment_file"),
    "coordination:convention-new": Route("A"),
    "coordination:convention": Route(TEAM + "TA", about="convention"),
    "coordination:convention-confirm": post("", "convention"),  # the partner alone: none of these people
    "coordination:booking-done": post(DESK + "T", "booking"),
    "coordination:booking-missed": post(DESK + "T", "booking"),
    "coordination:booking-not-done": post(DESK + "T", "booking"),
    "coordination:booking-result": post(DESK + "T", "booking"),
    "coordination:booking-undo": post(DESK + "T", "booking"),
    "coordination:booking-cancel": post(DESK, "booking"),
    "coordination:book": Route(DESK, about="pathway"),
    "coordination:hold": post(DESK, "pathway", data=lambda cast: {"slot": cast.slot.uuid}),
    "coordination:hold-release": post(DESK, "pathway"),
    "coordination:book-together": post(DESK, "pathway"),
    "coordination:hold-together": post(DESK, "pathway"),
    "coordination:wait": post(DESK, "pathway", data=lambda cast: {"examen": cast.slot.exam_type.code}),
    "coordination:ask": post(DESK, "pathway", data=lambda cast: {"examen": cast.slot.exam_type.code}),
    "coordination:overbook": post(DESK, "pathway", data=lambda cast: {"examen": cast.slot.exam_type.code}),
    "coordination:appointment-sheet": Route(DESK, about="pathway"),
    "coordination:waiting": Route(DESK + "X"),
    "coordination:waiting-leave": post(DESK, "waiting_place"),
    "coordination:waiting-answer": post(DESK, "waiting_offer"),
    "coordination:to-tell": Route(DESK + "X"),
    "coordination:booking-move": Route(DESK, about="booking"),
    "coordination:booking-told": post(DESK, "cancelled_booking"),
    "coordination:contact": Route(TEAM, about="pathway"),
    "coordination:task-add": Route(TEAM, about="pathway"),
    "coordination:patient-mails": post(DESK + "P", "pathway", data=lambda cast: {"agree": "non"}),
    "coordination:pathway-panel": Route(FILE, about="pathway"),
    "coordination:notices": Route(FILE, about="pathway"),
    "coordination:lab-panel": Route(FILE, about="pathway"),
    "coordination:lab-request": Route(TEAM, about="pathway"),
    "coordination:lab-requests": Route(TEAM + "XY"),
    "coordination:lab-file": Route(FILE, about="lab_request"),
    "coordination:lab-sent": post(TEAM, "lab_request"),
    "coordination:lab-cancel": post(TEAM, "lab_request"),
    "coordination:lab-early": post(TEAM, "lab_request"),
    "coordination:lab-sheet": Route(TEAM + "T", about="lab_share"),
    "coordination:lab-share-link": post(TEAM, "lab_share"),
    "coordination:lab-correct": post(TEAM + "T", "lab_share"),
    "coordination:laboratory": Route("T"),
    "coordination:lab-share": Route("T", about="lab_share"),
    "coordination:lab-say": post("T", "lab_share"),
    "coordination:lab-noted": post("T", "lab_share"),
    "coordination:lab-report": Route("T", about="lab_share"),
    "coordination:lab-link": Route(public=True, kwargs=lab_token),
    "coordination:notices-send": post(DESK, "pathway"),
    "coordination:notices-inbox": Route(DESK + "X"),
    "coordination:notice": Route(DESK, about="notice"),
    "coordination:notice-send": post(DESK, "notice"),
    "coordination:notice-drop": post(DESK, "notice"),
    "coordination:notice-again": post(DESK, "notice"),
    "coordination:letter": Route(public=True, kwargs=notice_token),
    "coordination:daily-list": post(DESK + "X", ""),
    "coordination:paper": Route(TEAM, about="paper"),
    "coordination:paper-file": Route(TEAM, about="paper"),
    "coordination:paper-retry": post(TEAM, "paper"),
    "coordination:reviews": Route(TEAM + "XY"),
    "coordination:review-start": post(DESK, "", data=lambda cast: {"equipe": str(cast.team.uuid)}),
    "coordination:review": Route(TEAM, about="review"),
    "coordination:review-where": Route(TEAM, about="review"),
    "coordination:review-go": post(TEAM, "review", data=lambda cast: {"n": "1"}),
    "coordination:review-nothing": post(TEAM, "review", data=lambda cast: {"n": "1"}),
    "coordination:review-action": post(TEAM, "review", data=lambda cast: {"n": "1"}),
    "coordination:review-attendance": post(TEAM, "review"),
    "coordination:review-close": post(TEAM, "review"),
    "coordination:review-reopen": post(TEAM, "review"),
    "api:worklist": Route(DESK + "X"),
    "api:slots-free": Route(TEAM + "TXY"),
    "api:bookings": Route(DESK, "post", data=booking_request),
    "api:booking-cancel": post(DESK, "booking"),
    "api:booking-move": post(DESK, "booking"),
    "api:waiting": Route(DESK + "X"),
    "api:waiting-leave": post(DESK, "waiting_place"),
    "api:offer-answer": post(DESK, "waiting_offer"),
    "api:exam-requests": Route(DESK + "TX"),
    "api:exam-request": Route(DESK + "T", about="exam_request"),
    "api:exam-request-propose": post("T", "exam_request"),
    "api:exam-request-refuse": post("T", "exam_request"),
    "api:exam-request-take-back": post("T", "exam_request"),
    "api:exam-request-done": post(DESK + "T", "exam_request"),
    "api:exam-request-confirm": post(DESK, "exam_request"),
    "api:exam-request-decline": post(DESK, "exam_request"),
    "api:exam-request-withdraw": post(DESK, "exam_request"),
    # referrals
    "referrals:new": Route(public=True, kwargs=target_slug),
    "referrals:receipt": Route(public=True, kwargs=status_token),
    "referrals:follow": Route(public=True, kwargs=status_token),
    "referrals:sheet": Route(public=True, kwargs=target_slug),
    "referrals:inbox": Route(TEAM + "XY"),
    "referrals:enter": Route(TEAM + "XY"),
    "referrals:requesters": Route(TEAM + "XY"),
    "referrals:detail": Route(TEAM, about="referral"),
    "referrals:accept": post("CP", "referral"),
    "referrals:ask": post(TEAM, "referral"),
    "referrals:refuse": post("CP", "referral"),
    "referrals:redirect": post("CP", "referral"),
    "referrals:read": post(TEAM, "referral"),
    "referrals:link": post(TEAM, "referral"),
    "referrals:document": Route(TEAM, kwargs=referral_document),
    # rcp
    "rcp:register": Route(TEAM, about="pathway"),
    "rcp:panel": Route(TEAM, about="pathway"),
    "rcp:sessions": Route(TEAM + "QXY"),
    "rcp:follow-up": Route(TEAM + "XY"),
    "rcp:execute": post(TEAM, "action"),
    "rcp:deviate": post(TEAM, "action"),
    "rcp:reopen": post(TEAM, "action"),
    "rcp:letter": Route(public=True, kwargs=letter_token),
    "rcp:case": Route(FILE, about="case"),
    "rcp:prepare": Route(TEAM, about="case"),
    "rcp:decide": post("P", "case"),
    "rcp:correct": Route("P", kwargs=decided),
    "rcp:move": post(TEAM, "case"),
    "rcp:stream": post(TEAM, "case"),
    "rcp:absence": post(TEAM, "case", data=lambda cast: {"attendance": cast.attendance.uuid, "absent": "1"}),
    "rcp:postpone": Route(TEAM, about="case"),
    "rcp:withdraw": Route(TEAM, about="case"),
    "rcp:sheet": Route(TEAM, about="case"),
    "rcp:paper": Route(TEAM, kwargs=decided),
    "rcp:sent": post(TEAM, "", kwargs=decided),
    "rcp:session": Route(TEAM, kwargs=session),
    "rcp:attend": post(TEAM, "", kwargs=session, data=lambda cast: {"professional": cast.member.uuid, "mode": "room"}),
    "rcp:professionals": Route(TEAM, kwargs=session),
    "rcp:review-quorum": post(TEAM, "", kwargs=session),
    "rcp:close": post(TEAM, "", kwargs=session),
    "rcp:cancel": post(TEAM, "", kwargs=session),
}

THIRD_PARTY = ("admin:", "account_", "mfa_", "openid_connect_", "socialaccount_", "social/")
"""Routes of Django's admin and of allauth: covered by their own rules, see test_third_party."""
