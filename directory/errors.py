"""The error a service raises when the domain says no."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal with a French reason a user can act on.

    ``field`` names the form field it belongs to, when there is one; ``code`` is a stable English word for the API.
    """

    def __init__(self, message: str, *, field: str | None = None, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code
