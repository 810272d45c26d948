"""What leaves by itself to a patient who agreed: booked, moved, cancelled, reminded; never twice, never too much."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Booking, ExamRequest, MailAgreement, Notice, Reminder, Task
from coordination.rules.reminders import is_due, reminder_at
from directory import services as directory
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import HTMX, text, url
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
EMAIL = "patient@courriel.invalid"
FRIDAY = datetime(2026, 11, 27, 14, tzinfo=PARIS)
"""Reminded on Wednesday at 10:00."""
HOURS = re.compile(r"\b1[46] h\b")


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    """Someone who agreed."""
    pathway = desk.pathway(email=EMAIL, birth_name="Cartier", phone="0639980001")
    services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    return pathway


def mails(kind: str = "") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind__startswith=f"patient_{kind}").order_by("pk"))


def friday(desk: Desk, pathway: Pathway, at: datetime = FRIDAY, **options: Any) -> Booking:
    return desk.booking(desk.slot_at(at, **options), pathway)


def remind(at: datetime) -> int:
    with time_machine.travel(at):
        return tasks.remind_patients()


# --- the agreement ----------------------------------------------------------------------------------------------------
def test_an_agreement_is_recorded_by_whom_and_when_and_taken_back(desk: Desk) -> None:
    pathway = desk.pathway(email=EMAIL)
    agreement = services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    assert services.agree_to_mails(patient=pathway.patient, user=desk.coordinator) == agreement
    assert (agreement.email, agreement.agreed_by) == (EMAIL, desk.coordinator)
    services.withdraw_mails(patient=pathway.patient, user=desk.technician)
    services.withdraw_mails(patient=pathway.patient, user=desk.coordinator)
    agreement.refresh_from_db()
    assert (agreement.ended_by, services.standing_agreement(pathway.patient)) == (desk.technician, None)
    assert agreement.history_rows.count() == 2


def test_without_an_address_or_after_a_death_there_is_nothing_to_agree_to(desk: Desk) -> None:
    with pytest.raises(DomainError, match="adresse"):
        services.agree_to_mails(patient=desk.pathway().patient, user=None)
    dead = desk.pathway(email=EMAIL)
    pathways.record_milestone(pathway=dead, kind="death", occurred_at=timezone.now())
    with pytest.raises(DomainError, match="décédé"):
        services.agree_to_mails(patient=dead.patient, user=None)


def test_another_address_is_another_agreement(desk: Desk, pathway: Pathway) -> None:
    pathway.patient.email = "autre@courriel.invalid"
    pathway.patient.save()
    friday(desk, pathway)
    assert mails() == []
    services.agree_to_mails(patient=pathway.patient, user=None)
    assert MailAgreement.objects.filter(ended_at__isnull=True).get().email == "autre@courriel.invalid"


# --- booked, moved, cancelled -----------------------------------------------------------------------------------------
def test_who_did_not_agree_is_not_written_to(desk: Desk) -> None:
    booking = friday(desk, desk.pathway(email=EMAIL))
    services.cancel_booking(booking=booking, user=None, code="other", reason="x")
    assert mails() == []


def test_a_mail_says_when_where_and_whom_to_call_and_nothing_of_their_health(desk: Desk, pathway: Pathway) -> None:
    desk.team.phone = "0231000000"
    desk.team.save()
    friday(desk, pathway)
    (mail,) = mails()
    assert (mail.kind, mail.subject, mail.recipient) == ("patient_booked", "Votre rendez-vous", EMAIL)
    home = desk.team.establishment.name
    for told in ("vendredi 27 novembre 2026 à 14 h", home, "02 31 00 00 00", "pièce d’identité"):
        assert told in mail.body.replace("\u00a0", " ")
    secrets = ("Cartier", pathway.patient.first_name, "Scanner", desk.team.name, desk.target.name, pathway.reference)
    assert [secret for secret in secrets if secret.lower() in (mail.subject + mail.body).lower()] == []


def test_moved_says_both_hours_and_cancelled_does_not_close_the_task(desk: Desk, pathway: Pathway) -> None:
    booking = friday(desk, pathway)
    directory.drain()
    new = services.move_booking(booking=booking, to=desk.slot_at(FRIDAY + timedelta(days=3)), user=desk.coordinator)
    (moved,) = mails("moved")
    assert "lundi 30 novembre 2026 à 14 h (et non plus vendredi 27 novembre 2026 à 14 h)" in moved.body
    directory.drain()
    services.cancel_booking(booking=new, user=desk.coordinator, code="other", reason="Panne")
    (cancelled,) = mails("cancelled")
    assert "Ne venez pas à cette date" in cancelled.body
    directory.drain()
    assert Task.objects.open().filter(title__startswith="Prévenir le patient").count() == 1, "a person acknowledges"


def test_what_has_not_left_and_is_wrong_does_not_leave(desk: Desk, pathway: Pathway) -> None:
    booking = friday(desk, pathway)
    services.cancel_booking(booking=booking, user=None, code="other", reason="x")
    assert [mail.kind for mail in mails()] == ["patient_cancelled"]


def test_a_visit_is_one_mail(desk: Desk, pathway: Pathway) -> None:
    slots = [desk.slot_at(FRIDAY), desk.slot_at(FRIDAY + timedelta(hours=2), exam_type=exam("irm"))]
    wishes = [services.Wish(slot, "") for slot in slots]
    bundle = services.book_bundle(pathway=pathway, wishes=wishes, user=desk.coordinator, request_key=uuid4())
    (mail,) = mails()
    assert mail.body.count("vendredi 27 novembre") == 2
    services.cancel_bundle(bundle=bundle, user=None, code="other", reason="x")
    assert [each.kind for each in mails()][-1] == "patient_cancelled"


@pytest.mark.parametrize("act", ["cancel_visit", "cancel_one", "move_one", "move_back", "cancel_both"])
@pytest.mark.parametrize("held", [False, True])
def test_a_visit_changed_before_its_mail_has_left_is_told_as_it_is(
    desk: Desk, pathway: Pathway, act: str, held: bool
) -> None:
    """``held``: the mail server had it refused for a while, by a worker that died since."""
    first, second = desk.slot_at(FRIDAY), desk.slot_at(FRIDAY + timedelta(hours=2), exam_type=exam("irm"))
    wishes = [services.Wish(slot, "") for slot in (first, second)]
    bundle = services.book_bundle(pathway=pathway, wishes=wishes, user=desk.coordinator, request_key=uuid4())
    scan, irm = bundle.bookings.order_by("slot__starts_at")
    if held:
        OutboxMessage.objects.filter(kind="patient_booked").update(claimed_until=timezone.now() + timedelta(minutes=5))
    monday = desk.slot_at(FRIDAY + timedelta(days=3))
    if act == "cancel_visit":
        services.cancel_bundle(bundle=bundle, user=None, code="other", reason="x")
    elif act in ("cancel_one", "cancel_both"):
        services.cancel_booking(booking=scan, user=None, code="other", reason="x")
        if act == "cancel_both":
            services.cancel_booking(booking=irm, user=None, code="other", reason="x")
    else:
        moved = services.move_booking(booking=scan, to=monday, user=desk.coordinator)
        if act == "move_back":
            services.move_booking(booking=moved, to=first, user=desk.coordinator)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        directory.drain()
    left = [(mail.kind.removeprefix("patient_"), sorted(HOURS.findall(mail.body))) for mail in mails() if mail.sent_at]
    assert (
        sorted(left)
        == {
            "cancel_visit": [("cancelled", ["14 h", "16 h"])],
            "cancel_one": [("booked", ["16 h"]), ("cancelled", ["14 h"])],
            "cancel_both": [("cancelled", ["14 h"]), ("cancelled", ["16 h"])],
            "move_one": [("booked", ["16 h"]), ("moved", ["14 h", "14 h"])],
            "move_back": [("booked", ["16 h"]), ("moved", ["14 h", "14 h"])],
        }[act]
    )


def test_withdrawn_stops_what_has_not_left(desk: Desk, pathway: Pathway) -> None:
    friday(desk, pathway)
    services.withdraw_mails(patient=pathway.patient, user=None)
    assert mails() == []
    friday(desk, pathway, FRIDAY + timedelta(hours=3), exam_type=exam("irm"))
    assert mails() == []


def test_what_is_past_is_no_news(desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(days=4))
    desk.booking(slot, pathway, at=timezone.now() - timedelta(days=2))
    assert mails() == []


# --- reminders --------------------------------------------------------------------------------------------------------
def test_reminders_leave_at_a_decent_hour_of_the_place() -> None:
    reunion = ZoneInfo("Indian/Reunion")
    assert reminder_at(FRIDAY, PARIS) == datetime(2026, 11, 25, 10, tzinfo=PARIS)
    assert reminder_at(FRIDAY, reunion) == datetime(2026, 11, 25, 10, tzinfo=reunion)
    spring = datetime(2026, 3, 30, 9, tzinfo=PARIS)
    assert reminder_at(spring, PARIS).utcoffset() == timedelta(hours=1), "the clocks change in between"
    for hour, due in ((9.9, False), (10, True), (18.9, True), (19, False), (26, False), (34.5, True), (60, False)):
        now = datetime(2026, 11, 25, tzinfo=PARIS) + timedelta(hours=hour)
        assert is_due(FRIDAY, MONDAY, now, PARIS) is due, hour
    after = datetime(2026, 11, 25, 11, tzinfo=PARIS)
    assert not is_due(FRIDAY, after, after + timedelta(hours=1), PARIS), "booked since: the booking's mail said it"


def test_once_per_appointment_and_hour(desk: Desk, pathway: Pathway) -> None:
    friday(desk, pathway)
    assert remind(datetime(2026, 11, 25, 9, tzinfo=PARIS)) == 0
    assert remind(datetime(2026, 11, 25, 10, 5, tzinfo=PARIS)) == 1
    assert remind(datetime(2026, 11, 25, 10, 20, tzinfo=PARIS)) == 0
    (mail,) = mails("reminder")
    assert "Nous vous rappelons votre rendez-vous" in mail.body
    assert "Scanner" not in mail.body


def test_a_day_of_several_appointments_is_one_mail(desk: Desk, pathway: Pathway) -> None:
    friday(desk, pathway)
    friday(desk, pathway, FRIDAY + timedelta(hours=2), exam_type=exam("irm"))
    assert remind(datetime(2026, 11, 25, 11, tzinfo=PARIS)) == 1
    assert (len(mails("reminder")), Reminder.objects.count()) == (1, 2)


@pytest.mark.parametrize("why", ["cancelled", "moved", "died", "closed", "withdrawn", "address", "never"])
def test_nobody_is_reminded_of_what_does_not_stand(desk: Desk, why: str) -> None:
    pathway = desk.pathway(email=EMAIL)
    if why != "never":
        services.agree_to_mails(patient=pathway.patient, user=None)
    booking = friday(desk, pathway)
    acts: dict[str, Callable[[], object]] = {
        "cancelled": lambda: services.cancel_booking(booking=booking, user=None, code="other", reason="x"),
        "moved": lambda: services.move_booking(
            booking=booking, to=desk.slot_at(FRIDAY + timedelta(days=9)), user=desk.coordinator
        ),
        "died": lambda: pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now()),
        "closed": lambda: pathways.close_pathway(pathway=pathway, reason="refused", author=None),
        "withdrawn": lambda: services.withdraw_mails(patient=pathway.patient, user=None),
        "address": lambda: type(pathway.patient).objects.filter(pk=pathway.patient_id).update(email="x@y.invalid"),
        "never": lambda: None,
    }
    acts[why]()
    assert remind(datetime(2026, 11, 25, 11, tzinfo=PARIS)) == 0
    assert mails("reminder") == []


@pytest.mark.parametrize("act", ["cancel", "withdraw"])
def test_a_reminder_that_waits_is_called_off(desk: Desk, pathway: Pathway, act: str) -> None:
    booking = friday(desk, pathway)
    other = friday(desk, pathway, FRIDAY + timedelta(hours=2), exam_type=exam("irm"))
    at = datetime(2026, 11, 25, 11, tzinfo=PARIS)
    assert remind(at) == 1
    with time_machine.travel(at):
        if act == "cancel":
            services.cancel_booking(booking=booking, user=None, code="other", reason="x")
        else:
            services.withdraw_mails(patient=pathway.patient, user=None)
    assert mails("reminder") == []
    assert Reminder.objects.count() == 0
    if act == "cancel":
        assert remind(at + timedelta(minutes=15)) == 1, "the other hour stands"
        assert list(Reminder.objects.values_list("booking", flat=True)) == [other.pk]


def dated(desk: Desk, pathway: Pathway, at: datetime = FRIDAY) -> ExamRequest:
    """A date that a platform gave, outside its slots."""
    request = services.ask_exam(
        pathway=pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, question="?"
    )
    return services.propose_date(request=request, starts_at=at, user=desk.technician)


def test_a_date_given_by_a_platform_is_reminded_of_once_the_patient_knows_it(desk: Desk, pathway: Pathway) -> None:
    request, at = dated(desk, pathway), datetime(2026, 11, 25, 10, 5, tzinfo=PARIS)
    assert remind(at) == 0, "nobody has told the patient"
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    assert remind(at - timedelta(hours=1)) == 0
    assert [remind(at), remind(at + timedelta(minutes=15))] == [1, 0]
    (mail,) = mails("reminder")
    assert "vendredi 27 novembre 2026 à 14 h" in mail.body and mail.recipient == EMAIL
    assert "canner" not in mail.body and str(desk.platform) not in mail.body
    with time_machine.travel(at + timedelta(hours=1)):
        services.propose_date(request=request, starts_at=FRIDAY + timedelta(hours=1), user=desk.technician)
    assert mails("reminder") == [], "the hour that falls is not reminded of"
    assert remind(at + timedelta(hours=2)) == 0


@pytest.mark.parametrize("why", ["refused", "closed", "withdrawn"])
def test_a_date_that_falls_is_not_reminded_of(desk: Desk, pathway: Pathway, why: str) -> None:
    request = dated(desk, pathway)
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    acts: dict[str, Callable[[], object]] = {
        "refused": lambda: services.refuse_request(request=request, reason="Panne", user=desk.technician),
        "closed": lambda: pathways.close_pathway(pathway=pathway, reason="refused", author=None),
        "withdrawn": lambda: services.withdraw_mails(patient=pathway.patient, user=None),
    }
    acts[why]()
    assert remind(datetime(2026, 11, 25, 11, tzinfo=PARIS)) == 0
    assert mails("reminder") == []


# --- GP and platform --------------------------------------------------------------------------------------------------
def test_booked_moved_and_cancelled_all_reach_the_platform_and_the_gp(desk: Desk) -> None:
    pathway = desk.pathway()

    def told(act: Callable[[], Any]) -> tuple[Any, set[str], int]:
        """What came of it, the messages to platforms, and how many notices to the GP."""
        OutboxMessage.objects.filter(kind__startswith="slot").delete()
        Notice.objects.all().delete()
        made = act()
        kinds = OutboxMessage.objects.filter(kind__startswith="slot").values_list("kind", flat=True)
        return made, set(kinds), Notice.objects.filter(pathway=pathway, kind="appointments").count()

    user, elsewhere = (
        desk.coordinator,
        TeamFactory(establishment=desk.team.establishment, kind="platform", name="IRM 2"),
    )
    slots = [desk.slot_at(FRIDAY + timedelta(days=day)) for day in range(5)]
    booking, kinds, gp = told(lambda: desk.booking(slots[0], pathway))
    assert (kinds, gp) == ({"slot_booked"}, 1)
    booking, kinds, gp = told(lambda: services.move_booking(booking=booking, to=slots[1], user=user))
    assert (kinds, gp) == ({"slot_moved"}, 1)
    far = desk.slot_at(FRIDAY + timedelta(days=6), platform=elsewhere)
    booking, kinds, gp = told(lambda: services.move_booking(booking=booking, to=far, user=user))
    assert (kinds, gp) == ({"slot_cancelled", "slot_booked"}, 1)
    _, kinds, gp = told(lambda: services.cancel_booking(booking=booking, user=user, code="other", reason="x"))
    assert (kinds, gp) == ({"slot_cancelled"}, 1)


# --- the screen -------------------------------------------------------------------------------------------------------
def test_the_file_says_who_noted_the_agreement_and_takes_it_back(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway(email=EMAIL)
    panel = url("pathway-panel", pathway)
    assert "l’accord du patient n’est pas noté" in text(nurse.get(panel))
    page = text(nurse.post(url("patient-mails", pathway), {"agree": "oui"}, headers=HTMX))
    assert f"par {desk.coordinator}" in page
    friday(desk, pathway)
    assert "Un courriel ne vaut pas accusé" in text(nurse.get(panel))
    page = text(nurse.post(url("patient-mails", pathway), {"agree": "non"}, headers=HTMX))
    assert "accord retiré" in page
    assert nurse.get(url("patient-mails", pathway)).status_code == 405


def test_without_an_address_the_file_says_so(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway()
    assert "n’a pas d’adresse électronique" in text(nurse.get(url("pathway-panel", pathway)))
    response = nurse.post(url("patient-mails", pathway), {"agree": "oui"}, headers=HTMX)
    assert response.status_code == 422
    assert "ajoutez-la d’abord" in text(response)
