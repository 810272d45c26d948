"""Loads the demo hospital at a size into the current (throw-away) database, then measures."""

from __future__ import annotations

import argparse
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="./jalon bench", description=__doc__)
    parser.add_argument("--size", choices=["small", "medium", "large"], default="large")
    parser.add_argument("--only", choices=["worklist", "scan"], help="one measure only")
    options = parser.parse_args()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from pathways.models import Pathway, Patient
    from tests.bench import scan, worklist

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    sizes = [options.size] if options.only == "scan" or options.size == "small" else ["medium", options.size]
    found = {}
    for size in dict.fromkeys(sizes):
        call_command("load_demo", size=size, reset=True)
        patients, active = Patient.objects.count(), Pathway.objects.active().count()
        print(f"\n== {size}: {patients:,} patients, {active:,} active pathways")
        if options.only != "scan":
            found[size] = worklist.measure()
    if len(found) == 2:
        small, large = found.values()
        for clients, latency in large.items():
            print(f"  growth at {clients:>2} clients: p50 x{latency.p50 / small[clients].p50:.2f} (aim: at most 1.2)")
    if options.only != "worklist":
        scan.measure()


if __name__ == "__main__":
    main()
