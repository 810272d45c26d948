"""What the desk asks of a platform about a series: proposed, withdrawn, declined, or accepted and done at once.

Accepting is the change itself, by the services of whoever manages the series: what was proposed is read again on the
series as it is that day, so that a proposal undoes nothing decided meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import (
    ProposalKind,
    ProposalState,
    Resource,
    SeriesProposal,
    SlotException,
    SlotSeries,
)
from coordination.services.exceptions import change_of_exception, exception_of, make_exception
from coordination.services.proposal_post import tell_answered, tell_proposed
from coordination.services.series import (
    SeriesValues,
    change_of_new,
    change_of_series,
    create_series,
    edit_series,
    refuse_outdated,
    values_of,
)
from coordination.services.series_drafts import Change
from directory.errors import DomainError
from directory.models import Professional, Team, User
from pathways.models import TargetPathway

ABOUT: dict[str, Any] = {"series": SlotSeries, "resource": Resource, "professional": Professional, "platform": Team}
MANY: dict[str, Any] = {"targets": TargetPathway, "practitioners": Professional}
ANSWERED = {
    ProposalState.ACCEPTED: "acceptée",
    ProposalState.DECLINED: "refusée",
    ProposalState.WITHDRAWN: "retirée",
}


def propose_change(
    *,
    series: SlotSeries,
    values: SeriesValues,
    reason: str,
    user: User,
    since: date | None = None,
    uuid: UUID | None = None,
) -> SeriesProposal:
    """Proposes to change a series: only what differs from it today is kept, with what it was.

    Raises DomainError when nothing differs, without a reason, or for values a series refuses.
    """
    change_of_series(series=series, values=values, since=since)
    before, after = _packed(values_of(series)), _packed(values)
    differ = {name: after[name] for name in after if after[name] != before[name]}
    if not differ:
        raise DomainError("Rien ne change : modifiez au moins une valeur.")
    asked = {"values": differ, "before": {name: before[name] for name in differ}, "since": since and str(since)}
    return _propose(series, ProposalKind.CHANGE, asked, reason, user, uuid)


def propose_series(
    *,
    series: SlotSeries,
    values: SeriesValues,
    valid_from: date,
    reason: str,
    user: User,
    uuid: UUID | None = None,
) -> SeriesProposal:
    """Proposes one more series of the exam and the platform of ``series``. Raises DomainError as `create_series`."""
    change_of_new(exam_type=series.exam_type, platform=series.platform, valid_from=valid_from, values=values)
    asked = {"values": _packed(values), "valid_from": str(valid_from)}
    return _propose(series, ProposalKind.MORE, asked, reason, user, uuid)


def propose_exception(*, series: SlotSeries, exception: SlotException, user: User) -> SeriesProposal:
    """Proposes an exception of `exception_of`, with its own reason."""
    scope = next(name for name in ABOUT if getattr(exception, f"{name}_id"))
    asked = {
        "scope": scope,
        "about": getattr(exception, f"{scope}_id"),
        "kind": exception.kind,
        "first_on": str(exception.first_on),
        "last_on": str(exception.last_on),
        "moved_to": exception.moved_to and exception.moved_to.isoformat(),
    }
    return _propose(series, ProposalKind.EXCEPTION, asked, exception.reason, user, exception.uuid)


@transaction.atomic
def _propose(
    series: SlotSeries, kind: ProposalKind, asked: dict[str, Any], reason: str, user: User, uuid: UUID | None
) -> SeriesProposal:
    """The same ``uuid`` twice proposes once."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi.", field="motive")
    made, fresh = SeriesProposal.objects.get_or_create(
        uuid=uuid or uuid4(),
        defaults={
            "series": series, "kind": kind, "asked": asked, "reason": reason.strip()[:300], "proposed_by": user,
        },
    )  # fmt: skip
    if fresh:
        tell_proposed(proposal=made)
    return made


def change_of_proposal(proposal: SeriesProposal, *, at: datetime | None = None) -> Change:
    """What accepting it now would do. Raises DomainError when it is no more possible."""
    asked, series = proposal.asked, proposal.series
    if proposal.kind == ProposalKind.CHANGE:
        return change_of_series(series=series, values=_values(series, asked), since=_day(asked["since"]), at=at)
    if proposal.kind == ProposalKind.MORE:
        return change_of_new(
            exam_type=series.exam_type, platform=series.platform, valid_from=_first_day(asked),
            values=_values(None, asked), at=at,
        )  # fmt: skip
    return change_of_exception(exception_asked(proposal), at=at)


def accept_proposal(*, proposal: SeriesProposal, user: User, seen: str | None = None) -> SeriesProposal:
    """Does what was proposed, now, by the service of the change itself. Accepted twice, it is done once.

    Raises DomainError (code ``answered``) when it was declined or withdrawn first, (code ``outdated``) when slots have
    changed since the preview ``seen``, or as the change does when it is no more possible: it then stays open.
    """
    with transaction.atomic():
        answered, first = _answer(proposal, ProposalState.ACCEPTED, user)
        if not first:
            return answered
        _do(answered, user, seen)
        tell_answered(proposal=answered)
    return answered


