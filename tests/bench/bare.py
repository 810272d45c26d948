"""The yardsticks: the least Django can do to show fifty patients to a logged-in user, or to find eight by a piece of
their name; same middlewares, same server."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.views.decorators.csrf import csrf_exempt

from pathways.models import Pathway

TEMPLATE = engines["django"].from_string(
    """<!doctype html><html lang="fr"><head><title>Liste</title></head><body><table>
{% for row in rows %}<tr><td>{{ row.patient }}</td><td>{{ row.version.target.name }}</td>
<td>{{ row.opened_at|date }}</td><td>{{ row.next_due_at|date }}</td>
<td>{{ row.next_step.label }}</td><td>{{ row.owner }}</td>
<td><a href="/parcours/{{ row.uuid }}/">Ouvrir</a></td></tr>{% endfor %}
</table></body></html>"""
)


def fifty_rows(request: HttpRequest) -> HttpResponse:
    """Fifty pathways of the reader's teams, with what the columns need."""
    rows = (
        Pathway.objects.filter(team__in=[m.team_id for m in request.user.current_memberships], status="active")  # type: ignore[union-attr]
        .select_related("patient", "version__target", "next_step", "owner__professional")
        .order_by("next_due_at")[:50]
    )
    return HttpResponse(TEMPLATE.render({"rows": rows, "user": request.user}, request))


NAMES_LIKE = """
SELECT birth_name, first_name, reference FROM pathways_patient
JOIN pathways_pathway ON pathways_pathway.patient_id = pathways_patient.id
WHERE search_text LIKE %s ORDER BY status, next_due_at NULLS FIRST, pathways_pathway.id LIMIT 8
"""
FOUND = engines["django"].from_string("{% for row in rows %}<li>{{ row.0 }} {{ row.1 }} {{ row.2 }}</li>{% endfor %}")


@csrf_exempt
def names_like(request: HttpRequest) -> HttpResponse:
    """The eight most urgent pathways whose patient's words contain what was typed, by the trigram index."""
    assert request.user.is_authenticated
    with connection.cursor() as cursor:
        cursor.execute(NAMES_LIKE, [f"%{request.POST['q']}%"])
        return HttpResponse(FOUND.render({"rows": cursor.fetchall()}, request))
