"""A checkout of its own for each test."""

from pathlib import Path

import pytest

from launcher.paths import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty checkout in a path with a space and an accent."""
    root = tmp_path / "dossier é vide"
    (root / ".jalon").mkdir(parents=True)
    return Project(root)
