from coordination.services.acts import act_on_rows, undo_act
from coordination.services.booking import book_slot, cancel_booking
from coordination.services.bundles import book_bundle, cancel_bundle, hold_bundle
from coordination.services.closing import stop_expecting, tell_what_was_given_away
from coordination.services.contacts import postpone_call, record_contact, withdraw_contact
from coordination.services.cover_turns import settle_covers
from coordination.services.covers import change_return, come_back, follow_owner, hand_over, mark_read
from coordination.services.duties import leave_post, set_day, set_usual_week, take_post
from coordination.services.exam_types import load_exam_types
from coordination.services.exceptions import (
    change_of_exception,
    exception_of,
    keep_slot,
    make_exception,
    one_week,
    take_back_exception,
)
from coordination.services.feeds import make_feed, open_feed, revoke_feed
from coordination.services.holds import drop_ended_holds, drop_holds, hold_place, let_go, renew_hold
from coordination.services.lab_answers import correct_answer, follow_withdrawal, say_answer, start_early_actions
from coordination.services.lab_forms import install_lab_forms
from coordination.services.lab_links import (
    check_opened,
    open_lab_link,
    read_lab_link,
    renew_lab_link,
    revoke_lab_link,
)
from coordination.services.lab_requests import (
    cancel_lab_request,
    mark_forwarded,
    mark_received,
    mark_sample_sent,
    send_lab_request,
)
from coordination.services.marks import (
    mark_done,
    mark_missed,
    mark_not_done,
    mark_result_ready,
    take_back_result,
    undo_mark,
)
from coordination.services.meetings import (
    close_review,
    decide_action,
    look_at,
    note_attendance,
    note_nothing,
    reopen_review,
    start_review,
)
from coordination.services.moving import history_of, move_booking, overbook, overbookers
from coordination.services.new_tasks import create_task
from coordination.services.notice_letters import open_notice, read_link
from coordination.services.notice_post import (
    accept_notice,
    drop_notice,
    drop_when_told_otherwise,
    keep_words,
    note_told,
    propose_again,
    send_notice_again,
    send_pending_notices,
)
from coordination.services.notices import notify_gp, rectify_notice, tell_gp_of_appointments
from coordination.services.offers import answer_offer, offer_freed_places
from coordination.services.papers import (
    erase_daily_lists,
    produce_paper,
    request_daily_list,
    request_minutes,
    requeue_papers,
    retry_paper,
)
from coordination.services.recurrence import (
    make_next_occurrences,
    next_occurrence,
    pause_series,
    repeat_task,
    resume_series,
    stop_coming_back,
    stop_series,
)
from coordination.services.release import release_unused_slots
from coordination.services.requests import (
    ask_exam,
    cancel_request,
    close_request,
    confirm_date,
    propose_date,
    refuse_request,
    stop_requests,
    warn_of_promises,
)
from coordination.services.resources import add_resource, retire_resource
from coordination.services.reviews import ask_review, ask_switch_review
from coordination.services.saved_views import delete_view, open_on, save_view
from coordination.services.seats import Wish
from coordination.services.series import SeriesValues, change_of_series, create_series, edit_series, generate_slots
from coordination.services.slots import close_slot, reopen_slot
from coordination.services.tasks import (
    cancel_task,
    claim_task,
    close_by_evidence,
    complete_task,
    follow_team,
    give_back_task,
    give_task,
    reopen_without_evidence,
    tick_item,
)
from coordination.services.telling import acknowledge_told
from coordination.services.waiting import join_waiting, leave_waiting, stop_waiting

__all__ = [
    "SeriesValues",
    "Wish",
    "accept_notice",
    "acknowledge_told",
    "act_on_rows",
    "add_resource",
    "answer_offer",
    "ask_exam",
    "ask_review",
    "ask_switch_review",
    "book_bundle",
    "book_slot",
    "cancel_booking",
    "cancel_bundle",
    "cancel_lab_request",
    "cancel_request",
    "cancel_task",
    "change_of_exception",
    "change_of_series",
    "change_return",
    "check_opened",
    "claim_task",
    "close_by_evidence",
    "close_request",
    "close_review",
    "close_slot",
    "come_back",
    "complete_task",
    "confirm_date",
    "correct_answer",
    "create_series",
    "create_task",
    "decide_action",
    "delete_view",
    "drop_ended_holds",
    "drop_holds",
    "drop_notice",
    "drop_when_told_otherwise",
    "edit_series",
    "erase_daily_lists",
    "exception_of",
    "follow_owner",
    "follow_team",
    "follow_withdrawal",
    "generate_slots",
    "give_back_task",
    "give_task",
    "hand_over",
    "history_of",
    "hold_bundle",
    "hold_place",
    "install_lab_forms",
    "join_waiting",
    "keep_slot",
    "keep_words",
    "leave_post",
    "leave_waiting",
    "let_go",
    "load_exam_types",
    "look_at",
    "make_exception",
    "make_feed",
    "make_next_occurrences",
    "mark_done",
    "mark_forwarded",
    "mark_missed",
    "mark_not_done",
    "mark_read",
    "mark_received",
    "mark_result_ready",
    "mark_sample_sent",
    "move_booking",
    "next_occurrence",
    "note_attendance",
    "note_nothing",
    "note_told",
    "notify_gp",
    "offer_freed_places",
    "one_week",
    "open_feed",
    "open_lab_link",
    "open_notice",
    "open_on",
    "overbook",
    "overbookers",
    "pause_series",
    "postpone_call",
    "produce_paper",
    "propose_again",
    "propose_date",
    "read_lab_link",
    "read_link",
    "record_contact",
    "rectify_notice",
    "refuse_request",
    "release_unused_slots",
    "renew_hold",
    "renew_lab_link",
    "reopen_review",
    "reopen_slot",
    "reopen_without_evidence",
    "repeat_task",
    "request_daily_list",
    "request_minutes",
    "requeue_papers",
    "resume_series",
    "retire_resource",
    "retry_paper",
    "revoke_feed",
    "revoke_lab_link",
    "save_view",
    "say_answer",
    "send_lab_request",
    "send_notice_again",
    "send_pending_notices",
    "set_day",
    "set_usual_week",
    "settle_covers",
    "start_early_actions",
    "start_review",
    "stop_coming_back",
    "stop_expecting",
    "stop_requests",
    "stop_series",
    "stop_waiting",
    "take_back_exception",
    "take_back_result",
    "take_post",
    "tell_gp_of_appointments",
    "tell_what_was_given_away",
    "tick_item",
    "undo_act",
    "undo_mark",
    "warn_of_promises",
    "withdraw_contact",
]
