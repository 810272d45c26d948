"""The yardstick: the least Django can do to show fifty patients to a logged-in user, same middlewares, same server."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines

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
