"""Who of the meeting reads a registered patient's file, and until when (CSP L1110-12)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from directory.models import Professional
from pathways import services as pathways
from pathways.models import CircleRole
from rcp.models import RcpCase, RcpSession

READS_AFTER = timedelta(days=30)
"""The meeting's participants read the file until then after the session, to write letters and plan care."""


def open_circle(*, case: RcpCase) -> None:
    """The members of the series, the presenter and those already in the room join the circle of the pathway."""
    session = case.session
    people = {person.pk: person for person in session.series.members.all()}
    people |= {a.professional_id: a.professional for a in session.attendances.select_related("professional")}
    if case.presenter:
        people[case.presenter.pk] = case.presenter
    _join(case, people.values())


def welcome(*, session: RcpSession, professional: Professional) -> None:
    """Someone attends: the files of the agenda open to them."""
    for case in session.cases.on_agenda().select_related("pathway", "session"):
        _join(case, [professional])


def close_circle(*, case: RcpCase) -> None:
    """The meeting stops reading a file that no session expects any more."""
    if RcpCase.objects.filter(pathway=case.pathway_id).on_agenda().exists():
        return
    for member in case.pathway.circle.current().filter(role=CircleRole.RCP):
        pathways.remove_from_circle(member=member)


def _join(case: RcpCase, people: Iterable[Professional]) -> None:
    until = case.session.ends_at + READS_AFTER
    for professional in people:
        pathways.add_to_circle(pathway=case.pathway, professional=professional, role=CircleRole.RCP, until=until)
