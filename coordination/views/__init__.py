from coordination.views.booking import book, cancel, done, missed, not_done, result_ready, undo
from coordination.views.contacts import contact
from coordination.views.panel import notices, pathway_panel, send_notices
from coordination.views.worklist import worklist

__all__ = [
    "book",
    "cancel",
    "contact",
    "done",
    "missed",
    "not_done",
    "notices",
    "pathway_panel",
    "result_ready",
    "send_notices",
    "undo",
    "worklist",
]
