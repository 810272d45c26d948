from referrals.views.desk import detail, document, inbox
from referrals.views.entry import enter, requesters
from referrals.views.follow import follow, receipt
from referrals.views.public import new, sheet
from referrals.views.triage import accept, ask, link, read, redirect, refuse

__all__ = [
    "accept",
    "ask",
    "detail",
    "document",
    "enter",
    "follow",
    "inbox",
    "link",
    "new",
    "read",
    "receipt",
    "redirect",
    "refuse",
    "requesters",
    "sheet",
]
