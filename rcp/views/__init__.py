from rcp.views.attendance import absence, attend, professionals, review_quorum
from rcp.views.cases import case, postpone, prepare, stream, withdraw
from rcp.views.decisions import correct, decide
from rcp.views.follow_up import deviate, execute, follow_up, reopen
from rcp.views.letters import letter, paper, sent, sheet
from rcp.views.panel import panel
from rcp.views.register import register
from rcp.views.sessions import cancel, close, move, session, sessions

__all__ = [
    "absence",
    "attend",
    "cancel",
    "case",
    "close",
    "correct",
    "decide",
    "deviate",
    "execute",
    "follow_up",
    "letter",
    "move",
    "panel",
    "paper",
    "postpone",
    "prepare",
    "professionals",
    "register",
    "reopen",
    "review_quorum",
    "sent",
    "session",
    "sessions",
    "sheet",
    "stream",
    "withdraw",
]
