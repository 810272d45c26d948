"""Pure rules of the front door: no ORM, no request, no clock read inside (the instant is an argument)."""

from referrals.rules.completeness import complete_since, usually_missing
from referrals.rules.dates import implausible_birth_date, read_day, read_day_or_month
from referrals.rules.people import Name, initials, rpps_checksum_fails, rpps_digits, split_name
from referrals.rules.promise import Countdown, Promise, countdown
from referrals.rules.receipts import normalise_receipt, receipt
from referrals.rules.states import Action, is_open, next_status, possible, takes_files, takes_notes

__all__ = [
    "Action",
    "Countdown",
    "Name",
    "Promise",
    "complete_since",
    "countdown",
    "implausible_birth_date",
    "initials",
    "is_open",
    "next_status",
    "normalise_receipt",
    "possible",
    "read_day",
    "read_day_or_month",
    "receipt",
    "rpps_checksum_fails",
    "rpps_digits",
    "split_name",
    "takes_files",
    "takes_notes",
    "usually_missing",
]
