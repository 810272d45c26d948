"""`./jalon test` and `./jalon bench`: against servers made for the run and removed after it."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from launcher import backing, commands, demo, servers, setup, state, static, system
from launcher.backing import Throwaway
from launcher.paths import Project, make_private
from launcher.run import run_foreground, run_step
from launcher.system import Need
from launcher.ui import say

#: pytest's code for "no test was collected".
NOTHING_COLLECTED = 5
#: Concurrency tests run together: some 30 connections each, of `backing.TEST_CONNECTIONS`.
MOST_RACES = 4


@dataclass(frozen=True)
class Stage:
    """One call of pytest."""

    name: str
    arguments: tuple[str, ...]


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0))


def stages(root: Path, extra: Sequence[str], processors: int) -> list[Stage]:
    """The calls of pytest: what was asked in one, else everything in three.

    The concurrency tests come apart, to have the processors and the connections: a few at a time,
    as each opens many and the threads of one race share a processor. The browser tests come last,
    one processor left to their servers. Whoever has finished takes from the others.
    """
    if extra:
        return [Stage("tests", tuple(extra))]
    apart = ("tests/concurrency", "tests/e2e")
    first = ["tests", *(f"--ignore={folder}" for folder in apart)]
    shared = ("--dist", "worksteal", "-n")
    found = [Stage("unit", (*first, *shared, str(processors)))]
    browsers = (*shared, str(processors - 1)) if processors >= 3 else ()
    races = (*shared, str(min(processors, MOST_RACES)))
    for folder, parallel in zip(apart, (races, browsers), strict=True):
        if (root / folder).is_dir():
            found.append(Stage(folder.removeprefix("tests/"), (folder, *parallel)))
    return found


def needs(extra: Sequence[str]) -> list[Need]:
    """The browser is only asked for when its tests will run."""
    browser = not extra or any("e2e" in argument for argument in extra)
    return [*system.PDF_TEST_NEEDS, *(system.BROWSER_NEEDS if browser else ())]


def test_environment(project: Project, run: Throwaway) -> dict[str, str]:
    """Environment of the tests: nothing of the caller's configuration but CI."""
    forced = {
        **run.variables,
        "JALON_DEBUG": "0",
        # As in the demo; its own tests switch it on.
        "JALON_REQUIRE_SECOND_FACTOR": "0",
        "JALON_MEDIA_ROOT": str(make_private(run.scratch / "media")),
        "JALON_EMAIL_URL": f"file://{quote(str(make_private(run.scratch / 'post')))}",
    }
    chromium = system.find_chromium()
    if chromium:
        forced["JALON_CHROMIUM"] = chromium
    kept = ("JALON_NO_APT", "JALON_EMBEDDED", "JALON_TEST_DB")
    return backing.application_environment(project, forced, keep=kept)


def bench_environment(project: Project, run: Throwaway) -> dict[str, str]:
    """The tests' environment, in a demo: the bench loads a fictitious hospital, which is refused elsewhere."""
    return {**test_environment(project, run), "JALON_DEMO": "1", "JALON_LOG_LEVEL": "WARNING"}


def migrated_seed(project: Project) -> Path:
    """A data directory whose template database is migrated, made once for each state of the
    migrations: migrating takes many seconds, and every test process would do it."""
    seed = backing.seed_of(project, demo.migrations_digest(project))
    with state.lock(project.private / "seed.lock", None):
        if servers.data_major(seed) is not None:
            return seed
        for old in seed.parent.glob("seed_*"):
            servers.remove_tree(old)
        with backing.throwaway(project, "seed", durable=True, keep=seed) as run:
            url = urlsplit(run.variables["JALON_DATABASE_URL"])
            env = test_environment(project, run)
            env["JALON_DATABASE_URL"] = url._replace(path=f"/{servers.TEMPLATE}").geturl()
            command = commands.migrate(str(project.python))
            run_step("Test database", command, log=project.logs / "setup.log", cwd=project.root, env=env)
    return seed


def run_tests(project: Project, extra: Sequence[str]) -> int:
    """Run the tests; the exit code is that of the first stage that failed."""
    setup.check_platform()
    setup.prepare(project, develop=True, needs=needs(extra))
    outcomes: list[tuple[Stage, int, float]] = []
    with backing.throwaway(project, "test", seed=migrated_seed(project)) as run:
        env = {**test_environment(project, run), "JALON_TEST_TEMPLATE": servers.TEMPLATE}
        static.collect(project, env)
        for stage in stages(project.root, extra, cores()):
            say(f"\n== {stage.name}: pytest {' '.join(stage.arguments)}")
            began = time.monotonic()
            command = [str(project.python), "-m", "pytest", *stage.arguments]
            code = run_foreground(command, cwd=project.root, env=env)
            outcomes.append((stage, code, time.monotonic() - began))
    if not extra:
        say(summary(outcomes))
    return next((code for _, code, _ in outcomes if code), 0)


def summary(outcomes: Sequence[tuple[Stage, int, float]]) -> str:
    """One line per stage."""
    words = {0: "passed", 1: "FAILED", NOTHING_COLLECTED: "FAILED: no test found"}
    lines = ["", "== all stages"]
    for stage, code, seconds in outcomes:
        lines.append(f"  {stage.name:<12} {words.get(code, f'FAILED: exit code {code}')} ({seconds:.0f} s)")
    return "\n".join(lines)


def run_bench(project: Project, extra: Sequence[str]) -> int:
    """Run the measures, on servers with PostgreSQL's own durability settings."""
    setup.check_platform()
    setup.prepare(project, develop=True)
    with backing.throwaway(project, "bench", durable=True) as run:
        env = bench_environment(project, run)
        static.collect(project, env)
        return run_foreground([str(project.python), "-m", "tests.bench", *extra], cwd=project.root, env=env)
