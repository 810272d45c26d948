from pathways.services.alerts import acknowledge_alert, repair_continuity, scan_delays
from pathways.services.documents import mark_given, receive_document, request_pps, retry_document
from pathways.services.file import write_appointment, write_opinion, write_summary, write_treatment
from pathways.services.ledger import (
    add_pause,
    cancel_pause,
    correct_milestone,
    end_pause,
    record_milestone,
    withdraw_milestone,
)
from pathways.services.pathways import (
    add_to_circle,
    assign_pathway,
    close_pathway,
    open_pathway,
    remove_from_circle,
    reopen_pathway,
    rewind_contact,
    touch_contact,
)
from pathways.services.patients import create_patient, update_patient
from pathways.services.plan import (
    assign_step,
    calendar_of,
    rebuild_once,
    rebuild_plan,
    rebuild_plans,
    restore_step,
    skip_step,
)
from pathways.services.targets import publish_target

__all__ = [
    "acknowledge_alert",
    "add_pause",
    "add_to_circle",
    "assign_pathway",
    "assign_step",
    "calendar_of",
    "cancel_pause",
    "close_pathway",
    "correct_milestone",
    "create_patient",
    "end_pause",
    "mark_given",
    "open_pathway",
    "publish_target",
    "rebuild_once",
    "rebuild_plan",
    "rebuild_plans",
    "receive_document",
    "record_milestone",
    "remove_from_circle",
    "reopen_pathway",
    "repair_continuity",
    "request_pps",
    "restore_step",
    "retry_document",
    "rewind_contact",
    "scan_delays",
    "skip_step",
    "touch_contact",
    "update_patient",
    "withdraw_milestone",
    "write_appointment",
    "write_opinion",
    "write_summary",
    "write_treatment",
]
