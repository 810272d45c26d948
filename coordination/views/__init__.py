from coordination.views.booking import book, cancel, done, missed, undo
from coordination.views.contacts import contact
from coordination.views.panel import notices, pathway_panel, send_notices
from coordination.views.worklist import worklist

__all__ = [
    "book",
    "cancel",
    "contact",
    "done",
    "missed",
    "notices",
    "pathway_panel",
    "send_notices",
    "undo",
    "worklist",
]
