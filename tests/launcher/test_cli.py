"""The command line, the shell script in front of it, and errors in plain words."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import cli, run, ui
from launcher.paths import Project, project
from launcher.ui import LauncherError

SCRIPT = project().root / "jalon"


def shell(environment: dict[str, str], *arguments: str, script: Path = SCRIPT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["/bin/sh", str(script), *arguments], env=environment, capture_output=True, text=True)


def tools(folder: Path) -> Path:
    """A PATH without any Python."""
    folder.mkdir()
    for name in ("dirname", "readlink"):
        (folder / name).symlink_to(next(p for p in (Path("/usr/bin") / name, Path("/bin") / name) if p.exists()))
    return folder


def test_help_names_every_command() -> None:
    text = cli.parser().format_help()
    for command in ("demo", "test", "bench", "lint", "manage", "stop"):
        assert command in text


def test_the_script_works_through_a_link_and_from_anywhere(tmp_path: Path) -> None:
    link = tmp_path / "a link"
    link.symlink_to(SCRIPT)
    done = shell({**os.environ, "JALON_PYTHON": sys.executable}, "--help", script=link)
    assert done.returncode == 0, done.stderr
    assert "usage: ./jalon" in done.stdout


def test_no_python_is_told_with_the_command_to_install_it(tmp_path: Path) -> None:
    done = shell({"PATH": str(tools(tmp_path / "bin"))}, "demo")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt-get install -y --no-install-recommends python3 python3-venv" in done.stderr


def test_a_chosen_python_that_does_not_do_is_told_and_no_other_taken(tmp_path: Path) -> None:
    done = shell({**os.environ, "JALON_PYTHON": str(tmp_path / "absent")}, "--help")
    assert done.returncode == 1
    assert f"JALON_PYTHON is {tmp_path / 'absent'}" in done.stderr
    assert done.stdout == ""


def test_an_old_python_and_a_broken_shim_are_passed_over(tmp_path: Path) -> None:
    folder = tools(tmp_path / "bin")
    for name, body in (
        ("python3.12", "exit 127"),
        ("python3.11", "exit 1"),
        ("python3", f'exec "{sys.executable}" "$@"'),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    done = shell({"PATH": str(folder)}, "--help")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["demo", "--port", "0"], ["demo", "--size", "huge"], ["nothing"], ["demo", "x"]])
def test_a_mistake_is_refused_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.entry(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_arguments_after_test_bench_and_manage_are_passed_as_they_are(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("test", "bench", "manage"):
        monkeypatch.setitem(cli.PASSED_THROUGH, name, lambda _here, given: 40 + len(given))
        assert cli.dispatch(project, [name, "--help", "-k", "x y"]) == 43


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EACCES, "No permission"),
        (errno.EROFS, "read-only"),
    ],
)
def test_system_errors_are_told_in_plain_words(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, words: str
) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number), "/some/file")

    monkeypatch.setattr(cli, "dispatch", fail)
    assert cli.guarded(project, ["demo"]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert "/some/file" in told
    assert "  -> " in told, "there is a way out"


def test_a_step_that_fills_the_disk_says_so(project: Project) -> None:
    command = ["/bin/sh", "-c", "echo 'cp: No space left on device'; exit 1"]
    with pytest.raises(LauncherError, match="is full"):
        run.run_step("Copy", command, log=project.logs / "x.log", cwd=project.root)


def test_a_step_that_fails_shows_the_end_of_its_log(project: Project) -> None:
    command = ["/bin/sh", "-c", "seq 1 100; exit 4"]
    with pytest.raises(LauncherError) as caught:
        run.run_step("Count", command, log=project.logs / "x.log", cwd=project.root, ways_out=["Try again"])
    text = str(caught.value)
    assert "Count: failed (exit code 4)." in text
    assert "| 100" in text
    assert "| 50\n" not in text
    assert "-> Try again" in text


@pytest.mark.parametrize(
    ("last_words", "way_out"),
    [
        ("ModuleNotFoundError: No module named 'django'", "remove .jalon/venv and start again"),
        ("cause: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE and NODE_EXTRA_CA_CERTS"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "SSL_CERT_FILE and NODE_EXTRA_CA_CERTS"),
    ],
)
def test_a_known_cause_is_told_with_its_way_out(project: Project, last_words: str, way_out: str) -> None:
    command = ["/bin/sh", "-c", f'echo "{last_words}"; exit 1']
    with pytest.raises(LauncherError) as caught:
        run.run_step("Step", command, log=project.logs / "x.log", cwd=project.root)
    assert way_out in str(caught.value)


def test_a_terminal_that_has_gone_does_not_stop_the_clean_up(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Gone:
        def write(self, text: str) -> int:
            tried.append(text)
            raise OSError(errno.EIO, "Input/output error")

        def flush(self) -> None:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stdout", Gone())
    ui.say("Stopping")
    assert "Stopping" in "".join(tried)


def test_a_slow_step_shows_the_seconds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = ui.Progress("Load")
    for clock[0] in (101.0, 103.0, 104.0, 114.0):
        progress.tick("row 5")
    clock[0] = 120.0
    progress.finish()
    assert capsys.readouterr().out.splitlines() == [
        "  Load ... 3 s row 5",
        "  Load ... 14 s row 5",
        "  Load: done (20.0 s)",
    ]


def test_the_child_environment_points_at_no_other_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert {"VIRTUAL_ENV", "PYTHONPATH"}.isdisjoint(run.clean_environment())
