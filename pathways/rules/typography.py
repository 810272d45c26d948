"""Rough widths of text in the interface's font, to keep labels from touching. Wide rather than narrow."""

from __future__ import annotations

_NARROW = frozenset("ijlftrI.,;:!'’|()[]·1 \N{NO-BREAK SPACE}")
_WIDE = frozenset("mwMWŒœÆæ@%—…")


def text_width(text: str, size: float) -> float:
    """Pixels that `text` takes at a font size of `size` pixels."""
    return sum(_share(letter) for letter in text) * size


def shorten(text: str, room: float, size: float) -> str:
    """`text`, or as much of it as fits into `room` pixels, closed by an ellipsis."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _share(letter: str) -> float:
    """The width of a letter, as a share of the font size."""
    if letter in _NARROW:
        return 0.4
    if letter in _WIDE:
        return 1.0
    return 0.72 if letter.isupper() else 0.62
