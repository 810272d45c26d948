"""Plan rebuild at 1,000, 10,000 and 100,000 pathways (DESIGN.md 6): time per pathway and peak memory, both flat.

Each size is its own process, so that its peak is its own, and takes one pathway in so many: the same mix of running
and closed ones. It is measured twice: with every step to write again, then with nothing to change.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter

SIZES = (1_000, 10_000, 100_000)
AIM_GROWTH = 1.2


@dataclass(frozen=True)
class Run:
    """Milliseconds per pathway, and the most memory the process held, in megabytes."""

    pathways: int
    writing: float
    unchanged: float
    peak: float


def measure() -> None:
    """Prints each size the database holds, and how the largest compares with the smallest."""
    from pathways.models import Pathway

    total = Pathway.objects.count()
    runs = [_run(size, total // size) for size in SIZES if size <= total]
    for run in runs:
        print(
            f"plan rebuild of {run.pathways:>7,} pathways: {run.writing:5.2f} ms each, all steps written; "
            f"{run.unchanged:5.2f} ms each, nothing to change; peak {run.peak:.0f} MB"
        )
    if len(runs) > 1:
        small, large = runs[0], runs[-1]
        print(
            f"  growth from {small.pathways:,} to {large.pathways:,}: writing x{large.writing / small.writing:.2f}, "
            f"unchanged x{large.unchanged / small.unchanged:.2f}, memory x{large.peak / small.peak:.2f} "
            f"(aim: at most {AIM_GROWTH})"
        )


def _run(size: int, one_in: int) -> Run:
    command = [sys.executable, "-m", "tests.bench.rebuild", str(size), str(one_in)]
    return Run(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _measured(size: int, one_in: int) -> Run:
    import django

    django.setup()
    from django.db.models import F

    from pathways.models import Pathway, Step
    from pathways.services.rebuild import rebuild_everything

    chosen = Pathway.objects.alias(place=F("pk") % one_in).filter(place=0)
    last = chosen.order_by("pk").values_list("pk", flat=True)[size - 1 : size].get()
    rows = chosen.filter(pk__lte=last)
    Step.objects.filter(pathway__in=rows).update(label="")
    taken = []
    for _ in range(2):
        start = perf_counter()
        done = list(rebuild_everything(rows=rows))
        taken.append(1000 * (perf_counter() - start) / done[-1].pathways)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(done[-1].pathways, *taken, peak)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    parser = argparse.ArgumentParser()
    parser.add_argument("size", type=int)
    parser.add_argument("one_in", type=int)
    asked = parser.parse_args()
    print(json.dumps(_measured(asked.size, asked.one_in).__dict__))
