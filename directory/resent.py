"""A form sent twice does its work once."""

from __future__ import annotations

from uuid import UUID, uuid5


def key_of(form: UUID, *told: object) -> UUID:
    """The key of what a form says: ``form`` is the key drawn with the page, ``told`` what was filled in.

    The same form sent again gives the same key; filled in otherwise after the browser's "back", it gives another:
    it is another act, not the first one again.
    """
    return uuid5(form, repr(told))
