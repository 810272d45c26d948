"""Reads of the front door. A filter is one `Q`, used by the list and by its counter alike."""

# Models import this module, which names them only to type itself: mypy does not untie a base class from the cycle.
# mypy: disable-error-code="name-defined"

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, Count, F, Prefetch, Q, Value, When

from directory.models import Role

if TYPE_CHECKING:
    from directory.models import User
    from referrals.models import Referral

READS_TEAM = (Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)


def to_triage() -> Q:
    """The answer is ours to give."""
    return Q(status="received")


def incomplete() -> Q:
    """A complement was asked and has not come."""
    return Q(status="incomplete")


def promise_broken(at: datetime) -> Q:
    """The answer is ours to give and the published promise has passed (ENT-06). The only definition there is."""
    return Q(status="received", answer_due_at__lt=at)


def promise_soon(at: datetime) -> Q:
    """The answer is ours to give, and little is left of the promise."""
    return Q(status="received", answer_warn_at__lte=at, answer_due_at__gte=at)


def news() -> Q:
    """The requester wrote something nobody has read yet."""
    return Q(has_news=True)


Filter = Callable[[datetime], Q]
FILTERS: dict[str, Filter] = {
    "a-trier": lambda at: to_triage(),
    "promesse": promise_broken,
    "complement": lambda at: incomplete(),
    "messages": lambda at: news(),
    "toutes": lambda at: Q(),
}
"""The inbox's filters, by the word in the address; the first is the default."""


def waiting_for(user: User, at: datetime) -> ReferralQuerySet:
    """For the menu and the worklist: the rows of the inbox's first list."""
    from referrals.models import Referral

    return Referral.objects.visible_to(user).filtered("a-trier", at)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> Self:
        """Requests addressed to a team the user coordinates, keeps the desk of, or practises in."""
        return self.filter(team__in=user.teams_as(*READS_TEAM))

    def to_triage(self) -> Self:
        """Neither accepted, refused nor redirected yet; soonest promise first."""
        return self.filter(to_triage() | incomplete()).order_by("answer_due_at", "id")

    def promise_broken(self, at: datetime) -> Self:
        return self.filter(promise_broken(at))

    def promise_soon(self, at: datetime) -> Self:
        """For the badge and, later, the alerts."""
        return self.filter(promise_soon(at))

    def filtered(self, name: str, at: datetime) -> Self:
        """The rows of one filter of the inbox. Raises KeyError for an unknown name."""
        return self.filter(FILTERS[name](at))

    def counters(self, at: datetime) -> dict[str, int]:
        """How many rows each filter of the inbox has, and how many promises are about to break (``soon``)."""
        counts = {name.replace("-", "_"): Count("pk", filter=found(at)) for name, found in FILTERS.items()}
        return self.aggregate(**counts, soon=Count("pk", filter=promise_soon(at)))

    def search(self, words: str) -> Self:
        """By receipt number as dictated, patient's or requester's name; accents ignored.

        « Rousseau » may be a number misread as well as a name: both are looked for.
        """
        from referrals.rules import normalise_receipt

        named = Q()
        for word in words.split()[:6]:
            named &= (
                Q(birth_name__unaccent__icontains=word)
                | Q(used_name__unaccent__icontains=word)
                | Q(first_name__unaccent__icontains=word)
                | Q(requester_name__unaccent__icontains=word)
            )
        return self.filter(named | Q(receipt=normalise_receipt(words) or ""))

    def inbox_order(self) -> Self:
        """Ours to answer first, urgency signs before others, soonest promise first; then awaited complements, the
        longest awaited first; then what is settled, newest first."""
        return self.order_by(
            Case(When(to_triage(), then=Value(0)), When(incomplete(), then=Value(1)), default=Value(2)),
            Case(When(to_triage() & ~Q(urgency_signs=[]), then=Value(0)), default=Value(1)),
            Case(When(to_triage(), then=F("answer_due_at"))).asc(nulls_last=True),
            Case(When(incomplete(), then=F("received_at"))).asc(nulls_last=True),
            "-received_at",
            "-id",
        )

    def with_list_data(self) -> Self:
        return self.select_related("target", "team", "establishment", "pathway").annotate(
            document_count=Count("documents")
        )

    def with_page_data(self) -> Self:
        """Everything the coordinator's page shows of one request."""
        from referrals.models import ReferralEvent

        return self.select_related(
            "target__team", "team", "establishment", "requester", "triaged_by__professional",
            "entered_by__professional", "pathway__patient", "pathway__owner__professional",
        ).prefetch_related(
            "documents", Prefetch("events", ReferralEvent.objects.select_related("by__professional"))
        )  # fmt: skip

    def twins_of(self, referral: Referral) -> Self:
        """Other requests for what looks like the same person, at the same establishment."""
        return self.filter(
            Q(birth_name__unaccent__iexact=referral.birth_name) | Q(first_name__unaccent__iexact=referral.first_name),
            establishment=referral.establishment_id,
            birth_date=referral.birth_date,
        ).exclude(pk=referral.pk)


class DraftDocumentQuerySet(models.QuerySet["ReferralDraftDocument"]):
    def of_form(self, form_key: object) -> Self:
        return self.filter(form_key=form_key)

    def expired(self, at: datetime) -> Self:
        return self.filter(expires_at__lt=at)
