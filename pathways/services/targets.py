"""Publishing a target pathway: a new version, never a change of an old one."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from directory.models import Establishment, Team, User
from pathways.models import TargetPathway, TargetPathwayVersion
from pathways.rules.target import EntryChannel, Target, digest, to_dict


@transaction.atomic
def publish_target(
    *, content: Target, establishment: Establishment, team: Team, reason: str, author: User | None = None
) -> tuple[TargetPathwayVersion, bool]:
    """Stores ``content`` as the next version; (version, False) when the current one says the same.

    The content of an older version makes a new one: that is how a change is taken back.
    A pathway without the online form among its channels begins closed to it (ENT-03); a version that adds the form
    opens it, one that takes it away closes it.
    """
    by_form = EntryChannel.FORM in content.entry_channels
    target, _ = TargetPathway.objects.select_for_update(of=("self",)).get_or_create(
        establishment=establishment,
        key=content.key,
        defaults={
            "team": team,
            "name": content.name,
            "pathology": content.pathology,
            "is_open": by_form,
        },
    )
    sha256 = digest(content)
    newest = target.versions.order_by("-number").first()
    if newest and newest.sha256 == sha256:
        return newest, False
    version = TargetPathwayVersion.objects.create(
        target=target,
        number=newest.number + 1 if newest else 1,
        definition=to_dict(content),
        sha256=sha256,
        reason=reason,
        author=author,
        published_at=timezone.now(),
    )
    target.name, target.pathology = content.name, content.pathology
    if newest is None or (EntryChannel.FORM in newest.content.entry_channels) != by_form:
        target.is_open = by_form
    target.save(update_fields=["name", "pathology", "is_open"])
    return version, True
