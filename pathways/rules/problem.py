"""What is wrong with a target pathway, before it is told on a line of a file or next to a field."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A fault of meaning: the position of the step (None for the pathway itself), the field, a French sentence.

    `elsewhere` says that the fault is the absence of something in the other steps, or in the head of the file;
    `item` is the position in the field's list.
    """

    step: int | None
    field: str
    message: str
    elsewhere: bool = False
    item: int | None = None
