"""Loads the demo hospital at a size into the current (throw-away) database, then measures."""

from __future__ import annotations

import argparse
import os

import django

SIZES = ["small", "medium", "large"]
MEASURES = {"worklist", "search", "scan", "rebuild", "board", "booking"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./jalon bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--only", choices=sorted(MEASURES), help="one measure only")
    options = parser.parse_args()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from pathways.models import Pathway, Patient
    from tests.bench import board, booking, rebuild, scan, search, worklist

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    wanted = {options.only} if options.only else MEASURES
    sizes = SIZES[: SIZES.index(options.size) + 1] if wanted - {"rebuild"} else [options.size]
    pages, scans, boards = {}, {}, {}
    for size in sizes:
        call_command("load_demo", size=size, reset=True)
        patients, active = Patient.objects.count(), Pathway.objects.active().count()
        print(f"\n== {size}: {patients:,} patients, {active:,} active pathways")
        if "worklist" in wanted:
            pages[size] = worklist.measure()
        if "search" in wanted:
            search.measure()
        if "scan" in wanted:
            scans[size] = scan.measure()
        if "board" in wanted:
            boards[size] = board.measure()
        if "booking" in wanted and size == "large":
            booking.measure()
    if "medium" in pages and "large" in pages:
        for clients, latency in pages["large"].items():
            growth = latency.p50 / pages["medium"][clients].p50
            print(f"  growth at {clients:>2} clients: p50 x{growth:.2f} (aim: at most 1.2)")
    if "medium" in boards and "large" in boards:
        for clients, latency in boards["large"].items():
            growth = latency.p50 / boards["medium"][clients].p50
            print(f"  slot board, growth at {clients:>2} clients: p50 x{growth:.2f} (aim: at most 1.2)")
    for size, ratio in scans.items():
        print(f"  scan at {size}: {ratio:.2f} times the bare SQL")
    if "rebuild" in wanted:
        rebuild.measure()


if __name__ == "__main__":
    main()
