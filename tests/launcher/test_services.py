"""Real servers, under the unprivileged user, in an awkward path; nothing is left of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from launcher import backing, commands, demo, procs, servers
from launcher.paths import Project, project
from launcher.procs import Running
from launcher.state import State
from launcher.supervisor import Spec, Supervisor, wait_ready
from launcher.ui import LauncherError
from launcher.users import service_user

pytestmark = pytest.mark.slow_launcher


@pytest.fixture
def awkward() -> Iterator[Project]:
    """A checkout the servers' user may enter (pytest's own folders are closed to it)."""
    root = Path(tempfile.mkdtemp(prefix="jalon-test-"))
    root.chmod(0o755)
    here = Project(root / "un dossier, à l’accent « é »")
    here.private.mkdir(parents=True)
    # The wheels are not installed again for a test.
    here.venv.symlink_to(project().venv)
    yield here
    shutil.rmtree(root)


def owners(folder: Path) -> set[int]:
    """User numbers of the processes that work in this folder."""
    return {Path(f"/proc/{found.pid}").stat().st_uid for found in procs.working_in(folder)}


def test_throwaway_servers_work_and_leave_nothing(awkward: Project) -> None:
    with backing.throwaway(awkward, "test") as (variables, scratch):
        folder = scratch.parent
        assert folder.is_relative_to(awkward.root)
        with psycopg2.connect(variables["JALON_DATABASE_URL"]) as link, link.cursor() as cursor:
            for extension in ("btree_gist", "pg_trgm", "unaccent"):
                cursor.execute(f"CREATE EXTENSION {extension}")
            cursor.execute("SELECT lower('ÉÀÇ'), current_setting('fsync'), current_setting('max_connections')")
            assert cursor.fetchone() == ("éàç", "off", "400")
        link.close()
        with redis.Redis.from_url(variables["JALON_REDIS_URL"]) as broker:
            assert broker.ping()
            assert broker.config_get("save") == {"save": ""}
        for name in ("JALON_DATABASE_URL", "JALON_REDIS_URL"):
            url = urlsplit(variables[name])
            assert url.hostname == "127.0.0.1"
            refused = pytest.raises((psycopg2.OperationalError, redis.RedisError))
            wrong = variables[name].replace(str(url.password), "wrong")
            with refused:
                psycopg2.connect(wrong) if url.scheme == "postgresql" else redis.Redis.from_url(wrong).ping()
        user = service_user()
        assert user.uid != 0
        assert owners(folder / "pg") | owners(folder / "redis") == {user.uid}
        family = [*procs.working_in(folder / "pg"), *procs.working_in(folder / "redis")]
        assert len(family) == 2
    assert not folder.exists()
    assert not any(one.alive() for one in family)


def test_a_run_killed_with_its_guard_is_cleared_by_the_next(awkward: Project) -> None:
    code = (
        "import os, sys; from pathlib import Path; from launcher import backing; from launcher.paths import Project\n"
        "with backing.throwaway(Project(Path(sys.argv[1])), 'test') as (_, scratch):\n"
        "    print(scratch.parent, flush=True); os.kill(os.getpid(), 9)\n"
    )
    root = project().root
    done = subprocess.run(
        [sys.executable, "-c", code, str(awkward.root)], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    folder = Path(done.stdout.splitlines()[-1])
    left = [*procs.working_in(folder / "pg"), *procs.working_in(folder / "redis")]
    assert len(left) == 2
    backing.remove_stale(folder.parent)
    assert not any(one.alive() for one in left)
    assert not folder.exists()


def test_a_seed_is_kept_and_copied_under_another_password(awkward: Project) -> None:
    seed = backing.seed_of(awkward, "0123456789abcdef")
    seed.parent.mkdir(parents=True, exist_ok=True)
    with backing.throwaway(awkward, "seed", durable=True, keep=seed) as first:
        write(first.variables, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert servers.data_major(seed) is not None
    with backing.throwaway(awkward, "test", seed=seed) as second:
        assert second.variables["JALON_DATABASE_URL"] != first.variables["JALON_DATABASE_URL"]
        assert write(second.variables, "SELECT answer FROM kept") == (42,)
        write(second.variables, "DROP TABLE kept")
    with backing.throwaway(awkward, "test", seed=seed) as third:
        assert write(third.variables, "SELECT answer FROM kept") == (42,), "the seed itself is never written"
    backing.remove_stale(seed.parent)
    assert seed.exists(), "it outlives the runs"


def test_a_crash_of_the_database_is_told(awkward: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with backing.throwaway(awkward, "test") as (variables, scratch):
        link = psycopg2.connect(variables["JALON_DATABASE_URL"])
        os.kill(link.get_backend_pid(), signal.SIGKILL)
        assert procs.wait_until(lambda: backing.CRASHED in (scratch.parent / "postgres.log").read_text(), 20)
        link.close()
    assert "PostgreSQL crashed and started again" in capsys.readouterr().err
    assert backing.CRASHED in (awkward.logs / "test-postgres.log").read_text()


def test_a_seed_cut_short_is_not_kept(awkward: Project) -> None:
    seed = backing.seed_of(awkward, "0123456789abcdef")
    with pytest.raises(LauncherError), backing.throwaway(awkward, "seed", keep=seed):
        raise LauncherError("the migrations failed")
    assert not seed.exists()


def test_demo_servers_keep_their_data_through_every_accident(awkward: Project) -> None:
    known = State()
    pair = backing.demo_backing(awkward, known)
    # initdb was killed in the middle: a folder aside, and one without its version file.
    (pair.database.folder / "pg.new-0123abcd" / "base").mkdir(parents=True)
    pair.database.data.mkdir()
    assert backing.prepare_demo(pair), "a half-made database is made again"
    assert not list(pair.database.folder.glob("pg.new-*"))
    supervisor = Supervisor()
    write(pair.start(supervisor), "CREATE TABLE kept AS SELECT 42 AS answer")
    # Killed without warning, and the file of secrets lost.
    for child in supervisor.children:
        child.process.kill()
        child.process.wait()
    (awkward.private / "secrets.json").unlink()
    again = backing.demo_backing(awkward, known)
    assert again.secrets.new
    assert not backing.prepare_demo(again)
    supervisor = Supervisor()
    assert write(again.start(supervisor), "SELECT answer FROM kept") == (42,)
    orphans = [child.running for child in supervisor.children]
    # An orphan still runs in our folder: the next start stops it rather than fail on its lock.
    assert not backing.prepare_demo(again)
    assert not any(one.alive() for one in orphans)
    for child in supervisor.children:
        child.process.wait()
    # The state is lost too: --reset means it all the same.
    backing.wipe_demo(awkward, State())
    assert servers.data_major(again.database.data) is None


def write(variables: dict[str, str], statement: str) -> object:
    """Run one statement; gives its first row when it has one."""
    link = psycopg2.connect(variables["JALON_DATABASE_URL"])
    try:
        with link, link.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if statement.startswith("SELECT") else None
    finally:
        link.close()


def test_data_of_another_version_is_not_touched(awkward: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    data = awkward.private / "data" / "pg"
    data.mkdir(parents=True)
    service_user().own(data)
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(LauncherError, match="made by PostgreSQL 11") as caught:
        backing.demo_backing(awkward, State())
    assert "--reset" in str(caught.value)
    assert (data / "PG_VERSION").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the servers' user")
def test_a_closed_checkout_sends_the_data_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = Project(tmp_path / "closed")
    closed.private.mkdir(parents=True)
    closed.venv.symlink_to(project().venv)
    closed.root.chmod(0o700)
    outside = Path(tempfile.mkdtemp(prefix="jalon-outside-"))
    outside.chmod(0o755)
    monkeypatch.setattr(backing, "OUTSIDE", outside)
    try:
        with backing.throwaway(closed, "test") as (variables, scratch):
            assert scratch.is_relative_to(outside)
            assert write(variables, "SELECT 1") == (1,)
        assert f"databases go to {outside}" in capsys.readouterr().out
    finally:
        shutil.rmtree(outside)


def test_a_process_known_from_state_is_stopped(awkward: Project) -> None:
    with subprocess.Popen(["sleep", "300"]) as process:
        stat = procs.stat_of(process.pid)
        assert stat is not None
        known = State(processes=[Running("worker", process.pid, stat.started)])
        demo.stop_leftovers(known)
        assert process.wait(timeout=5) == -signal.SIGTERM
    assert known.processes == []


def test_the_applications_processes_answer_and_leave_nothing(awkward: Project) -> None:
    """The commands of the demo and of the containers: web, worker and beat, and their health checks."""
    python = str(awkward.python)
    code = Project(project().root)
    port = servers.free_port()
    with backing.throwaway(awkward, "test") as (variables, scratch):
        forced = {**variables, "JALON_DEBUG": "0", "JALON_MEDIA_ROOT": str(scratch), "JALON_LOG_LEVEL": "INFO"}
        env = backing.application_environment(awkward, forced)
        lines = {
            "web": commands.web(python, bind=f"127.0.0.1:{port}"),
            "worker": commands.worker(python),
            "beat": commands.beat(python, schedule=str(scratch / "schedule")),
        }
        supervisor = Supervisor()
        family: list[Running] = []
        try:
            for name, command in lines.items():
                supervisor.start(Spec(name, command, code.root, awkward.logs / f"{name}.log", env))
            checks = [
                commands.health(python, f"http://127.0.0.1:{port}/healthz"),
                commands.worker_health(python, socket.gethostname()),
            ]
            for check in checks:
                wait_ready(supervisor, " ".join(check[1:4]), partial(succeeds, check, code.root, env), 90)
            assert not succeeds(commands.health(python, f"http://127.0.0.1:{port}/nowhere"), code.root, env)
            roots = [child.running.pid for child in supervisor.children]
            family = [procs.as_running(stat) for pid in roots for stat in procs.descendants(pid)]
            assert len(family) >= 4, "two processes of the web server, two of the worker"
        finally:
            killed = supervisor.stop()
        assert killed == []
        assert not any(one.alive() for one in family)


def succeeds(command: list[str], cwd: Path, env: dict[str, str]) -> bool:
    """True when a command ends with exit code 0."""
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=60).returncode == 0
