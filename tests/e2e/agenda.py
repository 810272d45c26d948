"""A real agenda on somebody's machine: vdirsyncer fetches a calendar link, khal shows the days."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

BIN = Path(sys.executable).parent
DAYS = 400
FORMAT = "{start-long-full} | {end-long-full} | {title} | {location} | {status}{nl}"
Row = tuple[str, ...]


class RefusedError(Exception):
    """What the program said as it failed."""


@dataclass(frozen=True)
class Agenda:
    """Reads one calendar link, keeps what it fetched in ``folder``, and shows it on the clock of ``zone``."""

    folder: Path
    zone: str = "Europe/Paris"

    @property
    def kept(self) -> Path:
        return self.folder / "slots"

    @classmethod
    def of(cls, folder: Path, address: str, zone: str = "Europe/Paris") -> Agenda:
        agenda = cls(folder, zone)
        agenda.kept.mkdir(parents=True)
        (folder / "vdirsyncer.conf").write_text(SYNC.format(folder=folder, kept=agenda.kept, address=address))
        (folder / "khal.conf").write_text(SHOW.format(folder=folder, kept=agenda.kept, zone=zone))
        agenda._run("vdirsyncer", "-c", str(folder / "vdirsyncer.conf"), "discover", answers="y\n" * 5)
        return agenda

    def fetch(self) -> None:
        """What an agenda does every few minutes. Raises RefusedError when the link does not answer."""
        self._run("vdirsyncer", "-c", str(self.folder / "vdirsyncer.conf"), "sync")

    def take_in(self, calendar: bytes) -> None:
        """A file that its owner opens with the agenda: an event of a known identifier replaces what it was."""
        (file := self.folder / "taken.ics").write_bytes(calendar)
        self._run("khal", "-c", str(self.folder / "khal.conf"), "import", "--batch", "-a", "slots", str(file))

    def shows(self, since: date) -> list[Row]:
        """The events from the day ``since``: begins, ends, title, place, state."""
        said = self._run(
            "khal", "-c", str(self.folder / "khal.conf"), "list", "--notstarted", "--day-format", "",
            "--format", FORMAT, since.isoformat(), f"{DAYS}d",
        )  # fmt: skip
        return [tuple(part.strip() for part in line.split(" | ")) for line in said.splitlines() if " | " in line]

    def _run(self, program: str, *arguments: str, answers: str = "") -> str:
        done = subprocess.run(
            [str(BIN / program), *arguments], input=answers, capture_output=True, text=True, timeout=120,
            env={"HOME": str(self.folder), "PATH": str(BIN), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        if done.returncode:
            raise RefusedError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout


SYNC = """
[general]
status_path = "{folder}/status/"

[pair slots]
a = "here"
b = "there"
collections = null
conflict_resolution = "b wins"

[storage here]
type = "filesystem"
path = "{kept}"
fileext = ".ics"

[storage there]
type = "http"
url = "{address}"
"""

SHOW = """
[calendars]
[[slots]]
path = {kept}

[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M

[sqlite]
path = {folder}/khal.db
"""
