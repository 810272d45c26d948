"""The target pathways that come with Jalon, as YAML files."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "targets"


def shipped() -> dict[str, Path]:
    """Each file by the key of its pathway."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}
