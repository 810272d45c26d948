from __future__ import annotations

import pytest

from tests.rcp.factories import Meeting, MeetingFactory


@pytest.fixture
def meeting() -> Meeting:
    return MeetingFactory()
