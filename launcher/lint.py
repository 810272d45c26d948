"""`./jalon lint`: every check that reads the code, all of them run, then a table."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher import backing, commands, setup
from launcher.paths import Project
from launcher.testing import cores
from launcher.ui import say


@dataclass(frozen=True)
class Check:
    """One tool. `env` is added to the environment of all."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """How a check ended."""

    check: Check
    code: int
    seconds: float
    output: str


#: A production configuration, for Django's deployment checks: they only read it.
PRODUCTION = {
    "JALON_DEBUG": "0",
    "JALON_DEMO": "0",
    "JALON_BASE_URL": "https://jalon.example.org",
    "JALON_ALLOWED_HOSTS": "jalon.example.org",
    "JALON_BEHIND_PROXY": "1",
    "JALON_EMAIL_URL": "smtp://smtp.example.org:25",
}


#: The linter is a tool: production does not have it installed.
LINT_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.lint_settings", "JALON_LOG_LEVEL": "WARNING"}
#: Written before the first release, when no server ran the code they come after: a column without a default of the
#: database, a constraint on rows that are there, break nothing.
BEFORE_RELEASE = (
    "0003_membership_is_head",
    "0003_alert_levels",
    "0005_tasks_covers_duties",
    "0006_slot_life",
    "0008_second_primaries",
    "0009_pathway_of_its_patient",
    "0013_requests_of_places",
    "0016_offers_heard_by_nobody",
)
OUR_APPS = ("directory", "pathways", "coordination", "referrals", "rcp")


def checks(project: Project) -> list[Check]:
    """The longest first: they run side by side."""
    python = str(project.python)

    def manage(*arguments: str) -> list[str]:
        return commands.manage(python, *arguments)

    ignored = ("--ignore-name", *BEFORE_RELEASE)
    risky = manage("lintmigrations", "--no-cache", "--include-apps", *OUR_APPS, *ignored)
    return [
        Check("mypy", [python, "-m", "mypy"]),
        Check("deployment", manage("check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Check("missing migrations", manage("makemigrations", "--check", "--dry-run")),
        Check("risky migrations", risky, LINT_SETTINGS),
        Check("templates", [python, "-m", "djlint", "--lint", "--quiet", "templates"]),
        Check("imports", [project.program("lint-imports")]),
        Check("ruff check", [python, "-m", "ruff", "check", "."]),
        Check("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
    ]


def run(project: Project) -> int:
    """Run all checks; 0 when all pass."""
    setup.check_platform()
    setup.prepare(project, develop=True, static=False)
    with backing.throwaway(project, "lint") as (variables, scratch):
        env = backing.application_environment(project, {**variables, "JALON_MEDIA_ROOT": str(scratch)})
        results = run_side_by_side(project, checks(project), env, cores())
    say(table(results))
    return 1 if any(result.code for result in results) else 0


def run_side_by_side(project: Project, wanted: Sequence[Check], env: Mapping[str, str], at_once: int) -> list[Result]:
    """Run checks, `at_once` at a time; the output of one that fails is shown when it ends."""
    waiting = list(wanted)
    running: list[tuple[Check, subprocess.Popen[bytes], float]] = []
    results: list[Result] = []
    while waiting or running:
        while waiting and len(running) < at_once:
            check = waiting.pop(0)
            running.append((check, _start(project, check, env), time.monotonic()))
        for entry in list(running):
            check, process, began = entry
            if process.poll() is not None:
                running.remove(entry)
                output = _log(project, check).read_text(encoding="utf-8", errors="replace")
                results.append(Result(check, process.returncode, time.monotonic() - began, output))
                report(results[-1])
        time.sleep(0.05)
    order = [check.name for check in wanted]
    return sorted(results, key=lambda result: order.index(result.check.name))


def _log(project: Project, check: Check) -> Path:
    return project.logs / f"lint-{check.name.replace(' ', '-')}.log"


def _start(project: Project, check: Check, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with _log(project, check).open("wb") as output:
        return subprocess.Popen(
            list(check.command),
            cwd=project.root,
            env={**env, **check.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def report(result: Result) -> None:
    """Say how one check ended."""
    if result.code == 0:
        say(f"  {result.check.name}: passed ({result.seconds:.1f} s)")
        return
    say(f"\n== {result.check.name}: {' '.join(result.check.command)}")
    say(result.output.rstrip())
    say(f"== {result.check.name}: FAILED (exit code {result.code})\n")


def table(results: Sequence[Result]) -> str:
    """The summary."""
    lines = ["", "== lint"]
    lines += [f"  {r.check.name:<20} {'passed' if r.code == 0 else 'FAILED'} ({r.seconds:.1f} s)" for r in results]
    return "\n".join(lines)
