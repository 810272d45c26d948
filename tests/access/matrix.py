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


def target_slug(cast: Cast) -> dict[str, Any]:
    return {"slug": cast.meeting.target.key}


def letter_token(cast: Cast) -> dict[str, Any]:
    from rcp.services import token_for

    return {"token": token_for(cast.decision, cast.users["G"].professional)}


def part(name: str) -> Callable[[Cast], dict[str, Any]]:
    """URL arguments of a part of the pathway: the pathway's uuid and the part's."""
    return lambda cast: {"uuid": cast.pathway.uuid, name: getattr(cast, name).uuid}


def session(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.meeting.session.uuid}


def decided(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.decision.case.uuid}


def circle_member(cast: Cast) -> dict[str, Any]:
    return {"uuid": cast.pathway.uuid, "professional": cast.users["G"].professional.uuid, "role": "gp"}


ROUTES: dict[str, Route] = {
    "home": Route(EVERYONE),
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
    "coordination:task-claim": post(TEAM, "task"),
    "coordination:task-give-back": post(TEAM, "task"),
    "coordination:task-complete": post(TEAM, "task"),
    "coordination:task-cancel": post(TEAM, "task"),
    "coordination:slots": Route(DESK + "TX"),
    "coordination:slot": Route(DESK + "T", about="slot"),
    "coordination:platform": Route("T"),
    "coordination:booking-done": post(DESK + "T", "booking"),
    "coordination:booking-missed": post(DESK + "T", "booking"),
    "coordination:booking-undo": post(DESK + "T", "booking"),
    "coordination:booking-cancel": post(DESK, "booking"),
    "coordination:book": Route(DESK, about="pathway"),
    "coordination:contact": Route(TEAM, about="pathway"),
    "coordination:task-add": post(TEAM, "pathway"),
    "coordination:pathway-panel": Route(FILE, about="pathway"),
    "coordination:notices": Route(FILE, about="pathway"),
    "coordination:notices-send": post(DESK, "pathway"),
    "api:worklist": Route(DESK + "X"),
    "api:slots-free": Route(DESK + "TX"),
    "api:bookings": Route(DESK, "post", data=booking_request),
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
