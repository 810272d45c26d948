"""`./jalon demo`: decisions and messages."""

import json
import os
import socket

import pytest

from launcher import demo, health, procs, state
from launcher.paths import Project
from launcher.procs import Running
from launcher.state import State
from launcher.ui import LauncherError


@pytest.fixture
def taken() -> "socket.socket":
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server  # type: ignore[misc]


def test_a_taken_port_is_told_with_a_free_one(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(LauncherError, match=f"Port {port} is taken") as caught:
        demo.check_port(port)
    proposed = int(str(caught.value).rsplit("--port ", 1)[1])
    assert demo.port_is_free(proposed)


def test_a_reserved_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LauncherError, match="reserved to root"):
        demo.check_port(80)


def test_the_port_is_looked_at_before_anything_is_installed(
    project: Project, taken: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.setup, "prepare", lambda _project: pytest.fail("too late"))
    with pytest.raises(LauncherError, match="is taken"):
        demo.run(project, demo.Options(port=taken.getsockname()[1], reset=False, size=None))


def test_the_real_reason_of_a_failure_is_told(project: Project) -> None:
    late = LauncherError("web has stopped (exit code 1).", tail="[Errno 98] Address already in use")
    assert "Port 8123 is taken" in str(demo.explain(project, late, 8123))
    other = LauncherError("Database migrations: failed (exit code 1).", tail="server closed the connection")
    assert demo.explain(project, other, 8123) is other
    project.logs.mkdir()
    (project.logs / "postgres.log").write_text('PANIC:  could not write to file "x": No space left on device\n')
    assert "is full" in str(demo.explain(project, other, 8123))


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [
        (State(), None, "small"),
        (State(), "medium", "medium"),
        (State(size="medium"), None, None),
        (State(size="medium"), "medium", None),
        (State(loading="large"), None, "large"),
    ],
)
def test_what_is_loaded(known: State, asked: str | None, expected: str | None) -> None:
    assert demo.size_to_load(known, asked) == expected


def test_other_data_is_never_replaced_without_being_asked() -> None:
    with pytest.raises(LauncherError, match="already holds its small hospital") as caught:
        demo.size_to_load(State(size="small"), "large")
    assert "./jalon demo --reset --size large" in str(caught.value)


def test_a_second_demo_is_told_where_the_first_is(project: Project) -> None:
    state.write(project.state_file, State(address="http://localhost:8000", launcher=procs.myself()))
    text = str(demo.busy_error(project))
    assert "already runs at http://localhost:8000" in text
    assert "./jalon stop" in text


def test_an_address_is_not_told_when_nothing_answers_there(project: Project) -> None:
    gone = Running("launcher", pid=1, started=-1)
    for known in (State(), State(address="http://localhost:8000", launcher=gone)):
        state.write(project.state_file, known)
        text = str(demo.busy_error(project))
        assert "Another ./jalon command" in text
        assert "http://" not in text
        assert "./jalon stop" in text


@pytest.mark.parametrize(
    ("status", "checks", "ready"),
    [
        (200, {}, True),
        (503, {"database": True, "migrations": True, "redis": True, "beat": False}, True),
        (503, {"database": True, "migrations": False, "redis": True, "beat": True}, False),
        (0, None, False),
    ],
)
def test_the_web_server_is_ready_before_beat_is_heard(status: int, checks: object, ready: bool) -> None:
    body = "" if checks is None else json.dumps({"checks": checks})
    assert demo.serves(status, body) is ready


def test_no_answer_is_no_crash(taken: socket.socket) -> None:
    assert health.ask("http://127.0.0.1:1/healthz", timeout=0.5) == (0, "")
    assert health.ask(f"http://127.0.0.1:{taken.getsockname()[1]}/healthz", timeout=0.2) == (0, "")


def test_the_demo_takes_its_services_and_the_callers_preferences(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JALON_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("JALON_DATABASE_URL", "postgresql://production")
    made = demo.demo_environment(project, {"JALON_DATABASE_URL": "postgresql://ours"}, 8123)
    assert made["JALON_DATABASE_URL"] == "postgresql://ours"
    assert made["JALON_LOG_LEVEL"] == "DEBUG"
    assert made["JALON_BASE_URL"] == "http://localhost:8123"
    assert made["JALON_EMAIL_URL"].startswith("file:///")
    assert " " not in made["JALON_EMAIL_URL"], "the path has a space: it is quoted"


def test_accounts_are_shown_one_per_line() -> None:
    accounts = [
        {"role": "coordinator", "email": "a@demo.invalid", "password": "p", "name": "Zoé Été"},
        {"role": "town", "email": "long.name@demo.invalid", "password": "q", "name": "B"},
    ]
    lines = demo.accounts_table(json.dumps(accounts)).splitlines()
    assert lines[0].split() == ["role", "name", "login", "password"]
    assert lines[1].split() == ["coordinator", "Zoé", "Été", "a@demo.invalid", "p"]
    assert len(lines) == 3


def test_a_changed_migration_is_seen(project: Project) -> None:
    folder = project.root / "pathways" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("a")
    first = demo.migrations_digest(project)
    assert demo.migrations_digest(project) == first
    (folder / "0001_initial.py").write_text("b")
    assert demo.migrations_digest(project) != first
    (folder / "0001_initial.py").rename(folder / "0001_other.py")
    assert demo.migrations_digest(project) != first
