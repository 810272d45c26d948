"""The content of target pathways, read once per process: a version never changes (the database refuses it)."""

from __future__ import annotations

from collections.abc import Iterable

from pathways.models import Pathway, TargetPathwayVersion
from pathways.rules.target import Target

_known: dict[tuple[int, str], Target] = {}
"""By version id and digest: the digest tells apart two databases that gave the same id, as tests do."""


def contents_of(pathways: Iterable[Pathway]) -> dict[int, Target]:
    """The targets of pathways fetched with their version, by version id; at most one query for those not met yet."""
    wanted = {pathway.version_id: pathway.version.sha256 for pathway in pathways}
    missing = [pk for pk, digest in wanted.items() if (pk, digest) not in _known]
    for version in TargetPathwayVersion.objects.filter(pk__in=missing) if missing else ():
        _known[version.pk, version.sha256] = version.content
    return {pk: _known[pk, digest] for pk, digest in wanted.items()}


def content_of(pathway: Pathway) -> Target:
    """The target of one pathway fetched with its version."""
    return contents_of([pathway])[pathway.version_id]
