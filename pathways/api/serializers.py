"""What the API says of a pathway; the lateness is the very annotation the pages show."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pathways.delays import Part
from pathways.models import Alert, DelayCause, Milestone, Pathway, Pause, Step
from pathways.models.causes import PHASES
from pathways.rules.levels import Level
from pathways.rules.milestones import MilestoneKind
from pathways.views.sheet import DayCount

LATENESS = (
    "late", "soon", "on_time", "optional", "undated", "done", "done_late", "waiting", "skipped", "not_applicable",
)  # fmt: skip


class StepSerializer(serializers.ModelSerializer[Step]):
    """One step of the plan. Instants are UTC; `due_at` counts the pauses, `raw_due_at` does not."""

    lateness = serializers.ChoiceField(choices=LATENESS, read_only=True)
    assignee = serializers.CharField(source="assignee.email", default=None, read_only=True)

    class Meta:
        model = Step
        fields = (
            "uuid", "key", "label", "phase", "actor", "state", "lateness", "projected", "paused", "optional",
            "anchor_at", "due_at", "raw_due_at", "warn_at", "done_at", "skip_reason", "assignee",
        )  # fmt: skip


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An open alert. `since` is the instant its level was reached; unanswered, it goes up at `next_level_at`."""

    level = serializers.SerializerMethodField()
    step = serializers.CharField(source="step.key", default=None, read_only=True)

    class Meta:
        model = Alert
        fields = (
            "uuid", "kind", "level", "step", "label", "since", "raised_at", "acknowledged_at", "acknowledge_reason",
            "snoozed_until", "next_level_at",
        )  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=[level.value for level in Level]))
    def get_level(self, alert: Alert) -> str:
        return Level.of(alert.level).value


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    """A dated fact in force."""

    class Meta:
        model = Milestone
        fields = ("uuid", "kind", "detail", "occurred_at", "recorded_at", "source", "note")


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "uuid": {"type": "string", "format": "uuid"},
            "file_number": {"type": "string"},
            "birth_name": {"type": "string"},
            "first_name": {"type": "string"},
            "birth_date": {"type": "string", "format": "date"},
            "sex": {"type": "string", "enum": ["F", "M", "I"]},
            "identity_status": {"type": "string", "enum": ["PROV", "VALI", "RECUP", "QUAL"]},
        },
    }
)
class PatientField(serializers.Field):  # type: ignore[type-arg]
    """The traits a caller needs to recognise the patient; never the matricule."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        return {
            "uuid": str(value.uuid),
            "file_number": value.file_number,
            "birth_name": value.birth_name,
            "first_name": value.first_name,
            "birth_date": value.birth_date.isoformat(),
            "sex": value.sex,
            "identity_status": value.identity_status,
        }


class PathwaySerializer(serializers.ModelSerializer[Pathway]):
    """A row of the list: the pathway and its next step."""

    patient = PatientField(read_only=True)
    target = serializers.CharField(source="version.target.key", read_only=True)
    target_name = serializers.CharField(source="version.target.name", read_only=True)
    target_version = serializers.IntegerField(source="version.number", read_only=True)
    team = serializers.UUIDField(source="team.uuid", read_only=True)
    owner = serializers.CharField(source="owner.email", default=None, read_only=True)
    next_step = StepSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Pathway
        fields = (
            "uuid", "reference", "status", "patient", "target", "target_name", "target_version", "team", "owner",
            "opened_at", "closed_at", "closing_reason", "next_due_at", "next_step",
        )  # fmt: skip


class PauseSerializer(serializers.ModelSerializer[Pause]):
    """Days set apart in the wait: both included, local dates; no end while it runs."""

    kind = serializers.CharField(source="kind.code", read_only=True)
    kind_label = serializers.CharField(source="kind.label", read_only=True)

    class Meta:
        model = Pause
        fields = ("uuid", "kind", "kind_label", "starts_on", "ends_on", "stops_clock", "note")


class CauseSerializer(serializers.ModelSerializer[DelayCause]):
    """Why a part of the way took too long, as somebody confirmed it."""

    code = serializers.CharField(source="code.code", read_only=True)
    code_label = serializers.CharField(source="code.label", read_only=True)

    class Meta:
        model = DelayCause
        fields = ("uuid", "code", "code_label", "avoidable", "comment", "excess_days", "recorded_at")


class PartSerializer(serializers.Serializer[Part]):
    """One part of the wait. `adjusted_days` leaves the pauses out; `share_days` is what the target leaves it."""

    phase = serializers.ChoiceField(choices=PHASES, source="segment.phase.value", read_only=True)
    starts_at = serializers.DateTimeField(source="segment.starts_at", read_only=True)
    ends_at = serializers.DateTimeField(source="segment.ends_at", read_only=True)
    raw_days = serializers.IntegerField(source="segment.raw_days", read_only=True)
    adjusted_days = serializers.IntegerField(source="segment.adjusted_days", read_only=True)
    share_days = serializers.IntegerField(source="segment.share_days", read_only=True)
    runs = serializers.BooleanField(source="segment.runs", read_only=True)
    cause = CauseSerializer(read_only=True, allow_null=True)


class WaitSerializer(serializers.Serializer[DayCount]):
    """The wait as a whole, in calendar days: as lived (`raw_days`) and without the pauses (`adjusted_days`)."""

    since = serializers.DateTimeField(source="start", read_only=True)
    until = serializers.DateTimeField(source="end", read_only=True)
    raw_days = serializers.IntegerField(source="raw", read_only=True)
    adjusted_days = serializers.IntegerField(source="adjusted", read_only=True)
    target_days = serializers.IntegerField(read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True, allow_null=True)
    late = serializers.BooleanField(read_only=True)
    ended = serializers.BooleanField(read_only=True)
    parts = PartSerializer(many=True, read_only=True)
    proposed_cause_in = serializers.ChoiceField(
        choices=PHASES,
        read_only=True,
        allow_null=True,
        help_text="The part most beyond its share.",
    )


class PathwayDetailSerializer(PathwaySerializer):
    """The pathway with its steps, their lateness, its milestones in force, its pauses, and where its wait went."""

    linked_to = serializers.UUIDField(
        source="follows", read_only=True, allow_null=True, help_text="The earlier pathway, when the caller may read it."
    )
    steps = StepSerializer(many=True, read_only=True)
    pauses = PauseSerializer(source="running_pauses", many=True, read_only=True)
    wait = WaitSerializer(read_only=True)
    milestones = MilestoneSerializer(source="facts", many=True, read_only=True)
    alerts = AlertSerializer(source="open_alerts", many=True, read_only=True)

    class Meta(PathwaySerializer.Meta):
        fields = (  # type: ignore[assignment]
            *PathwaySerializer.Meta.fields, "linked_to", "link_kind", "steps", "milestones", "alerts", "pauses", "wait",
        )  # fmt: skip


class NewMilestoneSerializer(serializers.Serializer[Milestone]):
    """A milestone to record. The same `dedup_key` twice records it once."""

    kind = serializers.ChoiceField(choices=MilestoneKind.choices())
    occurred_at = serializers.DateTimeField(help_text="When it happened, with a time zone.")
    detail = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    dedup_key = serializers.CharField(
        max_length=60, required=False, help_text="The caller's own key of the fact, for safe repeats."
    )


class FilterSerializer(serializers.Serializer[Pathway]):
    """Filters of the list, as on the page."""

    q = serializers.CharField(required=False, max_length=120, help_text="Name, file number, INS or birth date.")
    target = serializers.CharField(required=False, help_text="Key of a target pathway.")
    status = serializers.ChoiceField(choices=["active", "closed", "all"], required=False)
    delay = serializers.ChoiceField(choices=["late", "soon", "none"], required=False)
    mine = serializers.BooleanField(required=False)
