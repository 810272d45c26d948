"""Two people on the same draft at the same instant: one wins, the other is told, nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection

from directory.errors import DomainError
from pathways import services
from pathways.models import TargetDraft, TargetPathwayVersion
from pathways.rules.editing import with_step
from tests.pathways.targets import Office

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

AT_ONCE = 4


def together(act: Callable[[int], object]) -> list[str]:
    """Does the same thing from several connections at once; "done", or the code of each refusal."""
    start = Barrier(AT_ONCE)

    def one(number: int) -> str:
        try:
            start.wait(timeout=30)
            act(number)
        except DomainError as error:
            return error.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(one, range(AT_ONCE)))


def test_of_several_editors_one_wins() -> None:
    office = Office()
    draft, editor = office.draft, office.editor

    def save(number: int) -> None:
        content = with_step(draft.content, "rcp", replace(draft.content.step("rcp"), label=f"RCP {number}"))
        services.save_draft(draft=draft, revision=1, content=content, author=editor)

    assert together(save) == ["done", *["stale"] * (AT_ONCE - 1)]
    assert TargetDraft.objects.get().revision == 2


def test_of_several_publishers_one_wins() -> None:
    office = Office()
    changed = replace(office.draft.content.step("rcp"), label="RCP de recours")
    content = with_step(office.draft.content, "rcp", changed)
    draft = services.save_draft(draft=office.draft, revision=1, content=content, author=office.editor)

    def publish(number: int) -> None:
        services.publish_draft(draft=draft, revision=draft.revision, reason=f"Motif {number}", author=office.editor)

    assert together(publish) == ["done", *["gone"] * (AT_ONCE - 1)]
    assert TargetPathwayVersion.objects.filter(target=office.target).count() == 2


def test_several_beginnings_make_one_draft() -> None:
    office = Office()
    target, editor = office.target, office.editor
    assert together(lambda number: services.start_draft(target=target, author=editor)) == ["done"] * AT_ONCE
    assert TargetDraft.objects.count() == 1
