from directory.services.access import open_break_glass, record_access, record_accesses, review_break_glass
from directory.services.outbox import call_off, deliver, drain, post, send_once
from directory.services.pulse import beat

__all__ = [
    "beat",
    "call_off",
    "deliver",
    "drain",
    "open_break_glass",
    "post",
    "record_access",
    "record_accesses",
    "review_break_glass",
    "send_once",
]
