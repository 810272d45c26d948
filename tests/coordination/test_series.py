"""Making slots ahead: once, on open days, never over what exists."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from coordination import services, tasks
from coordination.models import ExamType, Slot, SlotStatus
from directory.errors import DomainError
from directory.models import ClosingDay
from tests.coordination.factories import Desk, exam

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def starts(desk: Desk) -> list[datetime]:
    return [s.starts_at.astimezone(PARIS) for s in Slot.objects.filter(platform=desk.platform).order_by("starts_at")]


def test_a_new_series_has_its_slots_up_to_the_horizon(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 10, 5, 12, tzinfo=PARIS), tick=False):
        ClosingDay.objects.create(establishment=desk.team.establishment, date=date(2026, 10, 14), label="Travaux")
        services.create_series(
            exam_type=exam(), platform=desk.platform, targets=[desk.target], weekday=2, starts_at=time(9, 30),
            valid_from=date(2026, 10, 1), duration_minutes=45, capacity=2, release_notice_hours=24,
        )  # fmt: skip
        made = starts(desk)
    assert made[0] == datetime(2026, 10, 7, 9, 30, tzinfo=PARIS)
    assert date(2026, 10, 14) not in {each.date() for each in made}
    assert date(2026, 11, 11) not in {each.date() for each in made}
    assert {each.time() for each in made} == {time(9, 30)}, "before and after 25 October"
    assert made[-1].date() == date(2026, 12, 23)
    first = Slot.objects.order_by("starts_at")[0]
    assert (first.capacity, first.ends_at - first.starts_at) == (2, timedelta(minutes=45))
    assert first.starts_at - first.release_at == timedelta(hours=24)


def test_generating_again_changes_nothing_and_touches_no_slot(desk: Desk) -> None:
    series = desk.series(capacity=2)
    booked, released = series.slots.order_by("starts_at")[:2]
    desk.booking(booked)
    Slot.objects.filter(pk=released.pk).update(status=SlotStatus.RELEASED)
    before = list(Slot.objects.order_by("pk").values())
    series.room = "Autre salle"
    series.save()
    assert tasks.generate_slots() == 0
    assert list(Slot.objects.order_by("pk").values()) == before


def test_the_nightly_job_extends_every_running_series(desk: Desk) -> None:
    desk.series()
    ended = desk.series(in_days=12, valid_until=timezone.localdate() + timedelta(days=20))
    count = ended.slots.count()
    with time_machine.travel(timezone.now() + timedelta(days=14), tick=False):
        assert tasks.generate_slots() == 2
        assert tasks.generate_slots() == 0
    assert ended.slots.count() == count


def test_a_slot_too_near_to_be_protected_is_not_made(desk: Desk) -> None:
    with time_machine.travel(datetime(2026, 10, 5, 12, tzinfo=PARIS), tick=False):
        desk.series(in_days=1)
        assert starts(desk)[0] == datetime(2026, 10, 13, 9, tzinfo=PARIS)


def test_a_history_can_be_made_from_a_past_day(desk: Desk) -> None:
    series = desk.series()
    series.valid_from = timezone.localdate() - timedelta(days=60)
    series.save()
    assert services.generate_slots(since=series.valid_from, until=timezone.localdate()) >= 6
    assert Slot.objects.filter(starts_at__lt=timezone.now()).count() >= 6


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"targets": []}, "targets"),
        ({"capacity": 0}, "capacity"),
        ({"duration_minutes": 0}, None),
        ({"valid_until": date(2020, 1, 1)}, None),
    ],
)
def test_a_wrong_series_is_refused_with_its_field(desk: Desk, change: dict[str, object], field: str | None) -> None:
    with pytest.raises(DomainError) as refused:
        desk.series(**change)
    assert refused.value.field == field
    assert not Slot.objects.exists()


def test_shipped_exam_types_load_and_reload() -> None:
    call_command("load_exam_types", verbosity=0)
    assert ExamType.objects.get(code="biopsie_percutanee").sampling == "always"
    assert services.load_exam_types() == {"created": 0, "updated": 0, "same": ExamType.objects.count()}
    ExamType.objects.filter(code="irm").update(label="Autre nom")
    assert services.load_exam_types()["updated"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {code: x, label: X, modality: Y, done_as: inconnu}", "done_as"),
        ("- {code: x, label: X, modality: Y, couleur: bleu}", "clé inconnue : couleur"),
        ("- {code: x, label: X, modality: Y}\n- {code: x, label: Z, modality: Y}", "plusieurs fois"),
        ("- {label: X, modality: Y}", "sans code"),
        ("code: x", "liste"),
        ("- [", "YAML"),
    ],
)
def test_a_wrong_file_is_refused_whole(tmp_path: object, text: str, said: str) -> None:
    path = tmp_path / "types.yaml"  # type: ignore[operator]
    path.write_text(f"- {{code: bon, label: Bon, modality: Imagerie}}\n{text}" if text.startswith("- {") else text)
    with pytest.raises(CommandError, match=said):
        call_command("load_exam_types", str(path))
    assert not ExamType.objects.filter(code="bon").exists()


def test_every_exam_of_the_shipped_targets_has_its_type(desk: Desk) -> None:
    services.load_exam_types()
    codes = set(ExamType.objects.values_list("code", flat=True))
    content = desk.target.current_version.content
    asked = {step.exam_type for step in content.steps if step.exam_type} | {each.key for each in content.slot_types}
    assert asked <= codes
