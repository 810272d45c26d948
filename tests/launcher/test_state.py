"""What is remembered between two runs, and the locks."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import cli, procs, state
from launcher.paths import Project
from launcher.procs import Running
from launcher.state import State
from launcher.ui import LauncherError


def test_state_survives_a_round_trip(project: Project) -> None:
    running = Running("postgres", 12, 345, signal.SIGINT, wave=2)
    known = State(data_dir="/var/tmp/é x", size="small", processes=[running], launcher=Running("launcher", 3, 4))
    state.write(project.state_file, known)
    assert state.read(project.state_file) == known
    assert project.state_file.stat().st_mode & 0o777 == 0o600, "it holds the addresses with their passwords"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"size": "small"}', '{"processes": [{}], "launcher": null}'])
def test_a_damaged_state_is_a_fresh_one(project: Project, text: str) -> None:
    project.state_file.write_text(text)
    assert state.read(project.state_file) == State()


def test_the_state_of_another_user_is_not_taken_for_none(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_arguments: object, **_options: object) -> str:
        raise PermissionError(13, "Permission denied", str(project.state_file))

    monkeypatch.setattr(Path, "read_text", refuse)
    assert cli.guarded(project, ["stop"]) == 1
    told = capsys.readouterr()
    assert "No permission" in told.err
    assert "Nothing runs here" not in told.out


def test_only_processes_that_are_still_the_same_count_as_alive() -> None:
    myself = procs.myself()
    reused = Running("web", myself.pid, myself.started + 1)
    assert State(processes=[myself, reused]).alive() == [myself]


def test_secrets_are_made_once_and_private(project: Project) -> None:
    path = project.private / "secrets.json"
    first = state.load_secrets(path)
    again = state.load_secrets(path)
    assert first.new
    assert not again.new
    assert (first.database, first.broker, first.application) == (again.database, again.broker, again.application)
    assert len(first.application) >= 50
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_holder_is_told_who_is_first(project: Project) -> None:
    path = project.private / "demo.lock"
    holder = (
        "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX);"
        " print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LauncherError, match="runs already"), state.lock(path, LauncherError("runs already")):
            pytest.fail("the lock was given twice")
        other.kill()
    with state.lock(path, LauncherError("still held")):
        pass  # A killed holder frees it.


def test_an_interrupted_write_leaves_the_old_state(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write(project.state_file, State(size="small"))

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        state.write(project.state_file, State(size="large"))
    assert state.read(project.state_file).size == "small"
    assert [path.name for path in project.private.iterdir()] == ["state.json"]


def test_the_key_of_a_checkout_is_its_own(tmp_path: Path) -> None:
    assert Project(tmp_path / "a").key != Project(tmp_path / "b").key
