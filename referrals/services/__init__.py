from referrals.services.drafts import discard_draft_file, keep_draft_files, purge_drafts
from referrals.services.requester import write_back
from referrals.services.submission import submit_referral
from referrals.services.triage import (
    accept_referral,
    ask_complement,
    mark_read,
    redirect_referral,
    refuse_referral,
    send_link,
)
from referrals.services.watching import watch_promise, watch_promises

__all__ = [
    "accept_referral",
    "ask_complement",
    "discard_draft_file",
    "keep_draft_files",
    "mark_read",
    "purge_drafts",
    "redirect_referral",
    "refuse_referral",
    "send_link",
    "submit_referral",
    "watch_promise",
    "watch_promises",
    "write_back",
]
