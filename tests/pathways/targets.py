"""A target pathway, the people around it, and what their browsers send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup
from django.http import QueryDict
from django.urls import reverse

from directory.models import Membership, Role, Team, User
from pathways import services
from pathways.models import TargetDraft, TargetPathway, TargetPathwayVersion
from pathways.rules.durations import Duration
from pathways.rules.editing import with_step
from pathways.rules.target import Target
from tests.conftest import StrictClient
from tests.factories import TargetFactory, TeamFactory, UserFactory

STEP_FORM = "form[data-guard]"


def filled(page: BeautifulSoup, selector: str) -> QueryDict:
    """What a browser would send of a form as it stands on a page."""
    data = QueryDict(mutable=True)
    form = page.select_one(selector)
    assert form is not None, selector
    for control in form.select("input, select, textarea"):
        name = str(control.get("name", ""))
        if not name or control.has_attr("disabled") or control.get("type") == "file":
            continue
        if control.name == "textarea":
            data.appendlist(name, control.get_text().removeprefix("\n").replace("\n", "\r\n"))
        elif control.name == "select":
            chosen = control.select("option[selected]") or control.select("option")[:1]
            if chosen:
                data.appendlist(name, str(chosen[0].get("value", "")))
        elif control.get("type") not in ("checkbox", "radio"):
            data.appendlist(name, str(control.get("value", "")))
        elif control.has_attr("checked"):
            data.appendlist(name, str(control.get("value", "on")))
    return data


@dataclass
class Office:
    """The target `key` of a team, with whoever may write it and whoever may only read it."""

    key: str = "instadiag-foie-pancreas"

    @cached_property
    def team(self) -> Team:
        return TeamFactory()

    @cached_property
    def target(self) -> TargetPathway:
        return TargetFactory(team=self.team, key=self.key)

    @cached_property
    def editor(self) -> User:
        return UserFactory(role=Role.QUALITY, team=self.team)

    @cached_property
    def other_editor(self) -> User:
        return UserFactory(role=Role.ADMINISTRATOR, team=self.team)

    @cached_property
    def coordinator(self) -> User:
        return UserFactory(role=Role.COORDINATOR, team=self.team)

    @cached_property
    def head(self) -> User:
        """A physician who heads the team."""
        user = UserFactory(role=Role.PHYSICIAN, team=self.team)
        Membership.objects.filter(user=user).update(is_head=True)
        return User.objects.get(pk=user.pk)

    @cached_property
    def draft(self) -> TargetDraft:
        return services.start_draft(target=self.target, author=self.editor)

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"pathways:{name}", args=[self.team.establishment.uuid, self.target.key, *args])

    def client(self, user: User | None = None) -> StrictClient:
        client = StrictClient()
        client.force_login(user or self.editor)
        return client


Change = Callable[[Target], Target]


def timed(key: str, objective: str) -> Change:
    """The draft with another objective for one step."""
    return lambda content: with_step(content, key, replace(content.step(key), objective=Duration.parse(objective)))


def written(office: Office, *changes: Change) -> TargetDraft:
    """The draft with these changes."""
    draft = services.start_draft(target=office.target, author=office.editor)
    content = draft.content
    for change in changes:
        content = change(content)
    return services.save_draft(draft=draft, revision=draft.revision, content=content, author=office.editor)


def published(office: Office, *changes: Change, reason: str = "Essai") -> TargetPathwayVersion:
    draft = written(office, *changes)
    return services.publish_draft(draft=draft, revision=draft.revision, reason=reason, author=office.editor)
