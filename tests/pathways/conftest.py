"""Scenes shared by the tests of the patient's file."""

from __future__ import annotations

import pytest

from tests.pathways.scenes import Scene


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


@pytest.fixture
def untold(db: None) -> Scene:
    """The results are in the file; nobody has told the patient."""
    return Scene(announced=False)
