"""`./jalon lint`: every check that reads the code, all of them run, then a table."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

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
        env = backing.application_environment(
            project, {**variables, "JALON_MEDIA_ROOT": str(scratch)}
        )
        results = run_side_by_side(project, checks(project), env, cores())
    say(table(results))
    return 1 if any(result.code for result in results) else 0


def run_side_by_side(
    project: Project, wanted: Sequence[Check], env: Mapping[str, str], at_once: int
) -> list[Result]:
    """Run checks, `at_once` at a time; the output of one that fails is shown when it ends."""
    waiting = list(wanted)
    running: list[tuple[Check, subprocess.Popen[bytes], IO[bytes], float]] = []
    results: list[Result] = []
    while waiting or running:
        while waiting and len(running) < at_once:
            check = waiting.pop(0)
            output = tempfile.TemporaryFile()
            process = subprocess.Popen(
                list(check.command),
                cwd=project.root,
                env={**env, **check.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            running.append((check, process, output, time.monotonic()))
        for entry in list(running):
            check, process, output, began = entry
            if process.poll() is not None:
                running.remove(entry)
                result = Result(
                    check, process.returncode, time.monotonic() - began, _read(output)
                )
                results.append(result)
                report(result)
        time.sleep(0.05)
    order = [check.name for check in wanted]
    return sorted(results, key=lambda result: order.index(result.check.name))


def _read(output: IO[bytes]) -> str:
    with output:
        output.seek(0, os.SEEK_SET)
        return output.read().decode("utf-8", "replace")


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
    lines += [
        f"  {r.check.name:<20} {'passed' if r.code == 0 else 'FAILED'} ({r.seconds:.1f} s)"
        for r in results
    ]
    return "\n".join(lines)
