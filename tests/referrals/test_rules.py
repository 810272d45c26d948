"""The pure rules of the front door."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory import files
from directory.codes import ALPHABET, short_code
from pathways.rules import Calendar, Duration, Unit
from pathways.rules.milestones import MilestoneKind
from referrals import rules
from referrals.models import MissingPiece, ReferralStatus
from referrals.rules import Action
from referrals.rules.public import PUBLIC_MILESTONES
from referrals.rules.states import TRANSITIONS
from referrals.sheet import delay_words
from tests.factories import shipped_target
from tests.referrals import papers


# --- states ---------------------------------------------------------------------------------------------------------
def test_every_status_and_action_of_the_table_exist() -> None:
    for (status, action), after in TRANSITIONS.items():
        assert status in ReferralStatus.values
        assert after in ReferralStatus.values
        assert action in set(Action)


@pytest.mark.parametrize("status", ["accepted", "refused", "redirected"])
def test_an_answer_is_final(status: str) -> None:
    assert rules.possible(status) == frozenset()
    assert not rules.is_open(status)
    assert not rules.takes_files(status)
    assert all(rules.next_status(status, action) is None for action in Action)


def test_only_an_incomplete_request_can_be_completed() -> None:
    able = {status for status in ReferralStatus.values if rules.next_status(status, Action.COMPLETE)}
    assert able == {"incomplete"}
    assert rules.next_status("incomplete", Action.COMPLETE) == "received"


def test_every_open_request_can_reach_an_end() -> None:
    """No request may stay open for ever: the lesson of worklists nobody could empty."""
    for status in ("received", "incomplete"):
        ends = {rules.next_status(status, action) for action in rules.possible(status)}
        assert {"accepted", "refused", "redirected"} <= ends


@pytest.mark.parametrize(
    ("status", "active", "expected"),
    [
        ("received", False, True),
        ("incomplete", False, True),
        ("accepted", True, True),
        ("accepted", False, False),
        ("refused", False, False),
        ("redirected", False, False),
    ],
)
def test_notes_are_taken_as_long_as_someone_reads_them(status: str, active: bool, expected: bool) -> None:
    assert rules.takes_notes(status, pathway_active=active) is expected


# --- receipts -------------------------------------------------------------------------------------------------------
@given(st.text(ALPHABET, min_size=8, max_size=8), st.booleans(), st.sampled_from(["-", " ", "", "‑", "."]))
def test_a_receipt_is_read_back_however_it_is_written(signs: str, lower: bool, joint: str) -> None:
    number = rules.receipt(f"{signs[:4]}-{signs[4:]}")
    written = f"D{joint}{signs[:4]}{joint}{signs[4:]}"
    assert rules.normalise_receipt(written.lower() if lower else written) == number
    assert rules.normalise_receipt(f" {signs} ") == number


@given(st.text(max_size=20))
def test_what_is_not_a_receipt_is_none_or_normal(text: str) -> None:
    number = rules.normalise_receipt(text)
    assert number is None or rules.normalise_receipt(number) == number


def test_receipts_use_no_look_alike_sign_and_do_not_repeat() -> None:
    drawn = [rules.receipt(short_code()) for _ in range(5000)]
    assert len(set(drawn)) == len(drawn)
    assert not set("".join(drawn).removeprefix("D")) & set("01IOBS")


def test_a_misread_sign_is_understood() -> None:
    assert rules.normalise_receipt("D-BK3M-S9QX") == "D-8K3M-59QX"


# --- people ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "title", "first", "last"),
    [
        ("Dr Claire MARTIN", "Dr", "Claire", "Martin"),
        ("docteur claire martin", "Dr", "Claire", "Martin"),
        ("MARTIN Claire", "", "Claire", "Martin"),
        ("Pr. Jean-Luc de La Tour", "Pr", "Jean-Luc", "de La Tour"),
        ("Mme Anne MARTIN-DURAND", "Mme", "Anne", "Martin-Durand"),
        ("Martin", "", "", "Martin"),
        ("CLAIRE MARTIN", "", "Claire", "Martin"),
        ("Mme le Dr Sophie Petit", "Dr", "Sophie", "Petit"),
    ],
)
def test_a_name_is_split(typed: str, title: str, first: str, last: str) -> None:
    name = rules.split_name(typed)
    assert (name.title, name.first_name, name.last_name) == (title, first, last)


@given(st.text(max_size=60))
def test_splitting_any_text_never_fails_and_keeps_a_last_name(text: str) -> None:
    name = rules.split_name(text)
    assert name.last_name or name.title or not text.split()


def test_rpps_is_cleaned_and_its_key_only_warned_about() -> None:
    assert rules.rpps_digits("10 00 4271 239") == "10004271239"
    assert rules.rpps_digits("810004271239") == "10004271239"
    assert rules.rpps_checksum_fails("10001234567")
    assert not rules.rpps_checksum_fails("10000000009")
    assert not rules.rpps_checksum_fails("1234")


def test_initials_show_no_identity() -> None:
    assert rules.initials("marie", "essaidupont", date(1953, 4, 12)) == "M. E., 1953"


# --- dates ----------------------------------------------------------------------------------------------------------
@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_in_every_usual_writing(day: date) -> None:
    for pattern in ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%d%m%Y", "%Y-%m-%d"):
        assert rules.read_day(day.strftime(pattern)) == day


@pytest.mark.parametrize("text", ["", "12/13/1951", "31/02/2020", "12/03/51", "hier", "1951", "1/2/3/4"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert rules.read_day(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12/03/2026", (date(2026, 3, 12), False)),
        ("03/2026", (date(2026, 3, 1), True)),
        ("mars 2026", (date(2026, 3, 1), True)),
        ("Août 2025", (date(2025, 8, 1), True)),
        ("fevrier 2025", (date(2025, 2, 1), True)),
        ("janv. 2026", (date(2026, 1, 1), True)),
        ("ju 2026", None),
        ("juil 2026", (date(2026, 7, 1), True)),
        ("brumaire 2026", None),
        ("13/2026", None),
    ],
)
def test_a_month_is_enough(text: str, expected: tuple[date, bool] | None) -> None:
    assert rules.read_day_or_month(text) == expected


def test_birth_dates_that_cannot_be() -> None:
    today = date(2026, 11, 23)
    assert "futur" in rules.implausible_birth_date(date(2026, 11, 24), today)
    assert "120 ans" in rules.implausible_birth_date(date(1905, 1, 1), today)
    assert rules.implausible_birth_date(today, today) == ""
    assert rules.implausible_birth_date(date(1906, 12, 31), today) == ""


# --- files ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (papers.pdf(), "pdf"),
        (papers.picture("JPEG", (8, 8)), "jpeg"),
        (papers.picture("PNG", (8, 8)), "png"),
        (papers.dicom(), "dicom"),
        (papers.heic(), "heic"),
        (papers.docx(), "office"),
        (b"PK\x03\x04" + b"\0" * 200, "archive"),
        (papers.executable(), "other"),
        (b"", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_the_first_bytes_tell_the_kind(content: bytes, kind: str) -> None:
    found = files.sniff(content[:4096])
    assert found == kind
    assert found.is_accepted is (kind in {"pdf", "jpeg", "png"})
    if not found.is_accepted:
        assert "« x.pdf »" in files.refusal(found, "x.pdf")


@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind(content: bytes) -> None:
    assert files.sniff(content) in set(files.FileKind)


@given(st.text(max_size=300))
def test_a_safe_name_is_short_printable_and_ends_by_its_real_kind(name: str) -> None:
    safe = files.safe_name(name, files.FileKind.PDF)
    assert safe.endswith(".pdf")
    assert 4 < len(safe) <= 120
    assert safe.isprintable()
    assert not set(safe) & set('/\\<>:"|?*\n\r\0')


def test_a_safe_name_loses_its_folder_and_its_false_extension() -> None:
    assert files.safe_name("C:\\bureau\\scanner.exe", files.FileKind.PDF) == "scanner.pdf"
    assert files.safe_name("../../etc/passwd", files.FileKind.JPEG) == "passwd.jpg"
    assert files.safe_name("Dr. Martin courrier", files.FileKind.PDF) == "Dr. Martin courrier.pdf"


# --- promise --------------------------------------------------------------------------------------------------------
PARIS = Calendar()


def test_the_promise_skips_the_week_end() -> None:
    friday = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # 18:00 in Paris
    promise = rules.Promise.since(friday, Duration(48, Unit.WORKING_HOURS), PARIS)
    assert promise is not None
    assert promise.due_at == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert promise.warn_at == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_no_promise_published_no_promise_counted() -> None:
    assert rules.Promise.since(datetime(2026, 11, 20, tzinfo=UTC), None, PARIS) is None


def test_a_very_short_promise_warns_from_the_start() -> None:
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    promise = rules.Promise.since(start, Duration(4, Unit.WORKING_HOURS), PARIS)
    assert promise is not None
    assert promise.warn_at == start


@pytest.mark.parametrize(
    ("now", "tone", "text"),
    [
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), "neutral", "48\u00a0h"),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "neutral", "42\u00a0h"),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "soon", "9\u00a0h"),
        (datetime(2026, 11, 24, 16, 40, tzinfo=UTC), "soon", "<\u00a01\u00a0h"),
        (datetime(2026, 11, 24, 17, 20, tzinfo=UTC), "late", "dépassée"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "late", "−3\u00a0h"),
    ],
)
def test_the_countdown_is_in_working_hours(now: datetime, tone: str, text: str) -> None:
    due, warn = datetime(2026, 11, 24, 17, 0, tzinfo=UTC), datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    left = rules.countdown(now, due, warn, PARIS)
    assert (left.tone, left.text) == (tone, text)
    assert ("dépassée" in left.spoken) is (tone == "late")


# --- completeness ---------------------------------------------------------------------------------------------------
def test_what_is_usually_missing_follows_what_was_told() -> None:
    bare = rules.usually_missing(
        exams=["ct", "biopsy"],
        document_count=0,
        patient_phone="",
        history="",
        first_symptoms_known=False,
        gp_known=False,
    )
    assert bare == ["letter", "imaging_report", "pathology", "history", "first_symptoms", "patient_phone", "gp"]
    assert set(bare) <= set(MissingPiece.values)
    full = rules.usually_missing(
        exams=["ct"], document_count=2, patient_phone="06", history="HTA", first_symptoms_known=True, gp_known=True
    )
    assert full == []


HOUR = timedelta(hours=1)
T = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "completed", "expected"),
    [
        ([], [], T),
        ([T + HOUR], [], T + 9 * HOUR),
        ([T + HOUR], [T + 3 * HOUR], T + 3 * HOUR),
        ([T + HOUR, T + 4 * HOUR], [T + 3 * HOUR], T + 9 * HOUR),
        ([T + HOUR, T + 4 * HOUR], [T + 3 * HOUR, T + 6 * HOUR], T + 6 * HOUR),
    ],
)
def test_since_when_a_request_is_complete(asked: list[datetime], completed: list[datetime], expected: datetime) -> None:
    assert rules.complete_since(T, asked_at=asked, completed_at=completed, accepted_at=T + 9 * HOUR) == expected


# --- what the link may tell -----------------------------------------------------------------------------------------
def test_the_follow_up_page_never_tells_a_result() -> None:
    clinical = {
        MilestoneKind.LAB_INTERMEDIATE, MilestoneKind.LAB_FINAL, MilestoneKind.LAB_NONCONTRIBUTIVE,
        MilestoneKind.NO_CANCER, MilestoneKind.ANNOUNCEMENT, MilestoneKind.TREATMENT_STARTED,
        MilestoneKind.PALLIATIVE_ENTRY, MilestoneKind.LAST_CHEMO, MilestoneKind.DEATH, MilestoneKind.PPS_GIVEN,
    }  # fmt: skip
    assert not clinical & set(PUBLIC_MILESTONES)


def test_the_public_page_says_since_when_a_delay_runs() -> None:
    target = shipped_target("prostate")
    said = {key: delay_words(target.step(key)).replace("\N{NO-BREAK SPACE}", " ") for key in ("mri", "biopsy")}
    assert said == {
        "mri": "10 jours au plus après la demande",
        "biopsy": "10 jours au plus après les étapes précédentes",
    }
