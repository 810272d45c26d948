"""Loads the demo hospital at a size into the current (throw-away) database, then measures."""

from __future__ import annotations

import argparse
import os
from typing import Any

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
    pages: dict[str, Any] = {}
    boards: dict[str, Any] = {}
    scans: dict[str, float] = {}
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
    for name, found in (("worklist", pages), ("slot board", boards)):
        _growth(name, found)
    for size, ratio in scans.items():
        print(f"  scan at {size}: {ratio:.2f} times the bare SQL")
    if "booking" in wanted and options.size == "large":
        booking.measure()
    if "rebuild" in wanted:
        rebuild.measure()


def _growth(name: str, found: dict[str, dict[int, Any]]) -> None:
    """From the medium hospital to the large one."""
    if {"medium", "large"} <= found.keys():
        for clients, latency in found["large"].items():
            growth = latency.p50 / found["medium"][clients].p50
            print(f"  {name}, growth at {clients:>2} clients: p50 x{growth:.2f} (aim: at most 1.2)")


if __name__ == "__main__":
    main()
