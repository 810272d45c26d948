"""What an exam is for: the step of the plan that asks for it."""

from __future__ import annotations

from coordination.readings.targets import content_of
from coordination.readings.worklist import exam_codes, step_definition
from directory.errors import DomainError
from pathways.models import Pathway


def refuse_wrong_step(pathway: Pathway, step_key: str, code: str) -> None:
    """A step as typed in a form or sent by a program. Raises DomainError for one that the plan has never had, or one
    that does not ask for the exam ``code``: a need that nobody knows could be served twice."""
    if not step_key:
        return
    definition = None if len(step_key) > 60 or "\0" in step_key else step_definition(content_of(pathway), step_key)
    if definition is None:
        # What an earlier version of the target asked for is still moved, and booked again.
        if "\0" in step_key or not pathway.steps.filter(key=step_key).exists():
            raise DomainError("Cette étape n’existe pas.", field="step")
        return
    if code not in exam_codes(definition.exam_type, definition):
        raise DomainError("Cet examen n’est pas celui de cette étape.", field="step")
