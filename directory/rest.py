"""What the API refuses before any of it is read: dates of another age, signs that no text holds."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from directory.days import refuse_odd_days
from directory.errors import DomainError


class WholeTextParser(JSONParser):
    """JSON without half a sign: a lone surrogate is read by Python, and written by nothing, not even a refusal."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        found = super().parse(stream, media_type, parser_context)
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ParseError("Ce texte contient un signe incomplet.") from error
        return found


class InstantField(serializers.DateTimeField):
    """An instant between 2000 and 2100: beyond, even comparing it may overflow."""

    default_error_messages = {"overflow": "Vérifiez l’année."}

    def to_internal_value(self, value: Any) -> datetime:
        try:
            found: datetime = super().to_internal_value(value)
            refuse_odd_days(day=found.date())
        except OverflowError:  # the framework lets it through when no time zone is given
            self.fail("overflow")
        except DomainError as error:
            raise serializers.ValidationError(error.message, code=error.code) from error
        return found
