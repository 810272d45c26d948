from pathways.views.alerts import alert_acknowledge, alert_list, alert_preferences
from pathways.views.causes import delay_cause, delay_cause_withdraw
from pathways.views.circle import circle_add, circle_remove
from pathways.views.course import pathway_assign, pathway_close, pathway_link, pathway_reopen
from pathways.views.documents import document, document_given, document_retry, document_status, pps_request
from pathways.views.drafts import (
    draft,
    draft_drop,
    draft_entry,
    draft_entry_add,
    draft_file,
    draft_head,
    draft_load,
    draft_order,
    draft_preview,
    draft_start,
    draft_step,
    draft_step_add,
)
from pathways.views.emergency import break_glass
from pathways.views.file import detail, history, summary
from pathways.views.listing import find, pathway_list
from pathways.views.milestones import milestone_add, milestone_correct, milestone_withdraw
from pathways.views.moving import move_many, pathway_move, pathway_switch
from pathways.views.new_target import target_new
from pathways.views.patients import edit, gp_options, look_alikes, new, open_pathway
from pathways.views.pauses import pause_add, pause_cancel, pause_end
from pathways.views.publishing import draft_publish, draft_rebase, draft_rehearsal
from pathways.views.steps import step_assign, step_done, step_restore, step_skip
from pathways.views.targets import target, target_chart, target_file, target_list, target_version

__all__ = [
    "alert_acknowledge",
    "alert_list",
    "alert_preferences",
    "break_glass",
    "circle_add",
    "circle_remove",
    "delay_cause",
    "delay_cause_withdraw",
    "detail",
    "document",
    "document_given",
    "document_retry",
    "document_status",
    "draft",
    "draft_drop",
    "draft_entry",
    "draft_entry_add",
    "draft_file",
    "draft_head",
    "draft_load",
    "draft_order",
    "draft_preview",
    "draft_publish",
    "draft_rebase",
    "draft_rehearsal",
    "draft_start",
    "draft_step",
    "draft_step_add",
    "edit",
    "find",
    "gp_options",
    "history",
    "look_alikes",
    "milestone_add",
    "milestone_correct",
    "milestone_withdraw",
    "move_many",
    "new",
    "open_pathway",
    "pathway_assign",
    "pathway_close",
    "pathway_link",
    "pathway_list",
    "pathway_move",
    "pathway_reopen",
    "pathway_switch",
    "pause_add",
    "pause_cancel",
    "pause_end",
    "pps_request",
    "step_assign",
    "step_done",
    "step_restore",
    "step_skip",
    "summary",
    "target",
    "target_chart",
    "target_file",
    "target_list",
    "target_new",
    "target_version",
]
