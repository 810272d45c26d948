"""What was promised, and by whom, beside the alert of a step that says it is late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils import timezone

from coordination.models import AskedExam, ExamRequest
from coordination.querysets.lab import open_exams
from coordination.services.promises import lab_ends
from directory.typography import moment
from pathways.models import Alert
from pathways.rules.milestones import MilestoneKind


def promised_words(alerts: Sequence[Alert]) -> dict[int, str]:
    """By the id of the alert, those of steps only: the alert of a promise says it itself. Two queries in all."""
    steps = {alert.pk: alert.step for alert in alerts if alert.step is not None}
    if not steps:
        return {}
    ids = {step.pathway_id for step in steps.values()}
    asked: dict[tuple[int, str], list[str]] = defaultdict(list)
    for request in (
        ExamRequest.objects.asked().filter(pathway__in=ids, promised_at__isnull=False).select_related("addressed_to")
    ):
        asked[request.pathway_id, request.step_key].append(_said(request.addressed_to.name, "une date", request))
    results: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for exam in (
        open_exams()
        .filter(
            share__sample__request__pathway__in=ids,
            share__sample__request__cancelled_at__isnull=True,
            promised_at__isnull=False,
        )
        .select_related("share__laboratory", "share__sample__request")
    ):
        words = _said(exam.share.laboratory.name, exam.label.lower(), exam)
        results[exam.share.sample.request.pathway_id].append((exam.exam, words))
    found = {}
    for alert in alerts:
        step = steps.get(alert.pk)
        if step is None:
            continue
        step.pathway = alert.pathway  # type: ignore[assignment]  # read with its version already
        ends = lab_ends(step)
        finals = {detail for kind, detail in ends if kind is MilestoneKind.LAB_FINAL}
        told = [words for code, words in results[step.pathway_id] if "" in finals or code in finals]
        told += asked[step.pathway_id, step.step_key] if step.step_key else []
        if told:
            found[alert.pk] = " ; ".join(told)
    return found


def _said(who: str, what: str, promise: ExamRequest | AskedExam) -> str:
    """« Promis par Anatomopathologie avant jeu. 3 déc. à 23 h 59 : histologie »."""
    assert promise.promised_at is not None  # asked for by the query
    return f"Promis par {who} avant {moment(promise.promised_at, timezone.localdate())} : {what}"
