"""`./jalon manage` and `./jalon stop`."""

import os
import signal
from collections.abc import Sequence

from launcher import backing, commands, demo, guard, procs, setup, state
from launcher.paths import Project
from launcher.run import clean_environment, run_foreground
from launcher.supervisor import Supervisor
from launcher.ui import LauncherError, keep_stdout_clean, say, step

STOP_SECONDS = 60.0


def manage(project: Project, arguments: Sequence[str]) -> int:
    """Run a Django command: on the database that JALON_DATABASE_URL names when it is set, else
    on the running demo, else on the demo's servers, started for the time of the command."""
    keep_stdout_clean()
    setup.check_platform()
    setup.prepare(project, static=False)
    command = commands.manage(str(project.python), *arguments)
    if "JALON_DATABASE_URL" in os.environ or "JALON_DATABASE_URL_FILE" in os.environ:
        return run_foreground(command, cwd=project.root, env=clean_environment())
    known = state.read(project.state_file)
    if known.environment and known.launcher and known.launcher.alive():
        env = backing.application_environment(project, known.environment, keep=demo.PASSED_ON)
        return run_foreground(command, cwd=project.root, env=env)
    with state.lock(project.private / "demo.lock", demo.busy_error(project)):
        return _manage_alone(project, command)


def _manage_alone(project: Project, command: Sequence[str]) -> int:
    known = state.read(project.state_file)
    demo.stop_leftovers(known)
    pair = backing.demo_backing(project, known)
    if backing.prepare_demo(pair):
        known.forget_data()

    def remember(running: list[procs.Running]) -> None:
        known.processes = running
        state.write(project.state_file, known)

    supervisor = Supervisor(changed=remember)
    try:
        variables = demo.demo_environment(project, pair.start(supervisor), port=8000)
        env = backing.application_environment(project, variables, keep=demo.PASSED_ON)
        return run_foreground(command, cwd=project.root, env=env)
    finally:
        supervisor.stop()


def stop(project: Project) -> int:
    """Stop the demo of this checkout, whatever state it is in."""
    known = state.read(project.state_file)
    launcher = known.launcher
    if launcher and launcher.alive():
        with step("Stopping the demo"):
            procs.send(launcher.pid, signal.SIGTERM)
            if not procs.wait_until(lambda: not launcher.alive(), STOP_SECONDS):
                procs.send(launcher.pid, signal.SIGKILL)
        known = state.read(project.state_file)
    left = known.alive()
    if left:
        with guard.shielded(), step(f"Stopping what was left: {', '.join(entry.name for entry in left)}"):
            procs.stop_all(left)
    if not launcher and not left:
        say("Nothing runs here.")
    if any(entry.alive() for entry in left):
        raise LauncherError(
            "Some processes belong to another user and still run: "
            + ", ".join(f"{entry.name} ({entry.pid})" for entry in left if entry.alive()),
            "Run ./jalon stop as the user who started the demo.",
        )
    return 0
