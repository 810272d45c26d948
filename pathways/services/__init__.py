from pathways.services.alert_post import send_alert_digests, tell_new_alerts
from pathways.services.alerts import acknowledge_alert, repair_continuity, set_alert_preference
from pathways.services.calendars import calendar_of
from pathways.services.causes import confirm_delay_cause, withdraw_delay_cause
from pathways.services.documents import mark_given, receive_document, request_pps, retry_document
from pathways.services.drafts import (
    as_given_up,
    drop_draft,
    load_draft,
    publish_draft,
    rebase_draft,
    save_draft,
    start_draft,
)
from pathways.services.file import write_appointment, write_opinion, write_summary, write_treatment
from pathways.services.ledger import correct_milestone, lock_pathway, record_milestone, withdraw_milestone
from pathways.services.moving import move_all_to_version, move_to_version, switch_pathway
from pathways.services.new_targets import begin_target
from pathways.services.pathways import (
    add_to_circle,
    assign_pathway,
    close_pathway,
    link_pathway,
    open_pathway,
    remove_from_circle,
    reopen_pathway,
    rewind_contact,
    touch_contact,
)
from pathways.services.patients import create_patient, update_patient
from pathways.services.pauses import add_pause, cancel_pause, end_pause, pause_codes_for
from pathways.services.plan import (
    assign_step,
    rebuild_once,
    rebuild_plan,
    rebuild_plans,
    restore_step,
    skip_step,
)
from pathways.services.rehearsals import ask_rehearsal
from pathways.services.scan import scan_delays
from pathways.services.stand_ins import Acting, set_stand_ins
from pathways.services.targets import publish_target
from pathways.services.watches import met, watch

__all__ = [
    "Acting",
    "acknowledge_alert",
    "add_pause",
    "add_to_circle",
    "as_given_up",
    "ask_rehearsal",
    "assign_pathway",
    "assign_step",
    "begin_target",
    "calendar_of",
    "cancel_pause",
    "close_pathway",
    "confirm_delay_cause",
    "correct_milestone",
    "create_patient",
    "drop_draft",
    "end_pause",
    "link_pathway",
    "load_draft",
    "lock_pathway",
    "mark_given",
    "met",
    "move_all_to_version",
    "move_to_version",
    "open_pathway",
    "pause_codes_for",
    "publish_draft",
    "publish_target",
    "rebase_draft",
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
    "save_draft",
    "scan_delays",
    "send_alert_digests",
    "set_alert_preference",
    "set_stand_ins",
    "skip_step",
    "start_draft",
    "switch_pathway",
    "tell_new_alerts",
    "touch_contact",
    "update_patient",
    "watch",
    "withdraw_delay_cause",
    "withdraw_milestone",
    "write_appointment",
    "write_opinion",
    "write_summary",
    "write_treatment",
]
