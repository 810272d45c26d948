"""A GET never writes."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from directory.middleware import ReadOnlyGetMiddleware
from directory.models import Establishment
from directory.readonly import WriteOnReadError, refuse_writes, writes_allowed
from tests.factories import EstablishmentFactory

pytestmark = pytest.mark.django_db


def test_a_view_that_writes_on_get_fails() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        EstablishmentFactory()
        return HttpResponse()

    with pytest.raises(WriteOnReadError), transaction.atomic():
        ReadOnlyGetMiddleware(view)(RequestFactory().get("/"))
    assert ReadOnlyGetMiddleware(view)(RequestFactory().post("/")).status_code == 200


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO directory_heartbeat VALUES (1)",
        "update directory_team set name='x'",
        "  DELETE FROM directory_team",
        "WITH x AS (DELETE FROM directory_team RETURNING 1) SELECT * FROM x",
        "SELECT id FROM directory_team FOR UPDATE",
        "TRUNCATE directory_team",
        "select set_config('a','b',true); INSERT INTO directory_heartbeat VALUES (1)",
    ],
)
def test_every_way_of_writing_is_refused(sql: str) -> None:
    with connection.execute_wrapper(refuse_writes), connection.cursor() as cursor, pytest.raises(WriteOnReadError):
        cursor.execute(sql)


def test_reads_and_the_access_log_pass() -> None:
    EstablishmentFactory()
    with connection.execute_wrapper(refuse_writes):
        assert Establishment.objects.count() == 1
        with writes_allowed():
            EstablishmentFactory()
        with pytest.raises(WriteOnReadError):
            Establishment.objects.update(name="autre")
