"""The next version of a target pathway while it is written: one draft, no change taken from an old reading of it."""

from __future__ import annotations

from dataclasses import replace

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import TargetDraft, TargetPathway, TargetPathwayVersion
from pathways.rules.target import Target, TargetError, check, from_draft, parse_target, to_dict
from pathways.services.targets import publish_target

STALE, GONE, FAULTY = "stale", "gone", "faulty"


@transaction.atomic
def start_draft(*, target: TargetPathway, author: User) -> TargetDraft:
    """A copy of the current version to write in; the draft in hand when there is one. Before the first version, the
    draft that was given up is taken up again.

    Raises DomainError when nothing was ever written.
    """
    _locked(target)
    known = TargetDraft.objects.filter(target=target).first()
    if known:
        return known
    base = _newest(target)
    content = base.content if base else as_given_up(target)
    if content is None:
        raise DomainError("Ce parcours cible n’a pas encore de version publiée.")
    return TargetDraft.objects.create(
        target=target, base=base, definition=to_dict(content), edited_by=author, edited_at=timezone.now()
    )


def as_given_up(target: TargetPathway) -> Target | None:
    """What the last draft of ``target`` said when it was given up, as the history keeps it."""
    rows = apps.get_model("pathways", "TargetDraftHistory").objects.filter(target=target.pk)
    last = rows.order_by("-pgh_id").first()
    return from_draft(last.definition) if last else None


@transaction.atomic
def save_draft(*, draft: TargetDraft, revision: int, content: Target, author: User) -> TargetDraft:
    """Takes ``content`` as the next revision, from whoever has read ``revision``.

    Raises DomainError: `stale` when somebody else changed the draft since, `gone` when it was published or dropped.
    """
    definition = to_dict(content)
    if content.key != draft.target.key:
        raise DomainError(f"La clé du parcours reste « {draft.target.key} ».", field="key")
    try:
        from_draft(definition)
    except TargetError as error:
        raise DomainError(str(error), code=FAULTY) from error
    mine = claim(draft, revision)
    if mine.definition == definition:
        return mine
    mine.definition, mine.revision = definition, revision + 1
    mine.edited_by, mine.edited_at = author, timezone.now()
    mine.save(update_fields=["definition", "revision", "edited_by", "edited_at"])
    return TargetDraft.objects.get(pk=mine.pk)


@transaction.atomic
def load_draft(*, draft: TargetDraft, revision: int, text: str, author: User) -> TargetDraft:
    """Replaces the whole draft by a YAML file. Raises TargetError with every fault of the file, or DomainError."""
    content = parse_target(text)
    return save_draft(draft=draft, revision=revision, content=content, author=author)


@transaction.atomic
def drop_draft(*, draft: TargetDraft, revision: int, author: User) -> None:
    """Gives a draft up; what it said stays in the history, from where one that never had a version may be taken up
    again (a colleague may be typing a step of it): meanwhile it stands in no list (`TargetPathwayQuerySet.kept`)."""
    _locked(draft.target)  # before it, as `publish_draft`
    claim(draft, revision)
    draft.delete()


@transaction.atomic
def rebase_draft(*, draft: TargetDraft, revision: int, author: User) -> TargetDraft:
    """Says that the draft was read beside the version published since, and is meant to replace it."""
    mine = claim(draft, revision)
    newest = _newest(mine.target)
    if newest is not None and newest.pk != mine.base_id:
        mine.base, mine.revision, mine.edited_by, mine.edited_at = newest, revision + 1, author, timezone.now()
        mine.save(update_fields=["base", "revision", "edited_by", "edited_at"])
    return mine


@transaction.atomic
def publish_draft(*, draft: TargetDraft, revision: int, reason: str, author: User) -> TargetPathwayVersion:
    """Makes the draft the next version and closes it. No running pathway moves.

    Raises DomainError without a reason, when somebody changed the draft or published meanwhile, when it is at fault, or
    when it says the same as the version it starts from.
    """
    if not reason.strip():
        raise DomainError(
            "Dites pourquoi cette version change : ceux qui suivent les patients le liront.", field="reason"
        )
    target = _locked(draft.target)
    mine = claim(draft, revision)
    newest = _newest(target)
    if newest is not None and newest.pk != mine.base_id:
        raise DomainError(
            f"La version {newest.number} a été publiée depuis que ce brouillon a commencé : "
            "relisez-la, puis repartez d’elle.",
            code=STALE,
        )
    faults = check(mine.content)
    if faults:
        raise DomainError(f"Le brouillon ne peut pas être suivi : {faults[0].message}", code=FAULTY)
    if newest is not None and replace(mine.content, version=newest.content.version) == newest.content:
        raise DomainError("Le brouillon dit la même chose que la version en vigueur : il n’y a rien à publier.")
    content = replace(mine.content, version=newest.number + 1 if newest else 1)
    version, _ = publish_target(
        content=content, establishment=target.establishment, team=target.team, reason=reason.strip(), author=author
    )
    mine.delete()
    return version


def _locked(target: TargetPathway) -> TargetPathway:
    """The row that whoever starts, or publishes, holds."""
    return (
        TargetPathway.objects.select_for_update(of=("self",), no_key=True)
        .select_related("establishment", "team")
        .get(pk=target.pk)
    )


def claim(draft: TargetDraft, revision: int) -> TargetDraft:
    """The draft, held, when it is still at that revision."""
    mine = (
        TargetDraft.objects.select_for_update(of=("self",))
        .select_related("target__establishment", "target__team", "edited_by__professional")
        .filter(pk=draft.pk)
        .first()
    )
    if mine is None:
        raise DomainError("Ce brouillon a été publié ou abandonné entre-temps.", code=GONE)
    if mine.revision != revision:
        raise DomainError(f"{mine.edited_by} a modifié ce brouillon entre-temps : relisez-le.", code=STALE)
    return mine


def _newest(target: TargetPathway) -> TargetPathwayVersion | None:
    return target.versions.order_by("-number").first()
