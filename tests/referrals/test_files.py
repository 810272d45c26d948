"""Files that come from outside: kept until the form is sent, erased if it never is."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from directory.files import MAX_FILES
from directory.inspection import inspect
from referrals import services
from referrals.models import ReferralDocument, ReferralDraftDocument
from referrals.tasks import purge_drafts
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, keep


def look(name: str, content: bytes) -> Any:
    return inspect(name, io.BytesIO(content), len(content))


@pytest.mark.django_db
def test_the_same_file_twice_is_kept_once() -> None:
    key, paper = uuid4(), papers.pdf()
    assert keep(key, ("a.pdf", paper), ("b.pdf", paper), ("c.pdf", papers.pdf("autre"))) == []
    assert keep(key, ("d.pdf", paper)) == []
    assert ReferralDraftDocument.objects.of_form(key).count() == 2


@pytest.mark.django_db
def test_a_refused_file_does_not_lose_the_others() -> None:
    key = uuid4()
    refused = keep(key, ("a.pdf", papers.pdf()), ("irm.dcm", papers.dicom()), ("b.png", papers.picture("PNG")))
    assert len(refused) == 1
    assert "irm.dcm" in refused[0]
    names = ReferralDraftDocument.objects.of_form(key).values_list("name", flat=True)
    assert sorted(names) == ["a.pdf", "b.png"]


@pytest.mark.django_db
def test_ten_files_at_most() -> None:
    key = uuid4()
    refused = keep(key, *((f"{n}.pdf", papers.pdf(str(n))) for n in range(MAX_FILES + 2)))
    assert len(refused) == 2
    assert "10 documents au plus" in refused[0]
    assert ReferralDraftDocument.objects.of_form(key).count() == MAX_FILES


@pytest.mark.django_db
def test_papers_already_joined_count() -> None:
    key = uuid4()
    refused = services.keep_draft_files(
        form_key=key,
        files=[("a.pdf", io.BytesIO(papers.pdf()), None), ("b.pdf", io.BytesIO(papers.pdf("b")), None)],
        joined=9,
    )
    assert len(refused) == 1


@pytest.mark.django_db
def test_the_stored_file_has_a_name_that_tells_nothing(settings: Any) -> None:
    key = uuid4()
    keep(key, ("ESSAIDUPONT Marie.pdf", papers.pdf()))
    draft = ReferralDraftDocument.objects.of_form(key).get()
    path = Path(draft.file.path)
    assert path.is_relative_to(settings.MEDIA_ROOT)
    assert path.name == draft.uuid.hex
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_a_kept_file_can_be_removed_by_its_form_only() -> None:
    key = uuid4()
    keep(key, ("a.pdf", papers.pdf()))
    draft = ReferralDraftDocument.objects.of_form(key).get()
    services.discard_draft_file(form_key=uuid4(), uuid=draft.uuid)
    assert ReferralDraftDocument.objects.of_form(key).exists()
    services.discard_draft_file(form_key=key, uuid=draft.uuid)
    services.discard_draft_file(form_key=key, uuid=draft.uuid)
    assert not ReferralDraftDocument.objects.of_form(key).exists()
    assert not Path(draft.file.path).exists()


@pytest.mark.django_db
def test_sending_makes_kept_files_papers_without_moving_them() -> None:
    paper = papers.pdf()
    referral = ReferralFactory(files=[("courrier.pdf", paper)])
    document = ReferralDocument.objects.get(referral=referral)
    assert document.file.read() == paper
    assert not ReferralDraftDocument.objects.exists()


@pytest.mark.django_db
def test_the_purge_erases_what_nobody_sent_and_nothing_else() -> None:
    old, fresh = uuid4(), uuid4()
    keep(old, ("a.pdf", papers.pdf()), ("b.pdf", papers.pdf("b")))
    keep(fresh, ("c.pdf", papers.pdf()))
    sent = ReferralFactory(files=[("d.pdf", papers.pdf("d"))]).documents.get()
    ReferralDraftDocument.objects.of_form(old).update(expires_at=timezone.now() - timedelta(minutes=1))
    gone = [Path(draft.file.path) for draft in ReferralDraftDocument.objects.of_form(old)]
    gone[0].unlink()  # as if a worker had died between the file and its row
    assert purge_drafts() == 2
    assert purge_drafts() == 0
    assert not any(path.exists() for path in gone)
    assert Path(ReferralDraftDocument.objects.of_form(fresh).get().file.path).exists()
    assert Path(sent.file.path).exists()


@pytest.mark.django_db
def test_a_new_sending_keeps_the_earlier_files_a_day_more() -> None:
    key = uuid4()
    keep(key, ("a.pdf", papers.pdf()))
    ReferralDraftDocument.objects.of_form(key).update(expires_at=timezone.now() + timedelta(minutes=1))
    keep(key)
    assert ReferralDraftDocument.objects.of_form(key).get().expires_at > timezone.now() + timedelta(hours=23)