def _do(proposal: SeriesProposal, user: User, seen: str | None) -> None:
    asked, series = proposal.asked, proposal.series
    if proposal.kind == ProposalKind.CHANGE:
        proposal.made = edit_series(
            series=series, values=_values(series, asked), since=_day(asked["since"]), user=user, seen=seen
        )
    elif proposal.kind == ProposalKind.MORE:
        values = _values(None, asked)
        refuse_outdated(change_of_proposal(proposal), seen)
        proposal.made = create_series(
            exam_type=series.exam_type, platform=series.platform, valid_from=_first_day(asked), user=user,
            uuid=uuid5(proposal.uuid, "made"), targets=values.targets, practitioners=values.practitioners,
            **values.fields(),
        )  # fmt: skip
    else:
        proposal.exception = make_exception(exception=exception_asked(proposal), user=user, seen=seen)
    proposal.save(update_fields=["made", "exception"])


@transaction.atomic
def decline_proposal(*, proposal: SeriesProposal, why: str, user: User) -> SeriesProposal:
    """Says no, and why. Raises DomainError without a reason, or when it was answered already (code ``answered``)."""
    if not why.strip():
        raise DomainError("Indiquez pourquoi : la coordination lira votre réponse.", field="why")
    answered, first = _answer(proposal, ProposalState.DECLINED, user, why.strip()[:300])
    if first:
        tell_answered(proposal=answered)
    return answered


@transaction.atomic
def withdraw_proposal(*, proposal: SeriesProposal, user: User) -> SeriesProposal:
    """Its author gives it up. Raises DomainError for anybody else, or when it was answered already."""
    if proposal.proposed_by_id != user.pk:
        raise DomainError("Seul son auteur retire une proposition.", code="not_author")
    return _answer(proposal, ProposalState.WITHDRAWN, user)[0]


def _answer(
    proposal: SeriesProposal, state: ProposalState, user: User, answer: str = ""
) -> tuple[SeriesProposal, bool]:
    """One answer wins, by one update; the same again changes nothing. Returns the row, and whether this one won."""
    won = SeriesProposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN).update(
        state=state, answered_at=timezone.now(), answered_by=user, answer=answer
    )
    fresh = SeriesProposal.objects.with_list_data().get(pk=proposal.pk)
    if not won and fresh.state != state:
        said = ANSWERED[ProposalState(fresh.state)]
        raise DomainError(f"Cette proposition a déjà été {said} par {fresh.answered_by}.", code="answered")
    return fresh, bool(won)


def as_proposed(proposal: SeriesProposal) -> tuple[SeriesValues | None, SeriesValues]:
    """The series as it was (None for one more), and as it is asked to be; both over what it is today."""
    asked = proposal.asked
    if proposal.kind == ProposalKind.MORE:
        return None, _values(None, asked, strict=False)
    return _values(proposal.series, {"values": asked["before"]}, strict=False), _values(
        proposal.series, asked, strict=False
    )


def exception_asked(proposal: SeriesProposal) -> SlotException:
    """The exception it asks for, checked again. Raises DomainError when it is no more possible."""
    asked = proposal.asked
    about = ABOUT[asked["scope"]].objects.filter(pk=asked["about"]).first()
    if about is None or (isinstance(about, Resource) and not about.is_active):
        raise DomainError("Cet appareil ou cette salle n’est plus en service.", code="gone")
    return exception_of(
        kind=asked["kind"], first_on=date.fromisoformat(asked["first_on"]),
        last_on=date.fromisoformat(asked["last_on"]), reason=proposal.reason[:160],
        moved_to=datetime.fromisoformat(asked["moved_to"]) if asked["moved_to"] else None,
        uuid=uuid5(proposal.uuid, "made"), **{asked["scope"]: about},
    )  # fmt: skip


def _packed(values: SeriesValues) -> dict[str, Any]:
    """As JSON keeps it: keys of rows, text of days and hours."""
    packed: dict[str, Any] = {name: sorted(each.pk for each in getattr(values, name)) for name in MANY}
    for name, value in values.fields().items():
        if isinstance(value, Resource):
            value = value.pk
        packed[name] = value.isoformat(timespec="minutes") if isinstance(value, time) else value
    return packed | {"valid_until": str(values.valid_until) if values.valid_until else None}


def _values(series: SlotSeries | None, asked: Mapping[str, Any], *, strict: bool = True) -> SeriesValues:
    """What is asked, over the series as it is today. Raises DomainError when a machine has gone meanwhile."""
    packed = {**(_packed(values_of(series)) if series else {}), **asked["values"]}
    given: dict[str, Any] = dict(packed)
    for name, model in MANY.items():
        given[name] = list(model.objects.filter(pk__in=packed[name]).order_by("pk"))
    given["starts_at"] = time.fromisoformat(packed["starts_at"])
    given["valid_until"] = _day(packed["valid_until"])
    if packed["resource"] is not None:
        given["resource"] = Resource.objects.filter(pk=packed["resource"]).first()
        if strict and "resource" in asked["values"] and not (given["resource"] and given["resource"].is_active):
            raise DomainError("Cet appareil ou cette salle n’est plus en service.", code="gone")
    return SeriesValues(**given)


def _first_day(asked: Mapping[str, Any]) -> date:
    return max(date.fromisoformat(asked["valid_from"]), timezone.localdate())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
