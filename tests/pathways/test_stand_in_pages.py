"""While the owner is away, every page names who acts for them, and for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Role, User
from pathways import services
from pathways.models import Pathway
from pathways.services import Acting
from tests.factories import PathwayFactory, UserFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def acting(scene: Scene) -> User:
    return UserFactory(role=Role.COORDINATOR, team=scene.team)


@pytest.fixture
def late(scene: Scene) -> Pathway:
    pathway = PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=9, birth_name="Tardif")
    services.scan_delays(now=timezone.now())
    return pathway


def away(pathway: Pathway, acting: User, *, starts_in: int = 0) -> None:
    first = timezone.localdate() + timedelta(days=starts_in)
    assert pathway.owner_id is not None
    line = Acting(pathway.owner_id, acting.pk, first, first + timedelta(days=6), first + timedelta(days=6))
    services.set_stand_ins(pathways=[pathway.pk], found={pathway.pk: [line]})


def texts(scene: Scene, pathway: Pathway) -> dict[str, str]:
    client = scene.client()
    pages: dict[str, Any] = {
        "detail": (reverse("pathways:detail", args=[pathway.uuid]), "#cercle"),
        "next": (reverse("pathways:detail", args=[pathway.uuid]), ".p-strong"),
        "summary": (reverse("pathways:summary", args=[pathway.uuid]), "main"),
        "list": ("/parcours/", "tbody tr"),
        "alerts": ("/alertes/?liste=equipe", "tbody tr"),
    }
    return {
        name: " ".join(words(node) for node in soup(client.get(address)).select(where))
        for name, (address, where) in pages.items()
    }


def test_named_with_whom_they_replace(scene: Scene, late: Pathway, acting: User) -> None:
    away(late, acting)
    for name, text in texts(scene, late).items():
        assert str(acting) in text and str(late.owner) in text, (name, text)


@pytest.mark.parametrize("starts_in", [1, -7])
def test_not_before_nor_after(scene: Scene, late: Pathway, acting: User, starts_in: int) -> None:
    away(late, acting, starts_in=starts_in)
    for name, text in texts(scene, late).items():
        assert str(late.owner) in text and str(acting) not in text, (name, text)
