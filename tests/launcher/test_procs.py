"""Processes are recognised, and all of them end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import procs
from launcher.procs import Running, Stat
from launcher.supervisor import Spec, Supervisor
from launcher.ui import LauncherError

#: Ignores the polite signal and has a child of its own, in another session.
STUBBORN = "trap '' TERM; setsid sleep 300 & echo ready; while :; do sleep 0.1; done"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    for child in made.children:
        child.process.kill()
        child.process.wait()


def spec(folder: Path, name: str, script: str, wave: int = 0) -> Spec:
    log = folder / f"{name}.log"
    return Spec(name, ["/bin/sh", "-c", script], folder, log, dict(os.environ), wave=wave)


def says(path: Path, word: str) -> bool:
    """True once the log holds this word."""
    return procs.wait_until(lambda: path.exists() and word in path.read_text(), 10)


def test_a_name_with_parentheses_and_spaces_is_read() -> None:
    fields = "S 7 8 8 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2"
    assert procs.parse_stat(f"42 (tmux: server (1)) {fields}") == Stat(42, "tmux: server (1)", "S", 7, 98765)


def test_descendants_are_found_through_generations() -> None:
    family = [Stat(pid, "x", "S", parent, 0) for pid, parent in ((2, 1), (3, 2), (4, 3), (9, 8))]
    assert [stat.pid for stat in procs.descendants(1, family)] == [2, 3, 4]


def test_a_number_reused_by_another_process_is_not_ours() -> None:
    myself = procs.myself()
    assert myself.alive()
    assert not Running(myself.name, myself.pid, myself.started - 1).alive()


def test_databases_are_stopped_last_and_postgresql_by_its_fast_shutdown() -> None:
    assert procs.as_running(Stat(1, "postgres", "S", 0, 0)).stop_signal == signal.SIGINT
    waves = [procs.as_running(Stat(1, name, "S", 0, 0)).wave for name in ("python", "valkey-server", "postgres")]
    assert waves == [0, 1, 2]


def test_one_that_ignores_the_signal_is_killed_with_its_grandchildren(tmp_path: Path, supervisor: Supervisor) -> None:
    child = supervisor.start(spec(tmp_path, "stubborn", STUBBORN))
    assert says(child.spec.log, "ready")
    assert procs.wait_until(lambda: any(s.name == "sleep" for s in procs.descendants(child.running.pid)), 10)
    family = procs.descendants(child.running.pid)
    assert procs.stop_all([child.running], grace=0.2) == ["stubborn"]
    child.process.wait()
    assert [stat for stat in family if Running(stat.name, stat.pid, stat.started).alive()] == []


def test_waves_are_stopped_in_order(tmp_path: Path, supervisor: Supervisor) -> None:
    order = tmp_path / "order"
    for name, wave in (("database", 2), ("web", 0), ("broker", 1)):
        script = f"trap 'echo {name} >> {order}; exit 0' TERM; echo ready; while :; do sleep 0.02; done"
        supervisor.start(spec(tmp_path, name, script, wave))
    assert all(says(child.spec.log, "ready") for child in supervisor.children)
    assert supervisor.stop() == []
    assert order.read_text().split() == ["web", "broker", "database"]


def test_a_death_is_told_with_its_last_words(tmp_path: Path, supervisor: Supervisor) -> None:
    told: list[int] = []
    supervisor.changed = lambda running: told.append(len(running))
    supervisor.start(spec(tmp_path, "web", "sleep 300"))
    supervisor.start(spec(tmp_path, "worker", "echo 'cannot reach the broker'; exit 3"))
    assert procs.wait_until(lambda: supervisor.dead() is not None, 10)
    with pytest.raises(LauncherError) as caught:
        supervisor.watch()
    text = str(caught.value)
    assert "worker has stopped (exit code 3)" in text
    assert "| cannot reach the broker" in text
    assert str(tmp_path / "worker.log") in text
    supervisor.stop()
    assert told == [1, 2, 0]


def test_a_killed_process_is_told_by_its_signal(tmp_path: Path, supervisor: Supervisor) -> None:
    child = supervisor.start(spec(tmp_path, "beat", "kill -9 $$"))
    assert procs.wait_until(lambda: supervisor.dead() is child, 10)
    with pytest.raises(LauncherError, match="killed by SIGKILL"):
        supervisor.check()


def test_the_log_of_the_run_before_is_kept(tmp_path: Path, supervisor: Supervisor) -> None:
    (tmp_path / "web.log").write_text("before")
    supervisor.start(spec(tmp_path, "web", "sleep 300"))
    assert (tmp_path / "web.log.1").read_text() == "before"


def test_a_server_is_known_by_its_working_directory(tmp_path: Path, supervisor: Supervisor) -> None:
    child = supervisor.start(spec(tmp_path, "server", "sleep 300; :"))
    assert [found.pid for found in procs.working_in(tmp_path)] == [child.running.pid]


def test_the_application_is_known_by_its_mark(tmp_path: Path) -> None:
    environment = {**os.environ, procs.MARK: str(tmp_path)}
    with subprocess.Popen(["sleep", "300"], env=environment) as process:
        try:
            assert procs.wait_until(lambda: [p.pid for p in procs.marked(str(tmp_path))] == [process.pid], 5)
        finally:
            process.kill()


GUARDED = """
import subprocess, sys
from launcher import guard
def work():
    child = subprocess.Popen(["sh", "-c", "setsid sleep 300 & exec sleep 300"], start_new_session=True)
    print(child.pid, flush=True)
    child.wait()
    return 0
sys.exit(guard.run_guarded(work))
"""


@pytest.mark.parametrize("victim", ["outer", "inner"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_launcher(victim: str, number: signal.Signals) -> None:
    root = Path(procs.__file__).parent.parent
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", GUARDED], cwd=root, stdout=pipe, stderr=pipe, text=True) as outer:
        assert outer.stdout is not None
        assert outer.stderr is not None
        child = int(outer.stdout.readline())
        assert procs.wait_until(lambda: len(procs.descendants(outer.pid)) == 3, 10)
        family = [Running(s.name, s.pid, s.started) for s in procs.descendants(outer.pid)]
        inner = next(s.parent for s in procs.all_processes() if s.pid == child)
        began = time.monotonic()
        os.kill(outer.pid if victim == "outer" else inner, number)
        assert procs.wait_until(lambda: not any(one.alive() for one in family), 10)
        assert time.monotonic() - began < 10
        code = outer.wait(timeout=10)
        told = outer.stderr.read()
    assert ("the launcher was killed (SIGKILL)" in told) is ((victim, number) == ("inner", signal.SIGKILL))
    if (victim, number) == ("outer", signal.SIGKILL):
        assert code == -signal.SIGKILL
    else:
        assert code == 128 + number
