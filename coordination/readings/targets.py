"""The content of target pathways, read once per process: a version never changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pathways.models import Pathway, TargetPathwayVersion
from pathways.rules.target import Target


@lru_cache(maxsize=256)
def _content(version_id: int, sha256: str) -> Target:
    return TargetPathwayVersion.objects.get(pk=version_id).content


def content_of(pathway: Pathway) -> Target:
    """The target of a pathway fetched with its version; reads the definition only the first time it meets it."""
    return _content(pathway.version_id, pathway.version.sha256)


def contents_of(pathways: Iterable[Pathway]) -> dict[int, Target]:
    """The targets of some pathways, by version id."""
    return {pathway.version_id: content_of(pathway) for pathway in pathways}
