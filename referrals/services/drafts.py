"""Files that came before their form was accepted: kept under the form's key, adopted with it, else erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.files import MAX_FILES
from directory.inspection import CheckedFile, FileRefusedError, inspect, safe_shown
from referrals.models import Referral, ReferralDocument, ReferralDraftDocument

LASTS = timedelta(hours=24)
BATCH = 200

Upload = tuple[str, IO[bytes], int | None]
"""A file as sent: its name, its content, its size in bytes when known."""


def keep_draft_files(*, form_key: UUID, files: Iterable[Upload], joined: int = 0) -> list[str]:
    """Checks and keeps each file for 24 h under ``form_key``; returns the French reasons of those refused.

    A file already there (same SHA-256) is ignored. ``joined`` is how many papers the request already has: ten in
    all are accepted. Files are kept one by one: a refused one does not lose the others.
    """
    drafts = ReferralDraftDocument.objects.of_form(form_key)
    expires_at = timezone.now() + LASTS
    drafts.update(expires_at=expires_at)
    room = MAX_FILES - joined - drafts.count()
    refused = []
    for name, source, size in files:
        try:
            checked = inspect(name, source, size)
        except FileRefusedError as refusal:
            refused.append(str(refusal))
            continue
        if drafts.filter(sha256=checked.sha256).exists():
            continue
        if room <= 0:
            refused.append(f"« {safe_shown(name)} » n’a pas été joint : {MAX_FILES} documents au plus par demande.")
            continue
        room -= _keep(form_key, checked, expires_at)
    return refused


def _keep(form_key: UUID, checked: CheckedFile, expires_at: datetime) -> bool:
    """Stores one file; False when the same sending is being kept by another request at this very moment."""
    draft = ReferralDraftDocument(
        form_key=form_key,
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        expires_at=expires_at,
    )
    draft.file.save(checked.name, ContentFile(checked.content), save=False)
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError:
        draft.file.delete(save=False)
        return False
    except BaseException:
        draft.file.delete(save=False)
        raise
    return True


@transaction.atomic
def discard_draft_file(*, form_key: UUID, uuid: UUID) -> None:
    """Removes one kept file at the requester's wish; one that is no longer there is no error."""
    draft = ReferralDraftDocument.objects.of_form(form_key).select_for_update().filter(uuid=uuid).first()
    if draft:
        draft.file.delete(save=False)
        draft.delete()


def adopt_drafts(*, referral: Referral, form_key: UUID, at: datetime) -> int:
    """Makes the kept files of ``form_key`` papers of ``referral``, in the caller's transaction; returns how many.

    The file itself does not move: only the row that names it changes. A paper the request already has is dropped.
    Raises DomainError beyond ten papers in all.
    """
    drafts = list(ReferralDraftDocument.objects.of_form(form_key).select_for_update())
    known = set(referral.documents.values_list("sha256", flat=True))
    new = [draft for draft in drafts if draft.sha256 not in known]
    if len(known) + len(new) > MAX_FILES:
        raise DomainError(f"Une demande porte {MAX_FILES} documents au plus.", field="papers")
    ReferralDocument.objects.bulk_create(
        ReferralDocument(
            uuid=draft.uuid, referral=referral, name=draft.name, file=draft.file.name,
            content_type=draft.content_type, size=draft.size, sha256=draft.sha256, added_at=at,
        )
        for draft in new
    )  # fmt: skip
    for draft in drafts:
        if draft.sha256 in known:
            transaction.on_commit(_eraser(draft), robust=True)
    ReferralDraftDocument.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    return len(new)


def _eraser(draft: ReferralDraftDocument) -> Callable[[], None]:
    storage, name = draft.file.storage, str(draft.file.name)
    return lambda: storage.delete(name)


def purge_drafts(*, now: datetime) -> int:
    """Erases the files nobody sent within 24 h, and their rows; returns how many. May run on several workers.

    The file goes first: a crash in between leaves a row that the next run takes again, never a forgotten file.
    """
    total = 0
    while erased := _purge_batch(now):
        total += erased
    return total


@transaction.atomic
def _purge_batch(now: datetime) -> int:
    drafts = list(ReferralDraftDocument.objects.expired(now).select_for_update(skip_locked=True)[:BATCH])
    for draft in drafts:
        draft.file.delete(save=False)
    ReferralDraftDocument.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    return len(drafts)
