"""The requester in the directory: found, or written down for the first time."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from directory.models import Professional
from referrals.models import Referral
from referrals.rules import split_name


def requester_of(referral: Referral) -> Professional:
    """The professional who made the request: the one chosen at the desk, else by RPPS, else new.

    A name and an e-mail address prove nothing, so nobody is found by them; and what a public form says never
    overwrites what the directory knows.
    """
    if referral.requester:
        return referral.requester
    return known_requester(referral) or _create(referral)


def known_requester(referral: Referral) -> Professional | None:
    """The professional of the directory who carries the RPPS number given, if any."""
    if not referral.requester_rpps:
        return None
    return Professional.objects.filter(rpps=referral.requester_rpps).first()


def _create(referral: Referral) -> Professional:
    name = split_name(referral.requester_name)
    try:
        with transaction.atomic():
            return Professional.objects.create(
                title=name.title,
                last_name=name.last_name,
                first_name=name.first_name,
                profession=referral.requester_profession,
                specialty_label=referral.requester_specialty,
                rpps=referral.requester_rpps,
                in_town=True,
                phone=referral.requester_phone,
                email=referral.requester_email,
            )
    except IntegrityError:
        # Two requests of the same new doctor accepted at the same instant: the other one wrote the row.
        return Professional.objects.get(rpps=referral.requester_rpps)
