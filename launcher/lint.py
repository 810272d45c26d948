"""`./jalon lint`: every check that reads the code, all of them run, then a table."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    env: Mapping[str, str]


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


def checks(project: Project) -> list[Check]:
    """The longest first: they run side by side."""
    python = str(project.python)
    listed: list[tuple[str, Sequence[str], Mapping[str, str]]] = [
        ("mypy", [python, "-m", "mypy"], {}),
        (
            "templates",
            [project.program("djlint"), "--lint", "--quiet", "templates"],
            {},
        ),
        ("imports", [project.program("lint-imports")], {}),
        ("ruff check", [python, "-m", "ruff", "check", "."], {}),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."], {}),
        (
            "missing migrations",
            commands.manage(python, "makemigrations", "--check", "--dry-run"),
            {},
        ),
        (
            "risky migrations",
            commands.manage(python, "lintmigrations", "--no-cache"),
            {},
        ),
        (
            "deployment",
            commands.manage(python, "check", "--deploy", "--fail-level", "WARNING"),
            PRODUCTION,
        ),
    ]
    return [Check(name, command, env) for name, command, env in listed]


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
