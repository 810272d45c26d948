"""The commands on target pathways: loading the shipped ones, and writing one back as the same content."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from directory.models import Team
from pathways import services
from pathways.models import TargetPathway, TargetPathwayVersion
from pathways.rules.target import parse_target
from tests.factories import TargetFactory, TeamFactory, shipped_target

pytestmark = pytest.mark.django_db
SHIPPED = {
    "creca-h", "digestif-coordonne", "fast", "gliolink", "instadiag-foie-pancreas", "instadiag-poumon", "prostate",
    "sein-operable", "speedendoc",
}  # fmt: skip


@pytest.fixture
def team() -> Team:
    return TeamFactory()


def load(team: Team, *files: str, **options: object) -> str:
    said = StringIO()
    call_command("load_targets", *files, finess=team.establishment.finess, stdout=said, **options)
    return said.getvalue()


def export(key: str, **options: object) -> str:
    said = StringIO()
    call_command("export_target", key, stdout=said, **options)
    return said.getvalue()


def test_a_clean_database_takes_all_nine_and_a_second_load_adds_nothing(team: Team) -> None:
    assert load(team).count("publiée") == 9
    assert set(TargetPathway.objects.values_list("key", flat=True)) == SHIPPED
    assert load(team).count("déjà à jour") == 9
    assert TargetPathwayVersion.objects.count() == 9
    for version in TargetPathwayVersion.objects.all():
        assert version.content.steps, "what is stored is read back"


def test_only_those_asked_for_are_loaded(team: Team) -> None:
    load(team, keys=["gliolink", "fast", "fast"])
    assert set(TargetPathway.objects.values_list("key", flat=True)) == {"gliolink", "fast"}
    with pytest.raises(CommandError, match=r"Parcours inconnus : foie\. Sont livrés : creca-h"):
        load(team, keys=["foie", "prostate"])
    with pytest.raises(CommandError, match="pas les deux"):
        load(team, "fichier.yaml", keys=["fast"])
    assert TargetPathway.objects.count() == 2


@pytest.mark.parametrize("key", sorted(SHIPPED))
def test_what_is_exported_loads_as_the_same_content(key: str, team: Team, tmp_path: Path) -> None:
    TargetFactory(team=team, key=key)
    text = export(key)
    assert parse_target(text) == shipped_target(key)
    file = tmp_path / f"{key}.yaml"
    assert str(file) in export(key, output=file)
    assert file.read_text(encoding="utf-8") == text
    assert "déjà à jour" in load(team, str(file)), "same content, same digest: no new version"


def test_an_older_version_and_the_right_site_are_exported(team: Team) -> None:
    from dataclasses import replace

    first = shipped_target("fast")
    other = TeamFactory()
    for name in ("FAST", "FAST, nouvelle version"):
        services.publish_target(
            content=replace(first, name=name), establishment=team.establishment, team=team, reason="essai"
        )
    assert parse_target(export("fast")).name == "FAST, nouvelle version"
    assert parse_target(export("fast", number=1)).name == "FAST"
    with pytest.raises(CommandError, match="n’a pas de version 7"):
        export("fast", number=7)
    with pytest.raises(CommandError, match="Aucun parcours publié"):
        export("prostate")

    TargetFactory(team=other, key="fast")
    with pytest.raises(CommandError, match="--finess"):
        export("fast")
    assert parse_target(export("fast", finess=other.establishment.finess)) == first


def test_a_place_that_cannot_be_written_is_said(team: Team, tmp_path: Path) -> None:
    TargetFactory(team=team, key="fast")
    with pytest.raises(CommandError, match="absent"):
        export("fast", output=tmp_path / "absent" / "fast.yaml")


def test_what_does_not_read_back_the_same_is_not_written(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    TargetFactory(team=team, key="fast")
    text = export("fast").replace("36 days", "37 days")
    monkeypatch.setattr("pathways.management.commands.export_target.dump", lambda target: text)
    with pytest.raises(CommandError, match="à l’identique"):
        export("fast", output=tmp_path / "fast.yaml")
    assert not (tmp_path / "fast.yaml").exists()
