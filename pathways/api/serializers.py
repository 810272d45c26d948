"""What the API says of a pathway; the lateness is the very annotation the pages show."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pathways.models import Alert, Milestone, Pathway, Step
from pathways.rules.levels import Level
from pathways.rules.milestones import MilestoneKind

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


class PathwayDetailSerializer(PathwaySerializer):
    """The pathway with its steps, their lateness, and its milestones in force."""

    steps = StepSerializer(many=True, read_only=True)
    milestones = MilestoneSerializer(source="facts", many=True, read_only=True)
    alerts = AlertSerializer(source="open_alerts", many=True, read_only=True)

    class Meta(PathwaySerializer.Meta):
        fields = (*PathwaySerializer.Meta.fields, "steps", "milestones", "alerts")  # type: ignore[assignment]


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
