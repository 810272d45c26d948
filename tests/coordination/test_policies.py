"""Policies and conventions: one at a time, in force on the day, papers inspected, the end told once."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from coordination import services
from coordination.models import CommitmentFile, Convention, ExamType, SlotPolicy
from directory.errors import DomainError
from directory.models import OutboxMessage, Role, Team, TeamKind
from tests.coordination.factories import Desk, exam
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
START, END = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def partner() -> Team:
    return TeamFactory(kind=TeamKind.PLATFORM, name="TEP")


def convention(desk: Desk, partner: Team, **more: Any) -> Convention:
    options = {"valid_from": START, "valid_until": END, "exam_types": [exam("tep_scanner")]} | more
    return services.create_convention(
        reference=options.pop("reference", "CONV-2026-01"), kind="convention", holder=desk.team.establishment,
        partner=partner.establishment, **options,
    )  # fmt: skip


def policy(desk: Desk, platform: Team, mode: str = "dedicated", **more: Any) -> SlotPolicy:
    options = {
        "valid_from": START,
        "exam_type": exam("tep_scanner"),
        "decided_on": START,
        "decided_by": "Comité",
    } | more
    return services.decide_policy(target=desk.target, platform=platform, mode=mode, user=desk.coordinator, **options)


def test_a_partner_serves_only_while_its_convention_runs_and_covers_the_exam(desk: Desk, partner: Team) -> None:
    written = convention(desk, partner)
    kept = policy(desk, partner, "partner", convention=written)
    pathway, tep = desk.pathway(), exam("tep_scanner")
    assert services.policy_for(pathway, tep, END) == kept
    assert services.policy_for(pathway, tep, END + timedelta(days=1)) is None
    services.refuse_without_convention(pathway=pathway, exam_type=tep, platform=partner, on=END)
    with pytest.raises(DomainError) as refused:
        services.refuse_without_convention(pathway=pathway, exam_type=tep, platform=partner, on=END + timedelta(days=1))
    assert refused.value.code == "no_convention"
    written.exam_types.set([ExamType.objects.exclude(code="tep_scanner")[0]])
    assert services.policy_for(pathway, tep, START) is None
    services.refuse_without_convention(
        pathway=pathway, exam_type=tep, platform=desk.platform, on=END + timedelta(days=1)
    )


def test_dedicated_slots_come_before_a_priority_and_a_partner(desk: Desk, partner: Team) -> None:
    policy(desk, partner, "partner", convention=convention(desk, partner))
    policy(desk, TeamFactory(kind=TeamKind.PLATFORM), "priority", within="48 working_hours")
    own = policy(desk, desk.platform)
    assert services.policy_for(desk.pathway(), exam("tep_scanner"), START) == own
    found = services.policy_for(desk.pathway(), exam("tep_scanner"), START, partner)
    assert found
    assert found.platform == partner


def test_two_policies_never_overlap_and_one_may_follow_another(desk: Desk) -> None:
    first = policy(desk, desk.platform)
    with pytest.raises(DomainError, match="existe déjà"):
        policy(desk, desk.platform, "priority", within="3 days", valid_from=START + timedelta(days=30))
    services.end_policy(policy=first, last_on=START + timedelta(days=29))
    policy(desk, desk.platform, "priority", within="3 days", valid_from=START + timedelta(days=30))
    assert SlotPolicy.objects.in_force(START + timedelta(days=29)).get() == first


@pytest.mark.parametrize(
    ("mode", "more", "said"),
    [
        ("priority", {}, "délai"),
        ("priority", {"within": "bientôt"}, "illisible"),
        ("partner", {}, "convention"),
        ("dedicated", {"valid_until": date(2025, 1, 1)}, "fin"),
    ],
)
def test_a_wrong_policy_is_refused(desk: Desk, mode: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(DomainError, match=said):
        policy(desk, desk.platform, mode, **more)
    assert not SlotPolicy.objects.exists()


def test_a_convention_with_another_establishment_is_refused(desk: Desk, partner: Team) -> None:
    with pytest.raises(DomainError) as refused:
        policy(desk, desk.platform, "partner", convention=convention(desk, partner))
    assert refused.value.field == "convention"


def test_the_end_of_a_convention_is_told_once_in_time_and_again_when_it_changes(desk: Desk, partner: Team) -> None:
    UserFactory(role=Role.ADMINISTRATOR, team=desk.team)
    written = convention(desk, partner, remind_days=60)
    soon = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Europe/Paris"))
    assert services.remind_of_conventions(now=soon - timedelta(days=60)) == 0
    assert [services.remind_of_conventions(now=soon) for _ in range(2)] == [1, 0]
    assert OutboxMessage.objects.filter(kind="convention_ends").count() == 1
    services.extend_convention(convention=written, valid_until=date(2027, 12, 31))
    assert services.remind_of_conventions(now=soon) == 0
    assert services.remind_of_conventions(now=soon + timedelta(days=365)) == 1


def test_the_end_of_a_convention_waits_for_somebody_to_tell(desk: Desk, partner: Team) -> None:
    written = convention(desk, partner, remind_days=60)
    soon = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Europe/Paris"))
    gone = UserFactory(role=Role.ADMINISTRATOR, team=desk.team)
    gone.memberships.update(ends_on=date(2026, 1, 1))
    assert services.remind_of_conventions(now=soon) == 0
    written.refresh_from_db()
    assert written.reminded_at is None, "nobody was told: it is still due"

    desk.team.establishment.email = "direction@hopital.invalid"
    desk.team.establishment.save()
    assert [services.remind_of_conventions(now=soon) for _ in range(2)] == [1, 0]
    assert OutboxMessage.objects.get(kind="convention_ends").recipient == "direction@hopital.invalid"


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (30, 30)).save(content, "PNG")
    return content.getvalue()


def test_a_paper_is_inspected_kept_once_and_read_by_those_concerned(client: Client, desk: Desk, partner: Team) -> None:
    written = convention(desk, partner)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=desk.team))
    address = reverse("coordination:convention", args=[written.uuid])
    wrong = SimpleUploadedFile("signee.pdf", b"MZ pas un pdf", content_type="application/pdf")
    refused = client.post(address, {"do": "file", "file": wrong})
    assert refused.status_code == 422
    assert "ni un PDF" in refused.content.decode()
    for _ in range(2):
        sent = SimpleUploadedFile("signee.pdf", picture(), content_type="application/pdf")
        assert client.post(address, {"do": "file", "file": sent}).status_code == 302
    kept = CommitmentFile.objects.get()
    assert kept.content_type == "image/png"
    read = client.get(reverse("coordination:commitment-file", args=[kept.uuid]))
    assert b"".join(read) == picture()  # type: ignore[arg-type]
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=TeamFactory()))
    assert client.get(reverse("coordination:commitment-file", args=[kept.uuid])).status_code == 404


def test_the_desk_reads_and_changes_nothing(client: Client, desk: Desk, partner: Team) -> None:
    written = convention(desk, partner)
    client.force_login(desk.coordinator)
    address = reverse("coordination:convention", args=[written.uuid])
    assert client.get(address).status_code == 200
    assert client.post(address, {"valid_until": "2030-01-01"}).status_code == 403
    ours = policy(desk, partner, "partner", convention=written)
    listed = client.get(reverse("coordination:policies")).content.decode()
    assert reverse("coordination:policy", args=[ours.uuid]) in listed, "a partner's, for one of our pathways"
    assert client.get(reverse("coordination:policy-new")).status_code == 403


def test_an_administrator_writes_a_policy_and_prints_it(client: Client, desk: Desk) -> None:
    exam()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=desk.team))
    sent = {
        "exam_type": "scanner", "target": desk.target.pk, "platform": desk.platform.uuid, "mode": "priority",
        "within_unit": "hours", "valid_from": "2026-01-05", "decided_on": "2026-01-02", "decided_by": "Réunion du 2",
        "key": "6e8a7b9e-4d2f-4b0f-8f6b-5a5c7d1f2a3b",
    }  # fmt: skip
    address = reverse("coordination:policy-new")
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "Réunion du 2" in refused.content.decode()
    for _ in range(2):
        done = client.post(address, {**sent, "within_value": 72})
    made = SlotPolicy.objects.get()
    assert made.within == "72 hours"
    assert done.headers["Location"] == reverse("coordination:policy", args=[made.uuid])
    desk.series()
    paper = client.get(reverse("coordination:policy-pdf", args=[made.uuid]))
    assert paper.content.startswith(b"%PDF")


def test_the_words_of_a_target_become_its_first_policies(desk: Desk) -> None:
    services.load_exam_types()
    types = desk.target.current_version.content.slot_types
    platforms = {each.key: desk.platform for each in types}
    made = services.seed_policies(target=desk.target, platforms=platforms, valid_from=START, user=None)
    assert {each.exam_type.code for each in made} == {each.key for each in types if each.mode != "partner"}
    assert not services.seed_policies(target=desk.target, platforms=platforms, valid_from=START, user=None)
