"""The week of slots against a bare view of fifty rows (DESIGN.md 6): p50 and p95 at 1, 8 and 32 clients, SQL count."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from coordination.models import Slot
from tests.bench.load import Latency, ask
from tests.bench.worklist import AIM_QUERIES, AIM_RATIO, CLIENTS, REQUESTS, query_count, server, session_cookie


def measure() -> dict[int, Latency]:
    """Prints the comparison for next week's board and its month; returns the latencies of the board by clients."""
    day = timezone.localdate() + timedelta(days=7)
    monday = day - timedelta(days=day.weekday())
    shown = Slot.objects.filter(starts_at__date__range=(monday, monday + timedelta(days=6))).count()
    board, month = f"{reverse('coordination:slots')}?semaine={day}", reverse("coordination:slots-month")
    cookie = session_cookie()
    print(f"slot board over {Slot.objects.count():,} slots, {shown} of them in the week:")
    for path in (board, month):
        print(f"  {path.partition('?')[0]}: {query_count(path)} SQL queries (aim: at most {AIM_QUERIES})")
    found = {}
    with server() as port:
        for path in (board, month, "/bench/bare"):
            ask(port, path, cookie=cookie, clients=8, requests=40)
        for clients in CLIENTS:
            bare = ask(port, "/bench/bare", cookie=cookie, clients=clients, requests=REQUESTS)
            found[clients] = ask(port, board, cookie=cookie, clients=clients, requests=REQUESTS)
            whole = ask(port, month, cookie=cookie, clients=clients, requests=REQUESTS)
            for name, each in (("week", found[clients]), ("month", whole)):
                print(
                    f"  {clients:>2} clients  {name:5} p50 {each.p50:7.1f} ms  p95 {each.p95:7.1f} ms   "
                    f"bare p50 {bare.p50:7.1f} ms   ratio p50 {each.p50 / bare.p50:4.2f}  "
                    f"p95 {each.p95 / bare.p95:4.2f}  (aim: at most {AIM_RATIO})"
                )
    return found
